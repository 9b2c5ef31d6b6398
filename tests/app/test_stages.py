"""Stages: each fits what the last left over, in its frequency and its size."""

import json
import math
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
import torch
import yaml

from sgn_sciml.benchmark_data.solution import reference
from sgn_sciml.layers import PeriodicEncoding
from sgn_sciml.layouts import write_grid
from sgn_sciml.networks import Continued, CoordinateMLP, Staged
from sgn_sciml.pde import Advection, Burgers, Poisson
from sgn_sciml.pinn import PINN
from sgn_sciml.pinn.residual_waves import amplitude, dominant_frequency, slope, unit_grid

WAVES = {"frequencies": [2 * math.pi, 8 * math.pi], "amplitudes": [1.0, 0.2]}


def mlp(**kwargs):
    return CoordinateMLP(2, 1, 6, 1, **kwargs)


@pytest.fixture
def poisson(tmp_path, monkeypatch):
    """A configuration that solves Poisson's equation well in a few seconds."""
    monkeypatch.chdir(tmp_path)
    write_grid("poisson.h5", reference(Poisson(*map(tuple, WAVES.values())), (257,)))
    network = {
        "in_features": 1,
        "width": 10,
        "depth": 2,
        "first_activation": {"class_path": "Sine", "init_args": {"omega": 8.0}},
        "activation": {
            "class_path": "Elementwise",
            "init_args": {"function": "torch.nn.functional.tanh"},
        },
    }
    model = {
        "network": {"class_path": "CoordinateMLP", "init_args": network},
        "optimizer": {"class_path": "LevenbergMarquardt", "init_args": {"max_iter": 10}},
    }
    data = {
        "problem": {"class_path": "Poisson", "init_args": WAVES},
        "reference": "poisson.h5",
        "num_points": 600,
        "redraw_every": 0,
        "sampler": {"class_path": "Sobol"},
    }
    trainer = {
        "accelerator": "cpu",
        "max_steps": 9,
        "precision": "64-true",
        "val_check_interval": 1,
        "enable_progress_bar": False,
    }
    config = {
        "seed_everything": 0,
        "checkpoint_every": 1,
        "trainer": trainer,
        "model": {"class_path": "PINN", "init_args": model},
        "data": {"class_path": "Collocation", "init_args": data},
    }
    path = tmp_path / "poisson.yaml"
    path.write_text(yaml.safe_dump(config))
    return path


def weights(path):
    return torch.load(path, weights_only=True)["state_dict"]


def test_a_second_stage_lowers_the_error_and_resumes(poisson, sgn):
    code, out, err = sgn("stages", 2, "--config", poisson)
    assert code == 0, err
    assert "stage   residual   relative L2" in out
    assert "did not lower" not in out
    assert "points a wave" not in out
    first, second = json.loads(Path("runs/poisson/stages_0-1.json").read_text())
    assert second["relative_l2"] < first["relative_l2"] / 20
    assert second["residual"] < first["residual"] / 20
    assert not list(Path().glob("*.part.yaml"))
    config, last = Path(second["run"], "config.yaml"), Path(second["run"], "checkpoints/last.ckpt")
    more = ("--config", config, "--trainer.max_steps", 10)
    assert sgn("fit", *more, "--ckpt_path", "last")[0] == 0
    assert sgn("fit", *more, "--runs", "whole")[0] == 0
    a, b = weights(last), weights("whole/poisson/version_0/checkpoints/last.ckpt")
    assert [key for key in a if not torch.equal(a[key], b[key])] == []


def test_a_residual_between_the_points_is_told(poisson, sgn):
    words = ("--data.init_args.num_points", 16, "--trainer.max_steps", 2)
    code, out, err = sgn("stages", 2, "--config", poisson, *words)
    assert code == 0, err
    assert "fewer than 10 points a wave" in out


def test_a_stage_adds_to_those_before_and_trains_alone(tmp_path, float64):
    networks, checkpoint = [mlp()], str(tmp_path / "a.ckpt")
    points = torch.rand(9, 2)
    for amplitudes in ([1e-2], [1e-2, 1e-4]):
        saved = {f"network.{k}": v for k, v in networks[-1].state_dict().items()}
        torch.save({"state_dict": saved}, checkpoint)
        before = [mlp() for _ in amplitudes]
        networks.append(Staged(mlp(), before, amplitudes, checkpoint))
        added = amplitudes[-1] * networks[-1].network(points)
        assert torch.allclose(networks[-1](points), networks[-2](points) + added, atol=1e-15)
    names = [name for name, p in networks[-1].named_parameters() if p.requires_grad]
    assert names
    assert all(name.startswith("network.") for name in names)


