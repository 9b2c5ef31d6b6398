"""A PINN under Lightning's Trainer, built in Python."""

from dataclasses import dataclass
from functools import partial

import pytest
import torch
from lightning.pytorch import Callback
from pytorch_optimizer import SOAP
from torch.utils._python_dispatch import TorchDispatchMode

from sgn_sciml.callbacks import FiniteLoss, NonFiniteError
from sgn_sciml.networks import CoordinateMLP
from sgn_sciml.pde import Burgers
from sgn_sciml.pinn import NTK, PINN, Causal, Collocation, GradientNorm, ResidualAttention
from sgn_sciml.runs import BaseTask


def pinn(**kwargs):
    return PINN(CoordinateMLP(2, 1, width=8, depth=2), Burgers(), **kwargs)


@pytest.fixture
def data(reference):
    return Collocation(Burgers(), str(reference), num_points=32, num_condition_points=8)


class HostSyncs(TorchDispatchMode):
    """Records operations that wait for a device or move a tensor between devices.

    Adam reads its own step counters, which it keeps on the host for every device: those do not
    count.
    """

    def __init__(self):
        super().__init__()
        self.found = []
        self.seen = 0
        self.counters = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.seen += 1
        name = str(func)
        moved = name.startswith("aten._to_copy") and (kwargs or {}).get("device") is not None
        waits = "_local_scalar_dense" in name and args[0].data_ptr() not in self.counters
        if waits or moved:
            self.found.append(name)
        return func(*args, **(kwargs or {}))


READS = ("item", "tolist", "cpu", "numpy", "cuda", "__bool__", "__float__", "__int__")


class Watch(Callback):
    """Switches a dispatch mode on for the inside of every training step.

    What leaves no trace in the dispatcher on a CPU is caught at the tensor's own methods.
    """

    def __init__(self):
        self.mode = HostSyncs()
        self.patch = pytest.MonkeyPatch()

    def note(self, name):
        method = getattr(torch.Tensor, name)

        def noting(tensor, *args, **kwargs):
            if tensor.data_ptr() not in self.mode.counters:
                self.mode.found.append(name)
            return method(tensor, *args, **kwargs)

        return noting

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        if batch_idx > 0:  # the first step creates Adam's state
            state = trainer.optimizers[0].state.values()
            self.mode.counters = {s["step"].data_ptr() for s in state}
            self.mode.__enter__()
            for name in READS:
                self.patch.setattr(torch.Tensor, name, self.note(name))

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        if batch_idx > 0:
            self.mode.__exit__(None, None, None)
            self.patch.undo()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"exact_conditions": False, "balancing": GradientNorm(every=2)},
        {"exact_conditions": False, "balancing": NTK(every=2, points=4)},
        {"point_weights": Causal()},
        {"point_weights": ResidualAttention()},
    ],
)
def test_no_host_synchronisation_in_a_training_step(trainer, data, options):
    watch = Watch()
    # FiniteLoss runs inside the watch too: its hooks come after the watch has begun.
    trainer(callbacks=[FiniteLoss(), watch]).fit(pinn(**options), data)
    assert watch.mode.seen > 100
    assert watch.mode.found == []


def test_soap_trains_a_pinn_in_the_precision_of_the_run(trainer, data):
    soap = partial(SOAP, lr=0.01, weight_decay=0.0, precondition_frequency=2)
    task = pinn(optimizer=soap)
    points = {"residual": Burgers().box_points(torch.rand(200, 2, dtype=torch.float64))}
    before = task.double().losses(points)["residual"].item()
    fit = trainer(max_steps=60, val_check_interval=60, precision="64-true")
    fit.fit(task, data)
    assert task.losses(points)["residual"].item() < before / 2
    state = fit.optimizers[0].state[task.network.layers[2].weight]
    assert {t.dtype for t in [state["exp_avg_sq"], *state["GG"], *state["Q"]]} == {torch.float64}


def test_frozen_parameters_stay_and_the_others_train(trainer, data):
    task = pinn(frozen=["*.frequency_factors", "*.gate"])
    before = {name: p.detach().clone() for name, p in task.named_parameters()}
    trainer().fit(task, data)
    still = {name for name, p in task.named_parameters() if torch.equal(p, before[name])}
    assert still == {n for n in before if n.endswith(("frequency_factors", "gate"))}
    assert len(still) == 4


def test_freezing_nothing_is_refused():
    with pytest.raises(ValueError, match=r"no parameter is called '\*\.frequencie'"):
        pinn(frozen=["*.frequencie"])


class Reads(Callback):
    """Reads a number in every step."""

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        pl_module.term_values.tolist()


def test_a_read_in_a_step_would_be_found(trainer, data):
    watch = Watch()
    trainer(callbacks=[Reads(), watch]).fit(pinn(), data)
    assert "tolist" in watch.mode.found


def test_every_parameter_trains(trainer, data):
    task = pinn()
    before = {name: p.detach().clone() for name, p in task.named_parameters()}
    trainer().fit(task, data)
    still = [name for name, p in task.named_parameters() if torch.equal(p, before[name])]
    assert still == []


def test_metrics_are_logged_under_their_names(trainer, data):
    fit = trainer()
    fit.fit(pinn(exact_conditions=False), data)
    logged = set(fit.callback_metrics)
    bands = {
        f"val/spectral_error/{b}{r}" for b in ("low", "mid", "high") for r in ("", "_relative")
    }
    terms = {f"train/loss/{t}" for t in ("residual", "initial", "left", "right")}
    field = {"val/relative_l2", "val/relative_h1", "val/max_error"}
    assert logged == {"train/loss", "val/loss"} | terms | bands | field


