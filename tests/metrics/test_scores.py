"""Quantiles of conformal scores, and the lots of samples."""

import pytest
import torch

from sgn_sciml.metrics import conformal_quantile
from sgn_sciml.metrics.scores import half, place, scores_needed


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
    """Whatever their order and their unit."""
    u, order = waves(7), torch.tensor([3, 0, 5, 1, 4, 6, 2])
    first, second = half(place(u))
    assert sorted([*first.tolist(), *second.tolist()]) == list(range(7))
    for unit, offset in ((1.0, 0.0), (5e19, 0.0), (3e-30, 0.0), (1.0, 1e5)):
        shuffled = half(place((u.double() * unit + offset)[order]))
        for mine, theirs in zip(shuffled, (first, second), strict=True):
            assert order[mine].tolist() == theirs.tolist()
    torch.testing.assert_close(torch.cat([place(v) for v in u.split([1, 6])]), place(u))


def test_lots_know_nothing_of_the_size_of_a_sample():
    u = waves(4000) * torch.linspace(0.1, 10, 4000).view(-1, 1, 1)
    first, second = half(place(u))
    assert abs(first.double().mean() - second.double().mean()) < 4 * 4000 / 12**0.5 / 1000**0.5


def test_lots_take_each_sample_as_often():
    taken = torch.zeros(9)
    for seed in range(1800):
        taken[half(torch.arange(9.0), seed)[0]] += 1 / 1800
    torch.testing.assert_close(taken, torch.full((9,), 4 / 9), rtol=0, atol=0.05)
