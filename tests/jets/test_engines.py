"""Every engine against nested differentiation, in float64."""

import logging
from dataclasses import replace
from functools import partial

import pytest
import torch
from torch import nn

from sgn_sciml.jets import Automatic, Compiled, Eager, Equation, Fused, Nested, eager
from sgn_sciml.layers import (
    Activation,
    ActivationEncoding,
    Cauchy,
    Chebyshev,
    ComplexGabor,
    Elementwise,
    Fan,
    Finer,
    FinerGabor,
    FinerGaussian,
    FourierKan,
    Gabor,
    Gaussian,
    GaussianFourierFeatures,
    GroupRational,
    HandOver,
    HarmonicSine,
    Kaf,
    LearnableFourierFeatures,
    Mixture,
    Periodic,
    PeriodicEncoding,
    PiNet,
    Polynomial,
    Progressive,
    RadialBases,
    Reflect,
    Selectable,
    ShiftedGaussians,
    Sine,
    Snake,
    Spder,
    SpectralGate,
    SphericalHarmonics,
    Spline,
    Staf,
    Straight,
)
from sgn_sciml.networks import CoordinateMLP
from sgn_sciml.pde import Burgers


def true(finer):
    finer.true_gradient = True
    return finer


ACTIVATIONS = {
    "tanh": lambda n: Elementwise(n, torch.tanh),
    "gelu": lambda n: Elementwise(n, nn.functional.gelu),
    "relu": lambda n: Elementwise(n, nn.functional.relu),
    "silu": lambda n: Elementwise(n, nn.functional.silu),
    "sine": lambda n: Sine(n, 3.0),
    "finer": lambda n: true(Finer(n, 3.0)),
    "finer++ gaussian": lambda n: true(FinerGaussian(n, 2.0, 1.5)),
    "finer++ gabor": lambda n: true(FinerGabor(n, 2.0, 3.0, 1.5)),
    "spder": lambda n: Spder(n, 3.0),
    "staf": lambda n: Staf(n, 3, 4.0, skip=True),
    "harmonic": lambda n: HarmonicSine(n, 2.0, 0.3, 0.2),
    "snake": lambda n: Snake(n, 2.0),
    "cauchy": lambda n: Cauchy(n, per_channel=True),
    "cauchy of a layer": Cauchy,
    "fan": Fan,
    "kaf": lambda n: Kaf(n, 3, per_channel=True),
    "rational": lambda n: GroupRational(n, 4),
    "polynomial": lambda n: PiNet(n, 3),
    "fourier kan": lambda n: FourierKan(n, 3),
    "chebyshev": lambda n: Chebyshev(n, 4),
    "spline": lambda n: Spline(n, 4),
    "quintic": lambda n: Spline(n, 3, degree=5, base_function=None),
    # within a range that pre-activations leave on either side
    "straight": lambda n: Spline(n, 3, low=-0.3, high=0.3, boundary=Straight()),
    "polynomial spline": lambda n: Spline(n, 3, low=-0.7, high=0.7, boundary=Polynomial()),
    "reflect": lambda n: Spline(n, 3, low=-0.3, high=0.3, boundary=Reflect()),
    "periodic spline": lambda n: Spline(n, 4, low=-0.5, high=0.5, boundary=Periodic()),
    "mixture": lambda n: Mixture(n, [Elementwise, lambda n: Chebyshev(n, 3), Sine]),
    "selectable": lambda n: Selectable(n, [Elementwise, lambda n: Chebyshev(n, 3), Sine]),
    "complex gabor": lambda n: ComplexGabor(n, 3.0, 1.5),
    "hand over": lambda n: Spline(n, 3, low=-0.3, high=0.3, boundary=HandOver()),
    "gaussian": lambda n: Gaussian(n, 1.5),
    "gabor": lambda n: Gabor(n, 3.0, 1.5),
    "dense": lambda n: SpectralGate(n, num_frequencies=3, gate_init=0.3),
    "diagonal": lambda n: SpectralGate(n, spectral="diagonal", gate_init=0.3),
    "folded": lambda n: SpectralGate(
        n, spectral="sine", base=None, gate_init=1.0, frequency_scale=3.0
    ),
    "normalised": lambda n: SpectralGate(n, layer_norm=True, gate_init=0.3),
    "input": lambda n: SpectralGate(n, gate="input", gate_init=0.3, learnable_base=True),
}
ENGINES = {"eager": Eager(32), "fused": Fused(threads=1), "two threads": Fused(32, threads=2)}
RESIDUALS = {
    "burgers": lambda d: d.u_t + d.u * d.u_x - 0.1 * d.u_xx,
    "kdv": lambda d: d.u_t + d.u * d.u_x + 0.02 * d.u_xxx,
    "kuramoto_sivashinsky": lambda d: d.u_t + d.u * d.u_x + 0.3 * d.u_xx + 0.1 * d.u_xxxx,
    "allen_cahn": lambda d: d.u_t - 0.1 * d.u_xx + 5 * (d.u**3 - d.u),
    "wave": lambda d: d.u_tt - 4 * d.u_xx,
    "mixed": lambda d: d.u_xt / (1 + d.u**2) - torch.sin(3 * d.x) * d.u_xxt,
    "variable": lambda d: torch.exp(d.x) * (d.u_xx + d.u_tt) + torch.cos(d.t) * d.u_x - d.x,
    "forms": lambda d: (2 - d.u) * d.u_x + 1 / (3 + torch.tanh(d.u)) - (d.u_t - d.x) / 2 + 1,
}