def test_test_metrics_match_a_direct_computation(trainer, data, float64):
    task = pinn().double()
    (result,) = trainer(precision="64-true").test(task, data, verbose=False)
    error = task(data.grid.points)[..., 0] - data.grid.fields["u"]
    assert result["test/relative_l2"] == pytest.approx(
        (error.norm() / data.grid.fields["u"].norm()).item()
    )
    assert result["test/max_error"] == pytest.approx(error.abs().max().item())


def test_without_a_reference_the_held_out_loss_is_still_there(trainer):
    fit = trainer()
    fit.fit(pinn(), Collocation(Burgers(), num_points=16))
    assert "val/loss" in fit.callback_metrics
    assert "val/relative_l2" not in fit.callback_metrics


def test_checkpoint_holds_no_pickled_objects(trainer, tmp_path, data):
    fit = trainer()
    fit.fit(pinn(), data)
    fit.save_checkpoint(tmp_path / "a.ckpt")
    content = torch.load(tmp_path / "a.ckpt", weights_only=True)
    assert content["global_step"] == 4


def test_a_task_built_in_python_reloads_with_its_objects(trainer, tmp_path, data):
    task = pinn()
    fit = trainer()
    fit.fit(task, data)
    fit.save_checkpoint(tmp_path / "a.ckpt")
    again = PINN.load_from_checkpoint(
        tmp_path / "a.ckpt",
        network=CoordinateMLP(2, 1, width=8, depth=2),
        problem=Burgers(),
        weights_only=True,
    )
    points = torch.rand(5, 2)
    assert torch.equal(again(points), task(points))


def test_hyperparameters_are_plain():
    assert dict(pinn(exact_conditions=False).hparams) == {
        "exact_conditions": False,
        "balancing": None,
        "point_weights": None,
        "unknown": None,
        "data_weight": None,
        "weights": None,
        "residual_scale": 1.0,
        "frozen": (),
        "engine": None,
    }
    assert issubclass(PINN, BaseTask)


class Poisoned(PINN):
    """The residual becomes NaN at step 3."""

    def losses(self, batch):
        losses = super().losses(batch)
        bad = self.training and self.global_step == 2
        return {k: v * (torch.nan if bad and k == "initial" else 1) for k, v in losses.items()}


def test_nan_stops_with_step_and_term(trainer, data):
    task = Poisoned(CoordinateMLP(2, 1, width=8, depth=2), Burgers(), exact_conditions=False)
    with pytest.raises(
        NonFiniteError, match="loss term 'initial' became NaN or infinite at step 3"
    ):
        trainer(callbacks=[FiniteLoss(every=1)]).fit(task, data)


@dataclass(frozen=True)
class InSmallUnits(Burgers):
    unit: float = 1.0

    def residual(self, d):
        return self.unit * super().residual(d)


@pytest.mark.parametrize("unit", [1e-23, 1e20])
def test_residuals_whose_squares_float32_loses_are_refused(trainer, unit):
    """With the size that the scale must have; in float64 that trains as in other units."""
    problem = InSmallUnits(unit=unit)
    data = Collocation(problem, num_points=16)
    with pytest.raises(ValueError, match="whose squares float32 does not hold"):
        trainer().fit(PINN(CoordinateMLP(2, 1, width=4, depth=2), problem), data)
    found = []
    for each, scale in ((problem, unit), (InSmallUnits(), 1.0)):
        torch.manual_seed(0)
        task = PINN(CoordinateMLP(2, 1, width=4, depth=2), each, residual_scale=scale)
        trainer(precision="64-true").fit(task, Collocation(each, num_points=16))
        found.append(torch.nn.utils.parameters_to_vector(task.parameters()))
    torch.testing.assert_close(*found, rtol=1e-6, atol=1e-9)


def test_nan_never_reaches_a_checkpoint(trainer, tmp_path, data):
    task = pinn()
    fit = trainer(callbacks=[FiniteLoss()])
    fit.fit(task, data)
    fit.save_checkpoint(tmp_path / "good.ckpt")
    with torch.no_grad():
        next(task.network.parameters()).fill_(torch.nan)
    with pytest.raises(NonFiniteError, match=r"weight 'network\.layers\.0\.weight' became NaN"):
        fit.save_checkpoint(tmp_path / "bad.ckpt")
    assert not (tmp_path / "bad.ckpt").exists()


NETWORK = """
import torch


class Net(torch.nn.Module):
    def __init__(self, width: int = 8):
        super().__init__()
        self.first = torch.nn.Linear(2, width)
        self.last = torch.nn.Linear(width, 1)

    def forward(self, x):
        return self.last(torch.tanh(self.first(x.view(len(x), -1))))
"""


def test_a_module_of_ones_own_trains_and_reloads(config, sgn, tmp_path, monkeypatch, caplog):
    (tmp_path / "ones_own.py").write_text(NETWORK)
    monkeypatch.syspath_prepend(tmp_path)
    words = ["--model.network", "{class_path: ones_own.Net, init_args: {width: 5}}"]
    words += ["--trainer.callbacks", "null"]
    code, _, err = sgn("fit", "--config", config, *words)
    assert code == 0, err
    assert "no rule for view; differentiating by nested autograd" in caplog.text
    task = BaseTask.load_from_checkpoint("runs/tiny/version_0/checkpoints/last.ckpt")
    assert task.network.module.first.out_features == 5
    code, _, err = sgn("test", "--config", "runs/tiny/version_0/config.yaml")
    assert code == 0, err


def test_a_module_that_does_not_fit_is_one_line(config, sgn):
    sizes = "{in_features: 2, out_features: 3}"
    network = f"{{class_path: torch.nn.Linear, init_args: {sizes}}}"
    code, _, err = sgn("fit", "--config", config, "--model.network", network)
    assert code != 0
    assert "Linear cannot be the network" in err
    assert "Traceback" not in err
