"""What runs on a GPU; skipped where torch sees none. ``make test-gpu`` runs these alone."""

import json
from pathlib import Path

import pytest
import torch
import yaml
from lightning.pytorch import Callback

from sgn_sciml.layouts import open_source, read_grid
from sgn_sciml.operators import FnoSplit, Operator, OperatorData
from sgn_sciml.operators.networks import FNO
from sgn_sciml.pde import Burgers
from sgn_sciml.pinn import PINN, Collocation
from tests.conftest import ROOT

ACCELERATOR = "gpu"
pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU"),
]
CONFIGS = ("config", "operator_config", "signal_config")  # fixtures, a task each
ON = ("--trainer.accelerator", ACCELERATOR, "--trainer.devices", "1")


@pytest.fixture(params=CONFIGS, ids=["pinn", "operator", "inr"])
def path(request):
    return request.getfixturevalue(request.param)


def card(version=0):
    return json.loads(Path(f"runs/tiny/version_{version}/card.json").read_text())


def test_every_task_is_fitted_tested_and_predicted(path, sgn):
    for command in ("fit", "validate", "test", "predict"):
        code, _, err = sgn(command, "--config", path, *ON)
        assert code == 0, err
    found = card()
    assert found["machine"]["device"] == torch.cuda.get_device_name()
    assert found["steps"] == 8
    assert all(value == value for k, value in found["test"].items() if k.startswith("test/"))
    assert list(Path("runs/tiny/version_0").glob("predictions*.h5"))


def test_gpu_and_cpu_measure_the_same(path, sgn):
    assert sgn("fit", "--config", path, *ON)[0] == 0
    numbers = []
    for accelerator in (ACCELERATOR, "cpu"):
        words = ("--trainer.accelerator", accelerator, "--trainer.devices", "1")
        code, _, err = sgn("test", "--config", path, *words)
        assert code == 0, err
        numbers.append({k: v for k, v in card()["test"].items() if k.startswith("test/")})
    for name, value in numbers[0].items():
        assert value == pytest.approx(numbers[1][name], rel=2e-3, abs=1e-5), name


