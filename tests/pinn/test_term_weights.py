"""Weights of loss terms by name, and what is said of the terms when training begins."""

import math
from dataclasses import dataclass

import pytest
import torch
from lightning.pytorch import Trainer

from sgn_sciml.networks import CoordinateMLP
from sgn_sciml.pde import Burgers, Dirichlet, InitialValue, PointValues, Problem, Robin
from sgn_sciml.pinn import PINN, Collocation, GradientNorm


def pinn(problem=None, **kwargs):
    return PINN(CoordinateMLP(2, 1, width=8, depth=2), problem or Burgers(), **kwargs)


@dataclass(frozen=True)
class Rod(Problem):
    law, coordinates, domain, grid = "rod", ("x", "t"), ((0.0, 0.0), (1.0, 1.0)), (9, 5)
    conditions = (
        InitialValue("sin(pi*x)"),
        Dirichlet("left", 1.0),
        Robin("right"),
        PointValues([[0.5, 0.5, 0.3], [0.25, 0.75, 0.1]]),
    )

    def residual(self, d):
        return d.u_t - d.u_xx


def batch(task, n=20):
    problem = task.problem
    points = {"residual": problem.box_points(torch.rand(n, 2))}
    return points | {c.name: problem.face_points(c, torch.rand(n, 2)) for c in problem.conditions}


def test_weights_count_in_the_loss_of_every_optimiser(float64):
    weights = {"left": 10.0, "residual": 0.5}
    task = pinn(exact_conditions=False, weights=weights, balancing=GradientNorm())
    task.balancing.weights = torch.tensor([2.0, 1.0, 3.0, 1.0])
    task._batch = batch(task)
    losses = task.losses(task._batch)
    loss = 2 * 0.5 * losses["residual"] + losses["initial"] + 30 * losses["left"] + losses["right"]
    task.log = task.log_dict = lambda *args, **kwargs: None
    torch.testing.assert_close(task.training_step(task._batch, 0), loss)
    rows, slopes = task.scaled_residuals(task.trainable(), jacobian=True)
    torch.testing.assert_close(rows.square().sum(), loss)
    each = torch.autograd.grad(loss, task.trainable())
    torch.testing.assert_close(2 * slopes @ rows, torch.cat([g.flatten() for g in each]))


WRONG = {
    "of terms of the loss: residual, initial, left, right; there is no lft": {"lft": 1.0},
    "the weight of left must be positive, got 0": {"left": 0},
    "the weight of left must be positive, got nan": {"left": math.nan},
}


@pytest.mark.parametrize("message", WRONG)
def test_wrong_weights_are_refused_with_the_names(message):
    with pytest.raises(ValueError, match=message):
        pinn(exact_conditions=False, weights=WRONG[message])


def test_what_is_built_in_has_no_weight():
    with pytest.raises(ValueError, match="residual; left is built into the solution"):
        pinn(weights={"left": 2.0})


@pytest.mark.parametrize("exact", [True, False])
def test_training_begins_with_what_is_built_in_and_what_is_trained(exact, capsys, tmp_path):
    task = pinn(Rod(), exact_conditions=exact)
    options = {"enable_progress_bar": False, "enable_model_summary": False, "logger": False}
    data = Collocation(Rod(), num_points=20, num_condition_points=5)
    trainer = Trainer(max_steps=2, max_epochs=-1, default_root_dir=tmp_path, **options)
    trainer.fit(task, data)
    out = capsys.readouterr().out
    reason = "left (contradicts initial where they meet)"
    lines = {
        True: f"built in: initial; trained as terms: {reason}, right, measured\n",
        False: "built in: nothing; trained as terms: initial, left, right, measured\n",
    }
    assert out.count("built in") == 1
    assert lines[exact] in out
    assert trainer.callback_metrics["train/loss/measured"].isfinite()


def test_weights_are_set_on_the_command_line(config, sgn):
    words = ["--model.init_args.exact_conditions", "false", "--trainer.max_steps", 2]
    code, out, err = sgn("fit", "--config", config, *words, "--model.init_args.weights.left", 3)
    assert code == 0, err
    assert "built in: nothing; trained as terms: initial, left, right" in out
    code, _, err = sgn("fit", "--config", config, *words, "--model.init_args.weights.lft", 3)
    assert code != 0
    assert "residual, initial, left, right; there is no lft" in err
