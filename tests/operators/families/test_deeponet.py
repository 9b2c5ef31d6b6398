"""DeepONet and MIONet: sums of products of branches and trunk, at sensors and anywhere."""

import pytest
import torch
from torch import nn

from sgn_sciml.layers import DenseGate
from sgn_sciml.networks import count_parameters
from sgn_sciml.operators.families import DeepONet, MIONet
from sgn_sciml.operators.networks import Gated

SMALL = {"width": 6, "features": 5, "branch_depth": 1, "trunk_depth": 2}


def small(kind=DeepONet, **options):
    torch.manual_seed(0)
    return kind(**SMALL | {"sensors": (8,), "activation": "tanh"} | options).double()


def test_it_is_the_sum_of_products_of_its_layers():
    network = small(periodic=False)
    a, y = torch.randn(3, 1, 8).double(), torch.rand(7, 1).double()
    b1, b2, t1, t2, t3 = (
        (m.weight, m.bias) for m in network.modules() if isinstance(m, nn.Linear)
    )
    b = (a[:, 0] @ b1[0].T + b1[1]).tanh() @ b2[0].T + b2[1]
    t = y
    for weight, bias in (t1, t2, t3):
        t = (t @ weight.T + bias).tanh()
    with torch.no_grad():
        network.bias.fill_(0.7)
    torch.testing.assert_close(network.at(a, y)[:, 0], b @ t.T + 0.7)


def test_it_is_linear_in_what_the_branch_returns():
    network = small(out_channels=2)
    b, c = torch.randn(2, 3, 2, 5).double()
    t = network.trunk(torch.rand(4, 1).double())
    mixed = network.merge(2 * b - 3 * c, t) + 2 * network.bias[:, None]
    torch.testing.assert_close(mixed, 2 * network.merge(b, t) - 3 * network.merge(c, t))


@pytest.mark.parametrize("periodic", [True, False, (True, False)])
def test_points_of_the_grid_are_points_like_others(periodic):
    network = small(sensors=(8, 5), periodic=periodic, in_channels=2)
    x = torch.randn(2, 2, 8, 5).double()
    flags = network.periodic
    axes = [torch.arange(n) / (n if p else n - 1) for n, p in zip((8, 5), flags, strict=True)]
    points = torch.cartesian_prod(*axes).double()
    torch.testing.assert_close(
        network.at(x, points).view(2, 1, 8, 5), network(x), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize(("periodic", "fine"), [(True, 24), (False, 22)])
def test_a_finer_grid_is_read_at_the_sensors(periodic, fine):
    network = small(periodic=periodic)
    x = torch.randn(2, 1, fine).double()
    torch.testing.assert_close(network(x)[..., ::3], network(x[..., ::3]))


@pytest.mark.parametrize(("periodic", "says"), [(True, "multiple of 8"), (False, "multiple of 7")])
@pytest.mark.parametrize("points", [4, 12])
def test_other_grids_are_refused(periodic, says, points):
    with pytest.raises(ValueError, match=f"8 sensors along axis 0, which {points} .*{says}"):
        small(periodic=periodic)(torch.zeros(1, 1, points).double())


def test_outputs_are_periodic():
    network = small(harmonics=2)
    x, y = torch.randn(2, 1, 8).double(), torch.rand(4, 1).double()
    torch.testing.assert_close(network.at(x, y + 1), network.at(x, y))


def test_mionet_multiplies_its_branches():
    network = small(MIONet, in_channels=2, activation=nn.Identity())
    x, y = torch.randn(2, 3, 2, 8).double(), torch.rand(4, 1).double()
    with torch.no_grad():
        for name, p in network.named_parameters():
            if "bias" in name:
                p.zero_()  # every branch is linear then
    one, two = x
    two[:, 1] = one[:, 1]
    both = network.at(torch.stack([one[:, 0] + 2 * two[:, 0], one[:, 1]], 1), y)
    torch.testing.assert_close(both, network.at(one, y) + 2 * network.at(two, y))
    scaled = one * torch.tensor([2.0, 3.0])[:, None]
    torch.testing.assert_close(network.at(scaled, y), 6 * network.at(one, y))


def test_mionet_of_one_function_is_deeponet():
    x = torch.randn(2, 1, 8).double()
    torch.testing.assert_close(small(MIONet)(x), small()(x), rtol=0, atol=0)


def test_weights_begin_glorot_normal_without_biases():
    network = DeepONet(sensors=(400,), width=600)
    first = network.branch_mlp[0][0]
    assert first.weight.std().item() == pytest.approx((2 / 1000) ** 0.5, rel=0.02)
    assert first.bias.abs().sum() == 0


def test_branch_and_trunk_take_gates():
    assert isinstance(small(activation=DenseGate).trunk_mlp[1], DenseGate)
    plain = DeepONet(activation="tanh")
    gated = Gated(DeepONet(activation="tanh"), where=["channel_mlp"])
    assert [r.name for r in gated.replacements] == [
        *(f"branch_mlp.0.{k}" for k in (1, 3)),
        *(f"trunk_mlp.{k}" for k in (1, 3, 5)),
    ]
    assert count_parameters(gated) == pytest.approx(count_parameters(plain), rel=0.02)


@pytest.mark.parametrize("bad", [{"width": 0}, {"sensors": (1,)}, {"sensors": ()}])
def test_sizes_out_of_range_are_refused(bad):
    with pytest.raises(ValueError, match="at least"):
        small(**bad)
