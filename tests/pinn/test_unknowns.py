"""Inverse problems: constants of an equation are found from observations of its solution."""

import math
from dataclasses import dataclass
from functools import partial

import pytest
import torch

from sgn_sciml.networks import CoordinateMLP
from sgn_sciml.optim import LevenbergMarquardt, SSBroyden
from sgn_sciml.pde import Burgers, Condition, Problem
from sgn_sciml.pinn import PINN, Collocation, Observations, Unknowns


@dataclass(frozen=True)
class Heat(Problem):
    """Heat between cold walls: u = sin(pi x) exp(-k pi^2 t)."""

    k: float = 0.1

    law = "heat"
    coordinates = ("x", "t")
    imposed = frozenset({"initial"})

    def __post_init__(self):
        if not 0 < self.k < 10:
            raise ValueError(f"Heat: k must be in (0, 10), got {self.k}")

    @property
    def domain(self):
        return (0.0, 0.0), (1.0, 1.0)

    @property
    def conditions(self):
        return (Condition("initial", {"t": 0.0}, lambda d: d.u - torch.sin(math.pi * d.x)),)

    def residual(self, d):
        return d.u_t - self.k * d.u_xx

    def impose(self, points, raw):
        return torch.sin(math.pi * points[..., :1]) * (1 + points[..., 1:] * raw)

    def exact(self, points):
        x, t = points.double().unbind(-1)
        return (torch.sin(math.pi * x) * torch.exp(-self.k * math.pi**2 * t))[..., None]


@dataclass(frozen=True)
class Lost(Heat):
    """A residual whose constant loses its graph."""

    def residual(self, d):
        return d.u_t - math.exp(float(self.k)) * d.u_xx


@pytest.fixture
def measured(tmp_path):
    """Exact observations in a file."""
    points = torch.rand(40, 2, dtype=torch.float64)
    rows = torch.cat([points, Heat(0.1).exact(points)], 1).tolist()
    path = tmp_path / "measured.csv"
    path.write_text("x, t, u\n" + "\n".join(",".join(map(repr, row)) for row in rows))
    return str(path)


def pinn(problem=None, **kwargs):
    kwargs = {"unknown": {"k": 0.5}} | kwargs
    return PINN(CoordinateMLP(2, 1, 8, 1), problem or Heat(), **kwargs)


def fit(task, measured, trainer, steps, **kwargs):
    data = Collocation(
        task.problem, num_points=64, redraw_every=0, observations=Observations(measured)
    )
    run = trainer(max_steps=steps, val_check_interval=steps, precision="64-true", **kwargs)
    run.fit(task, data)
    return run.callback_metrics


@pytest.mark.filterwarnings("ignore:SSBFGS needs float64")
def test_a_quasi_newton_method_finds_the_constant(measured, trainer):
    task = pinn(optimizer=partial(SSBroyden, max_iter=60))
    metrics = fit(task, measured, trainer, steps=3)
    assert task.unknown.values()["k"].item() == pytest.approx(0.1, rel=2e-3)
    assert metrics["val/unknown/k"].item() == pytest.approx(0.1, rel=2e-3)
    assert "val/unknown/k_error" not in metrics  # without a reference the truth is not known


def test_adam_moves_the_constant_towards_the_truth(measured, trainer):
    task = pinn(optimizer=partial(torch.optim.Adam, lr=0.02))
    metrics = fit(task, measured, trainer, steps=200)
    assert 0.1 < task.unknown.values()["k"].item() < 0.35  # from 0.5
    assert {"unknown/k", "train/loss/data", "val/loss"} <= set(metrics)


def test_the_residual_has_the_value_of_the_moment_and_its_gradient(float64):
    task = pinn()
    points = Heat().box_points(torch.rand(10, 2))
    expected = PINN(task.network, Heat(0.5)).residual(points)
    assert torch.allclose(task.residual(points), expected)
    batch = {"residual": points, "data": points, "values": Heat().exact(points)}
    (found,) = torch.autograd.grad(task.losses(batch)["residual"], [task.unknown.logs["k"]])
    h, values = 1e-5, []
    for sign in (1, -1):
        task.unknown.logs["k"].data.fill_(sign * h)
        values.append(task.losses(batch)["residual"].item())
    assert found.item() == pytest.approx((values[0] - values[1]) / (2 * h), rel=1e-6)


def test_the_data_term_is_the_weighted_mean_square_of_what_was_observed(float64):
    task = pinn(unknown=None, data_weight=4.0)
    points = Heat().box_points(torch.rand(10, 2))
    values = torch.rand(10, 1)
    values[3] = torch.nan
    misfit = (task(points) - values)[~values.isnan()]
    losses = task.losses({"residual": points, "data": points, "values": values})
    assert losses["data"].item() == pytest.approx(0.4 * misfit.square().sum().item())
    assert torch.autograd.grad(losses["data"], task.trainable())[0].isfinite().all()


