"""LSM: patches apart, points of a patch alike, series in latent space, the authors' outputs."""

import math

import pytest
import torch

from sgn_sciml.operators.families import LSM
from sgn_sciml.operators.families.latent_spectral import (
    LatentSpectralBlock,
    patched,
    unpatched,
)
from sgn_sciml.operators.networks import Gated
from tests.operators.families.weights import field, told, waves


def small(**options):
    torch.manual_seed(0)
    options = {"axes": 2, "width": 4, "levels": 2, "heads": 2, "patch": 2} | options
    return LSM(**options).double()


def block(axes, **options):
    torch.manual_seed(0)
    options = {"basis": 3, "tokens": 2, "heads": 2, "patch": 2} | options
    return LatentSpectralBlock(4, axes, **options).double()


def test_outputs_are_those_of_the_authors_code():
    # LSM of d_model 4, 3 tokens, 5 frequencies, patches 2 x 2, two heads; batch norm in training
    options = {"levels": 4, "basis": 5, "tokens": 3, "periodic": False}
    found = told(waves(small(**options))(field(2, 1, 32, 32)), 1, 0, 3, 5)
    expected = torch.tensor([3299.2024198441, 3299.2024198441, 1.6109853700292542]).double()
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_patches_come_and_go(axes):
    x = torch.randn(2, 3, *(6, 4, 2)[:axes])
    patches = patched(x, 2)
    assert patches.shape == (2 * x[0, 0].numel() // 2**axes, 3, 2**axes)
    assert torch.equal(unpatched(patches, 2, x.shape), x)


def test_a_patch_is_what_lies_together():
    x = torch.arange(24).view(1, 1, 4, 6)
    assert patched(x, 2)[1, 0].tolist() == [2, 3, 8, 9]


@pytest.mark.parametrize("axes", [1, 2])
def test_patches_do_not_see_each_other(axes):
    x = torch.randn(1, 4, *(4,) * axes).double()
    changed = x.clone()
    changed[..., 2:] += 1
    y, z = block(axes)(x), block(axes)(changed)
    torch.testing.assert_close(y[..., :2], z[..., :2])
    assert not torch.allclose(y[..., 2:], z[..., 2:])


def test_the_order_of_points_in_a_patch_does_not_matter():
    x = torch.randn(1, 4, 6).double()
    order = [1, 0, 2, 3, 5, 4]
    torch.testing.assert_close(block(1)(x[..., order]), block(1)(x)[..., order])


def test_tokens_pass_through_a_series_of_sines_and_cosines():
    layer = block(1)
    z = torch.randn(5, 2, 2, 2).double()
    with torch.no_grad():
        layer.weights.zero_()
        layer.weights[3] = torch.tensor([0, 2.0, 0, 0, 0, 5.0])  # of the last channel
    expected = (
        2 * (math.pi / 3 * z[:, 1, :, 1]).sin() + 5 * (2 * math.pi / 3 * z[:, 1, :, 1]).cos()
    )
    found = layer._transition(z)
    torch.testing.assert_close(found[:, 1, :, 1], expected, rtol=1e-6, atol=1e-6)
    assert found.abs().sum() == found[:, 1, :, 1].abs().sum()


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_closed_axes_have_any_number_of_points(axes):
    network = small(axes=axes, periodic=False)
    for n in (5, 8):
        assert network(torch.zeros(2, 1, *(n,) * axes).double()).shape == (2, 1, *(n,) * axes)


def test_periodic_axes_hold_whole_patches():
    with pytest.raises(ValueError, match=r"a multiple of 8 = patch \* 2\^levels, not 12"):
        small()(torch.zeros(1, 1, 8, 12).double())


def test_the_projection_takes_gates():
    gated = Gated(small(axes=1), where=["projection"])
    assert [r.name for r in gated.replacements] == ["projection.act"]


@pytest.mark.parametrize(
    ("bad", "says"), [({"tokens": 0}, "at least 1"), ({"heads": 3}, "multiple")]
)
def test_sizes_out_of_range_are_refused(bad, says):
    with pytest.raises(ValueError, match=says):
        small(**bad)