def test_a_staged_network_has_true_derivatives(float64):
    task = PINN(Staged(mlp(), [mlp(), mlp()], [0.1, 0.01]), Burgers(0.1))
    points = task.problem.box_points(torch.rand(12, 2))
    assert torch.allclose(task.residual(points), task.equation.nested(points))


@pytest.mark.parametrize(
    "later",
    [
        lambda net, path: Staged(net(), [net()], [0.1], path),
        lambda net, path: Continued(net(), [0.5], path),
    ],
)
def test_what_goes_on_from_float64_is_a_solution_before_the_trainer_converts_it(later, tmp_path):
    encoded = partial(mlp, encoding=PeriodicEncoding(2))
    first = PINN(encoded(), Advection()).double()  # whose domain is in the checkpoint
    saved = first.state_dict()
    torch.save({"state_dict": saved}, tmp_path / "a.ckpt")
    task = PINN(later(encoded, str(tmp_path / "a.ckpt")), Advection()).double()
    assert task.residual(torch.rand(5, 2, dtype=torch.float64)).isfinite().all()


def test_networks_that_do_not_fit_are_refused(tmp_path):
    for amplitudes in ([], [0.1, 0.1], [0.0]):
        with pytest.raises(ValueError, match="a positive amplitude for every stage but the first"):
            Staged(mlp(), [mlp()], amplitudes)
    with pytest.raises(ValueError, match="other numbers of features"):
        Staged(mlp(), [CoordinateMLP(1, 1, 6, 1)], [0.1])
    with pytest.raises(FileNotFoundError, match="of the stage before"):
        Staged(mlp(), [mlp()], [0.1], str(tmp_path / "none.ckpt"))


def test_the_frequency_of_a_known_residue_is_found():
    x = unit_grid(1)[..., 0]  # scaled to [-1, 1] a wave is half as fast
    wave = torch.sin(40 * math.pi * x)
    assert dominant_frequency(wave[None]) == pytest.approx(20 * math.pi, rel=0.05)
    other = 0.5 * torch.sin(4 * math.pi * x) + 0.1 * torch.randn(len(x))
    assert dominant_frequency((wave + other)[None]) == pytest.approx(20 * math.pi, rel=0.1)
    x, t = unit_grid(2).unbind(-1)
    plane = torch.sin(30 * x + 40 * t)
    assert dominant_frequency(plane[None]) == pytest.approx(25, rel=0.1)
    assert dominant_frequency(torch.ones(1, 50)) == math.pi / 2


def test_the_amplitude_is_that_of_the_order_and_the_coefficient(float64):
    task = PINN(CoordinateMLP(1, 1, 6, 1), Poisson(), exact_conditions=False)
    kappa = 100.0  # twice that in x, of which the domain is half as long
    expected = 3.0 / ((2 * kappa) ** 2 / math.sqrt(2))
    assert amplitude(task, kappa, 3.0) == pytest.approx(expected, rel=0.1)


def test_an_equation_without_fields_is_refused(float64):
    @dataclass(frozen=True)
    class Nothing(Poisson):
        def residual(self, d):
            return 0 * d.u + 1

    with pytest.raises(ValueError, match="does not depend on its fields"):
        amplitude(PINN(CoordinateMLP(1, 1, 6, 1), Nothing()), 10.0, 1.0)


def test_the_slope_of_inputs():
    problem = Burgers()
    assert slope(PINN(mlp(), problem)) == pytest.approx(1)
    encoded = slope(PINN(mlp(encoding=PeriodicEncoding(2, (0, 1))), problem))
    assert encoded == pytest.approx(math.pi)


def test_what_trains_is_the_loss_in_units_of_the_residual(float64, trainer):
    task = PINN(mlp(), Burgers(), residual_scale=0.1)
    task._batch = {"residual": task.problem.box_points(torch.rand(20, 2))}
    loss = task.losses(task._batch)["residual"].item()
    r, _ = task.scaled_residuals(task.trainable(), jacobian=False)
    assert r.square().sum().item() == pytest.approx(100 * loss)
    with pytest.raises(ValueError, match="residual_scale must be positive"):
        PINN(mlp(), Burgers(), residual_scale=0.0)


def test_stages_say_what_they_need(poisson, sgn):
    def refused(*words):
        code, _, err = sgn("stages", *words, "--config", poisson)
        assert code == 1
        assert err.count("\n") == 1
        return err

    assert "2 stages or more" in refused(1)
    assert "--growth must be positive" in refused(2, "--growth", 0)
    poisson.write_text(poisson.read_text().replace("CoordinateMLP", "Continued"))
    assert "sets frequencies of a CoordinateMLP, the network is Continued" in refused(2)
    poisson.write_text("seed_everything: 0\n")
    assert "not a configuration of a PINN" in refused(2)