def test_values_that_would_broadcast_are_refused_with_both_shapes():
    task, points = pinn(), torch.rand(10, 2)
    with pytest.raises(ValueError, match=r"\(10,\), the fields there \(10, 1\)"):
        task.losses({"residual": points, "data": points, "values": torch.rand(10)})


def test_observations_without_their_term_are_refused_and_so_is_the_reverse(measured, trainer):
    with pytest.raises(ValueError, match="go together"):
        fit(pinn(unknown=None), measured, trainer, 1)
    with pytest.raises(ValueError, match="go together"):
        pinn().losses({"residual": torch.rand(4, 2)})


def test_a_constant_that_the_equation_determines_needs_no_observations():
    task = pinn(data_weight=0.0)
    assert "data" not in task.terms
    assert task.losses({"residual": torch.rand(4, 2)}).keys() == {"residual"}


@pytest.mark.parametrize(
    ("start", "message"),
    [
        ({"nu": 1.0}, "heat has no constant nu; it has k"),
        ({"k": 0.0}, "k cannot start at 0"),
        ({"k": -1.0}, "Heat: k must be in"),
    ],
)
def test_bad_starts_are_refused(start, message):
    with pytest.raises(ValueError, match=message):
        Unknowns(start, Heat())


@pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad")
def test_a_constant_that_does_not_train_is_refused(measured, trainer):
    with pytest.raises(ValueError, match="no residual depends on k"):
        fit(pinn(Lost()), measured, trainer, 1)


def test_relative_errors():
    errors = Unknowns({"nu": 0.2}, Burgers(0.1)).errors(Burgers(0.1))
    assert errors["nu"].item() == pytest.approx(1.0)


@dataclass(frozen=True)
class Drift(Problem):
    """u' = c with u(0) = 0, where c may have any sign: u = c x."""

    c: float = -0.5

    law = "drift"
    coordinates = ("x",)
    imposed = frozenset({"start"})
    domain = (0.0,), (1.0,)
    conditions = (Condition("start", {"x": 0.0}, lambda d: d.u),)

    def residual(self, d):
        return d.u_x - self.c

    def impose(self, points, raw):
        return points * raw

    def exact(self, points):
        return self.c * points


def drift(tmp_path, noise):
    """Observations at 80 points with some noise, and the error of the slope through 0."""
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(80, generator=generator, dtype=torch.float64)
    u = -0.5 * x + noise * torch.randn(80, generator=generator, dtype=torch.float64)
    path = tmp_path / "drift.csv"
    path.write_text(
        "x,u\n" + "\n".join(f"{a!r},{b!r}" for a, b in zip(x.tolist(), u.tolist(), strict=True))
    )
    return str(path), noise / x.square().sum().sqrt().item()


def test_a_constant_passes_zero_and_has_a_standard_error(tmp_path, trainer):
    path, expected = drift(tmp_path, 0.05)
    unknown = {"c": {"start": 1.0, "scale": 1.0}}
    network = CoordinateMLP(1, 1, 3, 1, activation="tanh")
    task = PINN(network, Drift(), LevenbergMarquardt, unknown=unknown, data_weight=0.01)
    data = Collocation(
        Drift(), num_points=20, redraw_every=0, observations=Observations(path, held_out=0.0)
    )
    run = trainer(max_steps=3, precision="64-true")
    run.fit(task, data)
    (found,) = run.test(task, data, verbose=False)
    error = found["test/unknown/c_standard_error"]
    assert error == pytest.approx(expected, rel=0.25)  # the noise is estimated, too
    assert abs(found["test/unknown/c"] + 0.5) < 3 * error


@pytest.mark.parametrize("start", [{"start": 0.0}, {"start": 0.0, "scale": -1.0}])
def test_a_start_without_a_positive_scale_is_refused(start):
    with pytest.raises(ValueError, match="takes a start and a positive scale"):
        Unknowns({"c": start}, Drift())


def test_constants_by_factors_and_by_amounts():
    unknowns = Unknowns({"c": {"start": 0.0, "scale": 2.0}}, Drift())
    unknowns.shifts["c"].data.fill_(-0.5)
    assert unknowns.values()["c"].item() == -1.0
    assert unknowns.slopes()["c"].item() == 2.0
    assert unknowns.errors(Drift(c=-2.0))["c"].item() == 0.5
    assert not unknowns.errors(Drift(c=0.0))
    assert Unknowns({"c": -3.0}, Drift()).slopes()["c"].item() == 3.0