@pytest.fixture
def points(float64):
    return torch.rand(70, 2) * torch.tensor([2.0, 1.0]) - torch.tensor([1.0, 0.0])


def mlp(activation, **settings):
    torch.manual_seed(0)
    network = CoordinateMLP(2, 1, width=9, depth=2, activation=activation, **settings)
    network.set_domain((-1.0, 0.0), (1.0, 1.0))
    with torch.no_grad():
        for p in network.parameters():
            p.add_(0.1 * torch.randn_like(p))
    return network


def loss_and_gradient(engine, equation, network, points, weights=None):
    loss = engine.loss(equation, points, weights)
    parameters = [p for p in network.parameters() if p.requires_grad]
    each = torch.autograd.grad(loss, parameters, allow_unused=True, materialize_grads=True)
    return torch.cat([loss.detach().reshape(1), *(g.reshape(-1) for g in each)])


def assert_same(engine, equation, network, points, weights=None):
    found = loss_and_gradient(engine, equation, network, points, weights)
    expected = loss_and_gradient(Nested(), equation, network, points, weights)
    assert expected.abs().max() > 0
    assert (found - expected).abs().max() < 1e-12 * expected.abs().max()
    residuals = engine.residuals(equation, points).detach()
    assert (residuals - Nested().residuals(equation, points)).abs().max() < 1e-10


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations(engine, activation, points):
    network = mlp(ACTIVATIONS[activation])
    equation = Equation(network, RESIDUALS["burgers"], "xt", "u")
    assert_same(ENGINES[engine], equation, network, points)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("residual", RESIDUALS)
