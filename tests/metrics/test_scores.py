"""Quantiles of conformal scores, and the lots of samples."""

import pytest
import torch

from sgn_sciml.metrics import conformal_quantile
from sgn_sciml.metrics.scores import lots, scores_needed


@pytest.mark.parametrize(
    ("n", "level", "rank"),
    [(9, 0.9, 9), (19, 0.9, 18), (20, 0.9, 19), (99, 0.55, 55), (1, 0.5, 1)],
)
def test_quantile_has_the_finite_sample_correction(n, level, rank):
    scores = torch.randperm(n, generator=torch.Generator().manual_seed(0)) + 1.0
    assert conformal_quantile(scores, level) == rank


def test_quantile_takes_each_point_by_itself():
    scores = torch.tensor([[1.0, 5.0], [2.0, 4.0], [3.0, 6.0]])
    assert conformal_quantile(scores, 0.5).tolist() == [2.0, 5.0]


@pytest.mark.parametrize(
    ("level", "needed"), [(0.5, 1), (0.8, 4), (0.9, 9), (0.95, 19), (0.99, 99), (0.1, 1)]
)
def test_scores_needed(level, needed):
    assert scores_needed(level) == needed
    conformal_quantile(torch.ones(needed), level)
    with pytest.raises(ValueError, match=f"needs {needed} scores, got {needed - 1}"):
        conformal_quantile(torch.ones(needed - 1), level)


def waves(samples, points=8):
    return torch.randn(samples, 1, points, generator=torch.Generator().manual_seed(0))


def test_lots_belong_to_the_samples():
    u = waves(6)
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    assert torch.equal(lots(u[order]), lots(u)[order])
    assert torch.equal(torch.cat([lots(v) for v in u.split([1, 5])]), lots(u))
    assert len(lots(u).unique()) == 6


def test_lots_know_nothing_of_the_size_of_a_sample():
    u = waves(4000) * torch.linspace(0.1, 10, 4000).view(-1, 1, 1)
    order = lots(u).argsort().double()
    correlation = torch.corrcoef(torch.stack([order, torch.arange(4000.0).double()]))[0, 1]
    assert correlation.abs() < 4 / 4000**0.5


def test_lots_are_uniform():
    shares = lots(waves(4000)).double().histc(4, 0, 2.0**31) / 4000
    torch.testing.assert_close(shares, torch.full((4,), 0.25).double(), rtol=0, atol=0.03)
