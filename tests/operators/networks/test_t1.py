"""The transform-once operator: transforms, exact operators, symmetry, variance, resolution."""

import math
from functools import partial

import pytest
import torch
import torch.nn.functional as F

from sgn_sciml.layers import Elementwise, SpectralGate
from sgn_sciml.operators.networks.t1 import TransformOnce, analyse, synthesise

gelu = partial(Elementwise, function=F.gelu)
KINDS = ("periodic", "even", "closed")


def points(n, kind):
    j = torch.arange(n, dtype=torch.float64)
    return {"periodic": j / n, "even": (j + 0.5) / n, "closed": j / max(n - 1, 1)}[kind]


def basis(modes, x, kind):
    """The functions 1, sqrt(2) cos, sqrt(2) sin, shape (coefficients, n)."""
    k = torch.arange(1, modes).double()[:, None] * math.pi * (2 if kind == "periodic" else 1)
    waves = [torch.ones(1, len(x)), 2**0.5 * (k * x).cos(), 2**0.5 * (k * x).sin()]
    return torch.cat(waves if kind == "periodic" else waves[:2]).double()


def network(**options):
    torch.manual_seed(0)
    options = {"modes": 6, "width": 24, "depth": 3, "gain": 1.0} | options
    return TransformOnce(options.pop("i", 1), options.pop("o", 1), **options).double()


def functions(sizes, kinds, modes=4, channels=1, batch=3):
    """The same random band-limited functions on a grid of any size."""
    count = [2 * modes - 1 if kind == "periodic" else modes for kind in kinds]
    c = torch.randn(
        batch, channels, *count, generator=torch.Generator().manual_seed(1), dtype=torch.float64
    )
    for axis, (n, kind) in enumerate(zip(sizes, kinds, strict=True), start=2):
        c = (c.movedim(axis, -1) @ basis(modes, points(n, kind), kind)).movedim(-1, axis)
    return c / math.prod(count) ** 0.5


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [15, 16])
def test_coefficients_of_the_basis(kind, n):
    rows = basis(7, points(n, kind), kind)
    torch.testing.assert_close(analyse(rows, 7, kind), torch.eye(len(rows)).double())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [15, 16])
def test_synthesis_of_the_basis(kind, n):
    rows = basis(7, points(n, kind), kind)
    torch.testing.assert_close(synthesise(torch.eye(len(rows)).double(), 7, n, kind), rows)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [2, 5, 8])
def test_a_coarse_grid_holds_fewer_modes(kind, n):
    low = (n - 1) // 2 if kind == "periodic" else n - 1 - (kind == "closed")
    rows = basis(low + 1, points(n, kind), kind)
    c = analyse(rows, 12, kind)
    assert c.shape[-1] == (23 if kind == "periodic" else 12)
    torch.testing.assert_close(c.square().sum(-1), torch.ones(len(rows)).double())
    torch.testing.assert_close(synthesise(c, 12, n, kind), rows)


@pytest.mark.parametrize(
    ("i", "o", "axes", "boundary"), [(1, 1, 1, "even"), (3, 2, 2, "periodic")]
)
def test_shapes(i, o, axes, boundary):
    net = network(i=i, o=o, axes=axes, boundary=boundary)
    for n in (4, 12, 17):
        assert net(torch.randn(2, i, *(n,) * axes).double()).shape == (2, o, *(n,) * axes)


@pytest.mark.parametrize("kinds", [(k,) for k in KINDS] + [("periodic", "closed"), ("even",) * 2])
@pytest.mark.parametrize("activation", [gelu, SpectralGate])
def test_the_same_function_on_two_grids(kinds, activation):
    net = network(axes=len(kinds), boundary=kinds, activation=activation)
    coarse, fine = (functions((n,) * len(kinds), kinds) for n in (16, 31))
    y, z = net(coarse), net(fine)
    for axis, kind in enumerate(kinds, start=2):
        y, z = (analyse(u.movedim(axis, -1), 6, kind).movedim(-1, axis) for u in (y, z))
    torch.testing.assert_close(y, z)


def silent(**options):
    """A network whose blocks add nothing: the propagator alone."""
    return network(gain=0.0, **options)


@pytest.mark.parametrize("kind", KINDS)
def test_heat_propagator_is_exact(kind):
    net, t = silent(boundary=kind), 0.01
    k = torch.arange(6).double() * math.pi * (2 if kind == "periodic" else 1)
    decay = torch.exp(-(k**2) * t)
    if kind == "periodic":
        decay = torch.cat([decay, decay[1:]])
    with torch.no_grad():
        net.propagator[0, 0] = decay
    x = points(32, kind)
    waves, rates = basis(6, x, kind), decay[:, None]
    torch.testing.assert_close(net(waves[:, None])[:, 0], rates * waves)


