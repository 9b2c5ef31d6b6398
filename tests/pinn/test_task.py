import math
import re
from dataclasses import dataclass
from functools import partial

import pytest
import torch

from sgn_sciml.layers import Finer, PeriodicEncoding
from sgn_sciml.networks import CoordinateMLP
from sgn_sciml.optim import LevenbergMarquardt, Phase, Phases
from sgn_sciml.pde import Burgers, Condition, KdV
from sgn_sciml.pinn import NTK, PINN, GradientNorm


@dataclass(frozen=True)
class Broadcast(Burgers):
    """A residual that subtracts an (N, 1) source from an (N,) vector."""

    def residual(self, d):
        return d.u_t - d.x[:, None]


@dataclass(frozen=True)
class TwoEquations(Burgers):
    def residual(self, d):
        return {"first": d.u_t, "second": d.u_x}


def pinn(problem=None, **kwargs):
    return PINN(CoordinateMLP(2, 1, width=8, depth=2), problem or Burgers(), **kwargs)


def batch(task, n=20):
    problem = task.problem
    points = {"residual": problem.box_points(torch.rand(n, 2))}
    return points | {c.name: problem.face_points(c, torch.rand(n, 2)) for c in problem.conditions}


def test_exact_conditions_leave_one_loss_term():
    task = pinn()
    assert set(task.losses(batch(task))) == {"residual"}


def test_soft_conditions_are_terms_of_their_own():
    task = pinn(exact_conditions=False)
    assert set(task.losses(batch(task))) == {"residual", "initial", "left", "right"}


def test_loss_is_the_mean_squared_residual(float64):
    task = pinn()
    points = batch(task)["residual"].requires_grad_()
    u = task(points)
    (du,) = torch.autograd.grad(u.sum(), points, create_graph=True)
    (du_x,) = torch.autograd.grad(du[:, 0].sum(), points)
    r = du[:, 1] + u[:, 0] * du[:, 0] - task.problem.nu * du_x[:, 0]
    loss = task.losses({"residual": points})["residual"]
    assert loss.item() == pytest.approx(r.square().mean().item(), rel=1e-12)


def test_scaled_residuals_are_those_of_the_loss(float64):
    task = pinn(exact_conditions=False, balancing=GradientNorm(), unknown={"nu": 0.1})
    task.balancing.weights = torch.tensor([1.0, 3.0, 0.5, 2.0, 0.7])
    observed = {"data": task.problem.box_points(torch.rand(6, 2)), "values": torch.rand(6, 1)}
    task._batch = batch(task) | observed | {"weights": torch.rand(20)}
    parameters = task.trainable()
    r, slopes = task.scaled_residuals(parameters, jacobian=True)
    assert torch.equal(task.scaled_residuals(parameters, jacobian=False)[0], r)
    loss = (task.balancing.weights * torch.stack(list(task.losses(task._batch).values()))).sum()
    assert r.square().sum().item() == pytest.approx(loss.item(), rel=1e-12)
    each = torch.autograd.grad(loss, parameters)
    torch.testing.assert_close(2 * slopes @ r, torch.cat([g.flatten() for g in each]))


def test_every_levenberg_marquardt_of_a_schedule_knows_the_residuals():
    phases = [Phase(torch.optim.Adam, 1), Phase(LevenbergMarquardt)]
    task = pinn(optimizer=partial(Phases, phases=phases))
    assert task.configure_optimizers().optimizers[1].residuals == task.scaled_residuals


def test_soft_initial_loss_is_its_mean_square(float64):
    task = pinn(exact_conditions=False)
    points = batch(task)
    u = task(points["initial"])[:, 0] + torch.sin(math.pi * points["initial"][:, 0])
    assert task.losses(points)["initial"].item() == pytest.approx(u.square().mean().item())


def test_several_equations_add_up(float64):
    task = pinn(TwoEquations())
    points = batch(task)
    residual = task.residual(points["residual"])
    assert residual.shape == (2, 20)
    assert torch.allclose(task.losses(points)["residual"], residual.square().sum(0).mean())


def test_broadcast_residual_is_refused_with_both_shapes():
    with pytest.raises(ValueError, match=r"\(3, 3\), expected \(3,\)"):
        pinn(Broadcast())


@pytest.mark.parametrize(
    ("residual", "shape"),
    [
        (lambda d: d.u_t[:, None], (3, 1)),
        (lambda d: d.u_t - torch.ones(20, 1), (20, 3)),
        (lambda d: d.u_t + d.u.unsqueeze(1), (3, 3)),
        (lambda d: d.u_t.mean(), ()),
        (lambda d: {"first": d.u_x, "second": torch.stack([d.u, d.u], 1)}, (3, 2)),
    ],
)
@pytest.mark.parametrize("condition", [False, True])
def test_residuals_of_other_shapes_are_refused_by_name(residual, shape, condition):
    @dataclass(frozen=True)
    class Wrong(Burgers):
        def residual(self, d):
            return super().residual(d) if condition else residual(d)

        @property
        def conditions(self):
            last = (lambda d: d.u) if not condition else residual
            return (Condition("right", {"x": 1.0}, last),)

    name = "burgers, right" if condition else "burgers"
    message = rf"the residual of {name} has shape {re.escape(str(shape))}, expected \(3,\)"
    with pytest.raises(ValueError, match=message):
        pinn(Wrong(), exact_conditions=False)