@pytest.mark.filterwarnings("ignore:Using ModelCheckpoint with manual optimization")
@pytest.mark.filterwarnings("ignore:The dirpath has changed")
def test_a_resumed_run_is_the_whole_one(path, sgn):
    content = yaml.safe_load(path.read_text())
    midway = {"dirpath": "kept", "filename": "midway", "every_n_train_steps": 5, "monitor": None}
    keeper = {"class_path": "lightning.pytorch.callbacks.ModelCheckpoint", "init_args": midway}
    content["trainer"] |= {"accelerator": ACCELERATOR, "devices": 1}
    content["trainer"]["callbacks"].append(keeper)
    path.write_text(yaml.safe_dump(content))
    assert sgn("fit", "--config", path)[0] == 0
    code, _, err = sgn("fit", "--config", path, "--ckpt_path", "kept/midway.ckpt")
    assert code == 0, err
    whole, resumed = (
        torch.load(f"runs/tiny/version_{k}/checkpoints/last.ckpt", weights_only=True)
        for k in (0, 1)
    )
    assert whole["global_step"] == resumed["global_step"] == 8
    for name, tensor in whole["state_dict"].items():
        torch.testing.assert_close(resumed["state_dict"][name], tensor, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("precision", ["16-mixed", "bf16-mixed"])
@pytest.mark.parametrize("fixture", ["operator_config", "signal_config"], ids=["operator", "inr"])
def test_mixed_precision_trains(fixture, precision, sgn, request):
    path = request.getfixturevalue(fixture)
    code, _, err = sgn("fit", "--config", path, *ON, "--trainer.precision", precision)
    assert code == 0, err
    assert card()["training"]["final"]["val/loss"] < 10


def test_a_float64_pinn_has_float64_derivatives(config, sgn):
    for command in ("fit", "predict"):
        assert sgn(command, "--config", config, *ON)[0] == 0
    grid = read_grid("runs/tiny/version_0/predictions.h5")
    assert grid.fields["u"].dtype == grid.fields["residual"].dtype == torch.float64
    saved = torch.load("runs/tiny/version_0/checkpoints/last.ckpt", weights_only=True)
    floats = [t for t in saved["state_dict"].values() if t.is_floating_point()]
    assert {t.dtype for t in floats} == {torch.float64}


def test_jets_agree_with_nested_autograd(float64):
    from sgn_sciml.jets import Nested
    from sgn_sciml.networks import CoordinateMLP

    points = torch.rand(50, 2, generator=torch.Generator().manual_seed(0))
    found = []
    for engine in (None, Nested()):
        torch.manual_seed(0)
        task = PINN(CoordinateMLP(2, 1, width=8, depth=2), Burgers(), engine=engine).cuda()
        found.append(task.residual(points.cuda()))
    torch.testing.assert_close(*found, rtol=1e-10, atol=1e-10)


class NoWaiting(Callback):
    """Errors where a step waits for the GPU, after the first ones, which build what lasts."""

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        if trainer.global_step >= 3:
            torch.cuda.set_sync_debug_mode("error")

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        torch.cuda.set_sync_debug_mode("default")

    def on_exception(self, trainer, pl_module, exception):
        torch.cuda.set_sync_debug_mode("default")


def on_gpu(trainer, **options):
    return trainer(accelerator=ACCELERATOR, devices=1, **options)


def test_a_step_of_a_pinn_does_not_wait(trainer):
    from sgn_sciml.callbacks import GateEvolution, SpectralErrorMap
    from sgn_sciml.layers import SpectralGate
    from sgn_sciml.networks import CoordinateMLP

    network = CoordinateMLP(2, 1, width=8, depth=2, activation=SpectralGate)
    data = Collocation(Burgers(), num_points=64, redraw_every=0)
    callbacks = [NoWaiting(), GateEvolution(), SpectralErrorMap()]
    on_gpu(trainer, max_steps=8, callbacks=callbacks).fit(PINN(network, Burgers()), data)


def test_a_step_of_an_operator_does_not_wait(trainer):
    from sgn_sciml.callbacks import GateEvolution, SpectralErrorMap

    small = str(ROOT / "data" / "small" / "burgers_r10_64.h5")
    data = OperatorData(small, split=FnoSplit(40, 20, 20), batch_size=5, cache_on_device=True)
    callbacks = [NoWaiting(), GateEvolution(), SpectralErrorMap()]
    task = Operator(FNO(modes=(4,), width=8, depth=2))
    on_gpu(trainer, max_steps=8, callbacks=callbacks).fit(task, data)


def test_a_step_of_an_inr_does_not_wait(trainer):
    from sgn_sciml.callbacks import GateEvolution, SpectralErrorMap
    from sgn_sciml.inr import INR, ImageData
    from sgn_sciml.layers import Sine
    from sgn_sciml.networks import CoordinateMLP

    task = INR(CoordinateMLP(2, 1, width=8, depth=2, activation=Sine), torch.optim.Adam)
    callbacks = [NoWaiting(), GateEvolution(), SpectralErrorMap()]
    on_gpu(trainer, max_steps=8, callbacks=callbacks).fit(task, ImageData(size=16))


def test_a_cache_on_the_device_gives_what_the_file_holds():
    small = str(ROOT / "data" / "small" / "burgers_r10_64.h5")
    u = torch.from_numpy(open_source(small).read("u", slice(40)))
    data = OperatorData(small, split=FnoSplit(40, 20), cache_on_device=True)
    data.setup("fit")
    group = data.groups["train"][0]
    found = group.stores[1].take(group.samples)
    torch.testing.assert_close(found[:, 0].cpu(), u.float())