def test_translation_is_exact():
    net, s = silent(align=True), 0.3
    angle = 2 * math.pi * s * torch.arange(6).double()
    with torch.no_grad():
        net.propagator[0, 0] = torch.cat([angle.cos(), angle[1:].cos()])
        net.propagator[0, 1] = torch.cat([0 * angle, angle[1:].sin()])
        net.propagator[0, 1, :6] = angle.sin()
    x = points(32, "periodic")
    shifted = basis(6, x - s, "periodic")
    y = net(basis(6, x, "periodic")[:, None])[:, 0]
    torch.testing.assert_close(y, shifted)


@pytest.mark.parametrize("axes", [1, 2])
@pytest.mark.parametrize("align", [True, False])
def test_commutes_with_translations_when_aligned(axes, align):
    net = network(axes=axes, align=align, i=2)
    x = functions((16,) * axes, ("periodic",) * axes, channels=2)
    shift, dims = (3, 5)[:axes], (2, 3)[:axes]
    moved = net(x.roll(shift, dims)).roll([-s for s in shift], dims)
    assert torch.allclose(moved, net(x)) is align


@torch.no_grad()
@pytest.mark.parametrize("n", [32, 512])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("activation", [gelu, SpectralGate])
def test_features_and_output_take_over_the_variance_of_a_smooth_input(kind, n, activation):
    # the paper's weights would give n / m times as much: 3 to 85 times on these grids
    lifted, added = [], []
    a = functions((n,), (kind,), modes=6, batch=64)
    c = analyse(a, 6, kind)
    power = c.square().sum(-1).mean()
    for seed in range(6):
        torch.manual_seed(seed)
        net = TransformOnce(1, 1, 1, 6, kind, 256, 6, activation, gain=1.0).double()
        h = net.lift(c.shape[-1] ** 0.5 * c.flatten(1))
        lifted.append(h.square().mean() / power)
        added.append(analyse(net(a) - a, 6, kind).square().sum(-1).mean() / power)
    assert torch.stack(lifted).mean().item() == pytest.approx(1, rel=0.05)
    assert torch.stack(added).mean().item() == pytest.approx(1, rel=0.25)


@torch.no_grad()
@pytest.mark.parametrize("boundary", [("periodic",), ("even", "closed")])
def test_output_variance_is_the_input_variance_at_the_start(boundary):
    torch.manual_seed(0)
    a = functions((24,) * len(boundary), boundary, batch=20)
    y = TransformOnce(1, 1, len(boundary), 6, boundary).double()(a)
    assert y.square().mean().item() == pytest.approx(a.square().mean().item(), rel=5e-3)


@pytest.mark.parametrize(("i", "o"), [(1, 1), (2, 2), (3, 1), (1, 2)])
def test_starts_near_a_copy_of_the_last_inputs(i, o):
    a = functions((24,), ("periodic",), channels=i)
    y = network(i=i, o=o, gain=1e-3)(a)
    last = a[:, torch.arange(-o, 0) % i]
    assert (y - last).norm() < 5e-3 * last.norm()


@pytest.mark.parametrize("activation", [gelu, SpectralGate])
@pytest.mark.parametrize("kinds", [("periodic",), ("even", "periodic")])
def test_gradient_reaches_every_parameter(activation, kinds):
    net = network(activation=activation, axes=len(kinds), boundary=kinds, gain=1e-2)
    net(functions((16,) * len(kinds), kinds)).square().mean().backward()
    assert [n for n, p in net.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_gradient_of_a_constant_input_is_finite():
    x = torch.ones(1, 1, 16, dtype=torch.float64, requires_grad=True)
    network(gain=1e-2)(x).square().sum().backward()
    assert x.grad.isfinite().all()


def test_state_dict_round_trip():
    first, second = network(), TransformOnce(1, 1, modes=6, width=24, depth=3).double()
    second.load_state_dict(first.state_dict())
    x = functions((16,), ("periodic",))
    assert torch.equal(first(x), second(x))


def test_half_precision_arithmetic_keeps_the_spectrum_whole():
    net, x = network(gain=0.0).float(), functions((16,), ("periodic",)).float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = net(x)
    torch.testing.assert_close(y, x)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"axes": 2, "modes": (4,)}, "for 2 axes"),
        ({"boundary": ("even", "even")}, "for 1 axes"),
        ({"boundary": "odd"}, "got {'odd'}"),
        ({"modes": 0}, "at least 1"),
    ],
)
def test_refuses(options, message):
    with pytest.raises(ValueError, match=message):
        TransformOnce(1, 1, **options)