def test_network_of_wrong_size_is_refused_with_the_remedy():
    with pytest.raises(ValueError, match="set in_features=2, out_features=1"):
        PINN(CoordinateMLP(3, 1), Burgers())


def test_network_scales_the_problems_domain():
    task = pinn()
    corners = torch.tensor([[-1.0, 0.0], [1.0, 1.0]])
    assert torch.equal(task.network.scale(corners), torch.tensor([[-1.0, -1.0], [1.0, 1.0]]))


def test_balancing_equalises_gradient_norms(float64):
    balancing = GradientNorm(momentum=0.0)
    task = pinn(exact_conditions=False, balancing=balancing)
    losses = task.losses(batch(task))
    balancing.update(losses, task.parameters())
    norms = [
        weight * torch.cat([g.flatten() for g in gradients]).norm()
        for weight, gradients in zip(
            balancing.weights,
            (
                torch.autograd.grad(
                    v, list(task.parameters()), retain_graph=True, materialize_grads=True
                )
                for v in losses.values()
            ),
            strict=True,
        )
    ]
    assert torch.allclose(torch.stack(norms), norms[0].expand(4))


def test_balancing_keeps_the_weight_of_a_term_without_gradient():
    balancing = GradientNorm(momentum=0.0)
    balancing.build(2)
    w = torch.nn.Parameter(torch.ones(1))
    balancing.update({"a": (3 * w).sum(), "b": (0 * w).sum()}, [w])
    assert balancing.weights.tolist() == [1.0, 1.0]


def test_balancing_momentum_moves_part_of_the_way():
    balancing = GradientNorm(momentum=0.75)
    balancing.build(2)
    w = torch.nn.Parameter(torch.ones(1))
    balancing.update({"a": (3 * w).sum(), "b": (1 * w).sum()}, [w])
    # targets are 4/3 and 4/1
    assert balancing.weights.tolist() == pytest.approx([1 + 0.25 / 3, 1 + 0.25 * 3])


def test_traces_are_mean_squared_gradients_of_the_points(float64):
    balancing = NTK(momentum=0.0)
    balancing.build(2)
    a, b = torch.rand(3, 5), torch.rand(1, 3, 2)
    balancing.update([a.expand(2, 3, 5), b])  # two equations add up
    traces = torch.stack([2 * a.square().sum(0).mean(), b.square().sum(1).mean()])
    assert torch.allclose(balancing.weights, traces.sum() / traces)


def test_ntk_observes_a_task_on_some_of_its_points(float64):
    balancing = NTK(momentum=0.0, points=5)
    task = pinn(exact_conditions=False, balancing=balancing)
    points = batch(task)
    balancing.observe(task.loss_terms, points, task.trainable())
    traces = []
    for name, equation in task.loss_terms.equations.items():
        rows = equation.nested(points[name][::4])
        assert rows.shape == (1, 5)
        each = [
            torch.autograd.grad(r, task.trainable(), retain_graph=True, materialize_grads=True)
            for r in rows[0]
        ]
        traces.append(sum(g.square().sum() for gs in each for g in gs) / 5)
    traces = torch.stack(traces)
    assert torch.allclose(balancing.weights, traces.sum() / traces)


def test_the_mean_squares_of_the_residuals_of_terms_are_the_losses(float64):
    task = pinn(exact_conditions=False)
    points = batch(task) | {"weights": torch.rand(20)}
    losses = task.losses(points)
    found = task.loss_terms.linearised(points, task.trainable())
    for loss, (rows, slopes) in zip(losses.values(), found, strict=True):
        assert rows.square().sum(0).mean().item() == pytest.approx(loss.item(), rel=1e-12)
        each = torch.autograd.grad(
            loss, task.trainable(), retain_graph=True, materialize_grads=True
        )
        expected = torch.cat([g.flatten() for g in each])
        mean = 2 * (slopes * rows[:, None]).sum((0, 2)) / rows.shape[1]
        torch.testing.assert_close(mean, expected)


def test_ntk_arguments_are_checked():
    with pytest.raises(ValueError, match="NTK: need points >= 1"):
        NTK(points=0)


@pytest.mark.parametrize("bad", [{"every": 0}, {"momentum": 1.0}])
def test_balancing_arguments_are_checked(bad):
    with pytest.raises(ValueError, match="need every >= 1"):
        GradientNorm(**bad)


def test_a_network_that_is_not_periodic_where_the_problem_is_is_refused():
    with pytest.raises(ValueError, match=r"kdv is periodic in x, the network is not.*axes: \[0\]"):
        pinn(KdV())
    network = CoordinateMLP(2, 1, 8, 2, encoding=PeriodicEncoding(2))
    assert PINN(network, KdV()).network.training


def test_a_network_of_chirps_has_true_derivatives(float64):
    task = PINN(CoordinateMLP(2, 1, 8, 2, activation=lambda n: Finer(n, 3.0)), Burgers())
    points, h = Burgers().box_points(torch.rand(20, 2)), 1e-4
    residual = task.residual(points)[0].detach()
    dx, dt = torch.tensor([h, 0.0]), torch.tensor([0.0, h])

    def u(p):
        return task(p)[:, 0].detach()

    u_x, u_t = ((u(points + d) - u(points - d)) / (2 * h) for d in (dx, dt))
    u_xx = (u(points + dx) - 2 * u(points) + u(points - dx)) / h**2
    expected = u_t + u(points) * u_x - Burgers().nu * u_xx
    assert (residual - expected).abs().max() < 1e-4 * expected.abs().max()