def test_residuals(engine, residual, points):
    network = mlp(ACTIVATIONS["dense"])
    equation = Equation(network, RESIDUALS[residual], "xt", "u")
    assert_same(ENGINES[engine], equation, network, points)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "activation", ["tanh", "gelu", "sine", "gaussian", "snake", "rational", "chebyshev"]
)
def test_fourth_derivatives_of_activations(engine, activation, points):
    network = mlp(ACTIVATIONS[activation])
    equation = Equation(network, lambda d: d.u_xxxx + d.u_xxtt, "xt", "u")
    assert_same(ENGINES[engine], equation, network, points)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "shape",
    [
        "periodic",
        "fourier",
        "learned fourier",
        "chebyshev",
        "spline",
        "shifted",
        "sphere",
        "radial",
        "masked",
        "skips",
        "imposed",
    ],
)
def test_shapes(engine, shape, points):
    settings = {
        "periodic": {"encoding": PeriodicEncoding(2)},
        "fourier": {"encoding": GaussianFourierFeatures(2, 4, trainable=True)},
        "learned fourier": {"encoding": LearnableFourierFeatures(2, 4, 5, 6, scale=2.0)},
        "chebyshev": {"encoding": ActivationEncoding(2, Chebyshev)},
        "spline": {"encoding": ActivationEncoding(2, Spline)},
        "shifted": {"encoding": ShiftedGaussians(2, 4, 0.5)},
        "sphere": {"encoding": SphericalHarmonics(2, 3)},
        "radial": {"encoding": RadialBases(2, 2, 3, (-1.0, 2.0))},
        "masked": {"encoding": Progressive(GaussianFourierFeatures(2, 4))},
        "skips": {"first_width": 12, "skips": True},
        "imposed": {},
    }[shape]
    network, burgers = mlp(ACTIVATIONS["folded"], **settings), Burgers()
    function = network if shape != "imposed" else lambda p: burgers.impose(p, network(p))
    equation = Equation(function, burgers.residual, "xt", "u")
    assert_same(ENGINES[engine], equation, network, points)


class Normed(Activation):
    """Waves of normalised channels, by torch's norm or written out."""

    def __init__(self, features, written_out):
        super().__init__(features)
        self.norm = nn.LayerNorm(features)
        self.written_out = written_out

    def forward(self, u):
        if not self.written_out:
            return torch.sin(self.norm(u))
        mean = torch.full((self.features, 1), 1 / self.features)
        centred = u - u @ mean
        spread = torch.sqrt(centred.square() @ mean + self.norm.eps)
        return torch.sin(self.norm.weight * centred / spread + self.norm.bias)


@pytest.mark.parametrize("engine", ENGINES)
def test_layer_norm(engine, points):
    # torch's own third derivatives of a layer norm are wrong, so it is written out to compare
    network, explicit = (mlp(lambda n, w=w: Normed(n, w)) for w in (False, True))
    equations = [Equation(n, RESIDUALS["burgers"], "xt", "u") for n in (network, explicit)]
    found = loss_and_gradient(ENGINES[engine], equations[0], network, points)
    expected = loss_and_gradient(Nested(), equations[1], explicit, points)
    assert (found - expected).abs().max() < 1e-12 * expected.abs().max()


@pytest.mark.parametrize("engine", ENGINES)
def test_functions_of_the_coordinates(engine, points):
    network = mlp(ACTIVATIONS["tanh"])

    def function(p):
        x, t = p[:, :1], p[:, 1:]
        return network(p) * torch.sqrt(t + 2) + nn.functional.gelu(x / torch.sqrt(t + 2))

    equation = Equation(function, lambda d: d.u_xxxx + d.u_t - d.u_tt, "xt", "u")
    assert_same(ENGINES[engine], equation, network, points)


@pytest.mark.parametrize("engine", ENGINES)
def test_systems(engine, points):
    network = CoordinateMLP(2, 3, 8, 2, activation=ACTIVATIONS["tanh"])

    def navier_stokes(d):
        u = d.u * d.u_x + d.v * d.u_y + d.p_x - 0.1 * (d.u_xx + d.u_yy)
        v = d.u * d.v_x + d.v * d.v_y + d.p_y - 0.1 * (d.v_xx + d.v_yy)
        return {"u": u, "v": v, "mass": d.u_x + d.v_y}

    equation = Equation(network, navier_stokes, "xy", "uvp")
    assert_same(ENGINES[engine], equation, network, points)
    assert len(equation.program(points).plan) == 4


JACOBIANS = {"nested": Nested(), "fused": Fused(32, threads=1), "two threads": Fused(32, 2)}


