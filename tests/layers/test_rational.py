"""Rational functions of groups: where they start, how they are shared."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from sgn_sciml.layers import GroupRational


def test_it_starts_as_the_identity():
    u = torch.randn(50, 8)
    torch.testing.assert_close(GroupRational(8, start=None)(u), u)


@pytest.mark.parametrize(
    ("start", "error"), [(F.gelu, 3e-3), (F.silu, 1e-5), (torch.tanh, 1e-5), (torch.sin, 1e-4)]
)
def test_it_starts_near_another_function(start, error):
    u = torch.linspace(-3, 3, 100)[:, None].expand(-1, 8)
    assert (GroupRational(8, start=start)(u) - start(u)).abs().max() < error


def test_each_group_has_its_denominator():
    act, u = GroupRational(6, groups=2, numerator=2, denominator=2).double(), torch.randn(5, 6)
    with torch.no_grad():
        act.numerators.copy_(torch.tensor([1.0, 2.0, 3.0]))
        act.denominators.copy_(torch.tensor([0.5, -1.0, -2.0, 0.25]))
    above = 1 + 2 * u + 3 * u**2
    below = [(0.5 * u - u**2).abs(), (-2 * u + 0.25 * u**2).abs()]
    expected = torch.cat([(above / (1 + b))[:, 3 * g : 3 * g + 3] for g, b in enumerate(below)], 1)
    torch.testing.assert_close(act(u.double()), expected.double())


def test_weights_behind_it_keep_the_spread():
    torch.manual_seed(0)
    act, linear = GroupRational(400), nn.Linear(400, 300)
    act.init_behind(linear)
    assert linear(act(torch.randn(1000, 400))).std().item() == pytest.approx(1, rel=0.05)


@pytest.mark.parametrize("options", [{"groups": 9}, {"groups": 0}, {"denominator": 0}])
def test_bad_numbers_are_refused(options):
    with pytest.raises(ValueError, match="need 1 <= groups <= features"):
        GroupRational(8, **options)
