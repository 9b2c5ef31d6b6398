"""What metrics of equations share, and the drift of conserved means."""

import math

import pytest
import torch

from sgn_sciml.metrics import Conservation
from tests.metrics.physics import run


def test_drift_of_pairs():
    """Means move by 0.3 and 0.1, the truth's rms is 2: the root of 0.05 / 4."""
    target = torch.tensor([2.0, -2.0]).repeat(1, 2, 4).double()
    pred = target + torch.tensor([0.3, -0.1]).double()[:, None]
    drift, floor = run(Conservation(), pred, target, target.flip(-1))
    assert drift == pytest.approx(math.sqrt(0.05) / 2, rel=1e-6)
    assert floor == pytest.approx(0, abs=1e-15)


def test_drift_of_rollouts_is_from_the_last_frame_of_the_input():
    u = torch.tensor([3.0, 5.0]).expand(1, 4, 1, 2)
    pred = u[:, 2:] + torch.tensor([1.0, 2.0]).view(1, 2, 1, 1)
    start = u[:, :2] + torch.tensor([100.0, 0.0]).view(1, 2, 1, 1)
    drift, floor = run(Conservation(), pred, u[:, 2:], start)
    assert drift == pytest.approx(math.sqrt(2.5) / math.sqrt(17))
    assert floor == 0


def test_drift_on_a_plane():
    u = torch.randn(3, 1, 6, 6, generator=torch.Generator().manual_seed(0))
    drift, floor = run(Conservation(axes=2), u + 1, u.roll(2, -1), u)
    assert drift == pytest.approx((1 / u.square().mean((1, 2, 3)).sqrt()).mean().item(), rel=1e-6)
    assert floor < 1e-6


def test_input_may_be_on_another_grid():
    u = torch.ones(1, 1, 8)
    assert run(Conservation(), u, u, torch.ones(1, 1, 16)) == (0, 0)


def test_conservation_has_its_axes():
    with pytest.raises(ValueError, match="with 2 spatial axes"):
        Conservation(axes=2).update(*torch.zeros(3, 2, 1, 8))


def test_an_input_with_too_few_channels_is_refused():
    u = torch.zeros(2, 3, 8)
    with pytest.raises(ValueError, match="cannot start from"):
        Conservation().update(u, u, u[:, :1])