@pytest.mark.parametrize("engine", JACOBIANS)
@pytest.mark.parametrize("activation", ["tanh", "diagonal", "folded", "input"])
def test_jacobian(engine, activation, points):
    network = mlp(ACTIVATIONS[activation], skips=True)
    network.nu = nn.Parameter(torch.tensor(0.3))
    equation = Equation(network, lambda d: d.u_t + network.nu * d.u * d.u_x, "xt", "u")
    parameters = list(network.parameters())
    with torch.no_grad():  # as within an optimiser
        residuals, slopes = JACOBIANS[engine].jacobian(equation, points, parameters)
    expected = Nested().residuals(equation, points)
    torch.testing.assert_close(residuals, expected.detach())
    for n in (0, 41, 69):
        each = torch.autograd.grad(
            expected[0, n],
            parameters,
            retain_graph=True,
            allow_unused=True,
            materialize_grads=True,
        )
        torch.testing.assert_close(slopes[0, :, n], torch.cat([g.flatten() for g in each]))


@pytest.mark.parametrize("engine", JACOBIANS)
@pytest.mark.parametrize("activation", ["tanh", "folded"])
def test_jacobian_of_a_system(engine, activation, points):
    network = CoordinateMLP(2, 2, 8, 2, activation=ACTIVATIONS[activation])
    equation = Equation(network, lambda d: {"a": d.u_x - d.v_y, "b": d.u * d.v_x}, "xy", "uv")
    parameters = list(network.parameters())[2:]  # the first layer is left as it is
    residuals, slopes = JACOBIANS[engine].jacobian(equation, points, parameters)
    weights = torch.rand(2, len(points))
    each = torch.autograd.grad((weights * Nested().residuals(equation, points)).sum(), parameters)
    found = torch.einsum("en,epn->p", weights, slopes)
    assert residuals.shape == (2, 70)
    torch.testing.assert_close(found, torch.cat([g.flatten() for g in each]))


@pytest.mark.parametrize("engine", ENGINES)
def test_weights_of_points(engine, points):
    network = mlp(ACTIVATIONS["tanh"])
    equation = Equation(network, RESIDUALS["burgers"], "xt", "u")
    assert_same(ENGINES[engine], equation, network, points, torch.rand(len(points)))


@pytest.mark.parametrize("engine", ENGINES)
def test_an_unknown_coefficient_trains(engine, points):
    network = mlp(ACTIVATIONS["tanh"])
    network.nu = nn.Parameter(torch.tensor(0.3))
    equation = Equation(network, lambda d: d.u_t - network.nu * d.u_xx, "xt", "u")
    assert_same(ENGINES[engine], equation, network, points)


def test_compiled(points):  # what inductor makes of it takes half a minute and is torch's affair
    network = mlp(ACTIVATIONS["dense"])
    equation = Equation(network, RESIDUALS["burgers"], "xt", "u")
    assert_same(Compiled(backend="aot_eager"), equation, network, points)


@pytest.mark.parametrize("activation", ["tanh", "dense"])
def test_all_of_a_program_is_compiled(activation, points, monkeypatch):
    monkeypatch.setattr(torch, "compile", partial(torch.compile, fullgraph=True))
    monkeypatch.setattr(eager, "VALUES", replace(eager.VALUES))  # a new one has no tables
    equation = Equation(mlp(ACTIVATIONS[activation]), RESIDUALS["burgers"], "xt", "u")
    assert torch.isfinite(Compiled(backend="aot_eager").loss(equation, points))


@pytest.mark.parametrize("engine", ENGINES)
def test_single_precision(engine):
    network = mlp(ACTIVATIONS["tanh"]).float()
    equation = Equation(network, RESIDUALS["burgers"], "xt", "u")
    points = torch.rand(70, 2)
    found = loss_and_gradient(ENGINES[engine], equation, network, points)
    expected = loss_and_gradient(Nested(), equation, network, points)
    assert found.dtype == torch.float32
    assert torch.allclose(found, expected, rtol=1e-4, atol=1e-5 * float(expected.abs().max()))


def test_what_is_collapsed_is_found_out(points):
    equation = Equation(mlp(ACTIVATIONS["tanh"]), RESIDUALS["burgers"], "xt", "u")
    assert len(equation.program(points).plan) == 3


def test_a_network_without_rules_is_nested_and_said_once(points, caplog):
    network = nn.Sequential(nn.Linear(2, 8), nn.Softplus(), nn.Linear(8, 1))
    equation, engine = Equation(network, RESIDUALS["burgers"], "xt", "u", "burgers"), Automatic()
    with caplog.at_level(logging.WARNING, "sgn_sciml"):
        assert_same(engine, equation, network, points)
    assert caplog.text.count("burgers: no rule for softplus") == 1


def test_without_a_compiler_jets_run_eagerly(points, monkeypatch, caplog):
    def missing():
        raise automatic.Unavailable("no compiler c++ (set CXX)")

    from sgn_sciml.jets import automatic

    monkeypatch.setattr(automatic, "library", missing)
    network = mlp(ACTIVATIONS["tanh"])
    equation = Equation(network, RESIDUALS["burgers"], "xt", "u")
    with caplog.at_level(logging.WARNING, "sgn_sciml"):
        assert_same(Automatic(), equation, network, points)
    assert "no compiler c++ (set CXX); going on without it" in caplog.text


@pytest.mark.parametrize("engine", [Nested(), *ENGINES.values(), Automatic()])
def test_an_unknown_name_is_refused(engine, points):
    equation = Equation(mlp(ACTIVATIONS["tanh"]), lambda d: d.u_zz, "xt", "u")
    with pytest.raises(ValueError, match=r"line .*: no derivative 'u_zz': fields are u"):
        engine.residuals(equation, points)


def test_a_residual_of_wrong_shape_is_refused(points):
    network = mlp(ACTIVATIONS["tanh"])
    equation = Equation(network, lambda d: d.u_x[:, None] * d.u[None], "xt", "u", "mine")
    with pytest.raises(
        ValueError, match=r"residual of mine has shape \(70, 70\), expected \(70,\)"
    ):
        Automatic().residuals(equation, points)


def test_nan_is_passed_on(points):
    network = mlp(ACTIVATIONS["tanh"])
    equation = Equation(network, RESIDUALS["burgers"], "xt", "u")
    points[3] = float("nan")
    residuals = Fused().residuals(equation, points)
    assert residuals[0, 3].isnan()
    assert residuals[0, [0, 1, 2, 4]].isfinite().all()
    assert Fused().loss(equation, points).isnan()


def test_no_gradient_is_made_where_none_is_wanted(points):
    network = mlp(ACTIVATIONS["tanh"]).requires_grad_(False)
    equation = Equation(network, RESIDUALS["burgers"], "xt", "u")
    assert not Fused().loss(equation, points).requires_grad


def test_a_frozen_weight_gets_no_gradient(points):
    network = mlp(ACTIVATIONS["tanh"])
    network.layers[0].weight.requires_grad_(False)
    equation = Equation(network, RESIDUALS["burgers"], "xt", "u")
    assert_same(ENGINES["fused"], equation, network, points)
    Fused().loss(equation, points).backward()
    assert network.layers[0].weight.grad is None


@pytest.mark.parametrize("engine", ENGINES)
def test_a_constant_may_change(engine, points):
    network, constants = mlp(ACTIVATIONS["tanh"]), {"nu": 0.3}
    equation = Equation(network, lambda d: d.u_t - constants["nu"] * d.u_xx, "xt", "u")
    assert_same(ENGINES[engine], equation, network, points)
    constants["nu"] = 0.1
    assert_same(ENGINES[engine], equation, network, points)


def test_weights_of_another_precision(points):
    network = mlp(ACTIVATIONS["tanh"])
    equation = Equation(network, RESIDUALS["burgers"], "xt", "u")
    weights = torch.rand(len(points))
    found = Fused().loss(equation, points, weights.float()).item()
    assert found == pytest.approx(Nested().loss(equation, points, weights).item(), rel=1e-6)
