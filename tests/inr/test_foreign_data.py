"""Data modules and loaders of others, with the batches that INR documents."""

import json
import math
from pathlib import Path

import h5py
import pytest
import torch
from lightning.pytorch import LightningDataModule, Trainer
from lightning.pytorch.loggers import CSVLogger
from torch.utils.data import DataLoader

from sgn_sciml.inr import INR, Samples, Signal, SignalFigures
from sgn_sciml.inr.measurements import grid_points
from sgn_sciml.inr.weighting import FrequencyWeighting
from sgn_sciml.layers import Sine
from sgn_sciml.networks import CoordinateMLP

AXES = (torch.linspace(-1, 1, 6), torch.linspace(-1, 1, 8))
VALUES = (AXES[0][:, None] * AXES[1])[None]  # (1, 6, 8)


def loader(batch):
    return DataLoader([batch], batch_size=None)


def training():
    return loader({"points": grid_points(AXES), "values": VALUES.reshape(-1, 1)})


def evaluation(values=VALUES, **more):
    return loader({"axis0": AXES[0], "axis1": AXES[1], "values": values[None], **more})


def places():
    return loader({"axis0": torch.linspace(-1, 1, 3), "axis1": AXES[1]})


class Plain(LightningDataModule):
    """A product of coordinates, by someone who knows nothing of us."""

    def train_dataloader(self):
        return training()

    def val_dataloader(self):
        return evaluation()

    def test_dataloader(self):
        return evaluation()

    def predict_dataloader(self):
        return places()


class Described(Plain):
    """The same as an image between -1 and 1, half of it unknown."""

    description = Signal(VALUES, "image", -1.0, 1.0, ("y", "x"), mask=VALUES[0] > 0, seed=4)


def inr(**options):
    return INR(CoordinateMLP(2, 1, width=16, depth=2, activation=Sine), **options)


def test_a_foreign_module_is_fitted_measured_and_rendered(trainer):
    task, data, made = inr(), Plain(), trainer(max_steps=60, val_check_interval=1)
    made.fit(task, datamodule=data)
    assert made.callback_metrics["train/loss"] < 0.05
    (validated,) = made.validate(task, datamodule=data, verbose=False)
    (tested,) = made.test(task, datamodule=data, verbose=False)
    (found,) = made.predict(task, datamodule=data)
    assert {"test/psnr", "test/relative_l2", "test/spectral_error/low"} < tested.keys()
    assert tested["test/psnr"] == validated["val/psnr"]
    error = task.rendered({"axis0": AXES[0], "axis1": AXES[1]}) - VALUES
    mse = float(error.square().mean())
    assert tested["test/psnr"] == pytest.approx(10 * math.log10(4 / mse), abs=1e-4)  # of [-1, 1]
    assert tested["test/loss"] == pytest.approx(mse, rel=1e-5)
    assert tested["test/relative_l2"] == pytest.approx(float(error.norm() / VALUES.norm()))
    assert found["values"].shape == (1, 3, 8)


def test_a_plain_trainer_takes_bare_loaders(tmp_path):
    made = Trainer(
        max_epochs=3,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        log_every_n_steps=1,
        default_root_dir=tmp_path,
    )
    task = inr()
    made.fit(task, training(), evaluation())
    assert made.callback_metrics["val/relative_l2"] > 0
    (validated,) = made.validate(task, evaluation(), verbose=False)
    (tested,) = made.test(task, evaluation(), verbose=False)
    (found,) = made.predict(task, places())
    assert tested["test/psnr"] == validated["val/psnr"]
    assert found["values"].shape == (1, 3, 8)


def test_each_signal_is_measured_by_metrics_of_its_own(trainer):
    task, made = inr(), trainer()
    made.test(task, evaluation(), verbose=False)
    other = {"axis0": AXES[1], "axis1": AXES[0], "values": VALUES.mT[None]}
    (found,) = made.test(task, loader(other), verbose=False)
    error = task.rendered(other) - VALUES.mT
    assert found["test/relative_l2"] == pytest.approx(float(error.norm() / VALUES.norm()))


def test_samples_that_no_step_may_see_are_measured_by_themselves(trainer):
    known = torch.ones(6, 8, dtype=torch.bool)
    known[2] = False
    task, made = inr(), trainer(max_steps=2)
    made.fit(task, training(), evaluation(known=known))
    metrics = made.callback_metrics
    error = task.rendered({"axis0": AXES[0], "axis1": AXES[1]})[0, 2] - VALUES[0, 2]
    wanted = 10 * math.log10(4 / float(error.square().mean()))
    assert float(metrics["val/psnr/unseen"]) == pytest.approx(wanted, abs=1e-3)
    assert metrics["val/loss"] == metrics["train/loss"]  # the truth chooses no checkpoint


def test_a_foreign_module_may_describe_its_signal(trainer, tmp_path):
    task, logger = inr(frequency=2.0), CSVLogger(tmp_path, "tested")
    made = trainer(callbacks=[SignalFigures()], logger=logger, log_every_n_steps=1)
    made.fit(task, datamodule=Described())
    assert task.network.upper.tolist() == pytest.approx([256 / 12, 256 / 16])
    (tested,) = made.test(task, datamodule=Described(), verbose=False)
    assert "test/resolved_waves" in tested
    assert [p.name for p in (tmp_path / "tested/version_0/figures").iterdir()] == ["image.png"]
    points, values = task.measurements()
    assert (points.prod(-1) > 0).all()  # the mask
    assert torch.equal(points.prod(-1, keepdim=True).sign(), values.sign())


def test_an_undescribed_signal_has_a_figure_as_a_field(trainer, tmp_path):
    made = trainer(callbacks=[SignalFigures()], logger=CSVLogger(tmp_path, "tested"))
    made.test(inr(), datamodule=Plain(), verbose=False)
    assert [p.name for p in (tmp_path / "tested/version_0/figures").iterdir()] == ["field.png"]


def test_without_a_grid_frequencies_are_those_for_256_samples(trainer):
    task = inr(frequency=0.5)
    trainer(max_steps=1).fit(task, datamodule=Plain())
    assert task.network.upper.tolist() == [2.0, 2.0]


def test_frequencies_of_a_fit_stay_with_another_grid(trainer):
    task = inr(frequency="auto")
    trainer(max_steps=1, limit_val_batches=0).fit(task, datamodule=Described())
    before = task.network.upper.tolist()
    assert before == pytest.approx([256 / (n * task.found["frequency"]) for n in (6, 8)])
    trainer().test(task, evaluation(), verbose=False)
    assert task.network.upper.tolist() == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"frequency": "auto"}, "frequency 'auto' tries frequencies on a signal that the data"),
        ({"weighting": FrequencyWeighting()}, "all samples of a signal that the data describe"),
    ],
)
def test_what_needs_a_description_says_so(options, message, trainer):
    with pytest.raises(ValueError, match=message):
        trainer().fit(inr(**options), datamodule=Plain())


def test_measurements_are_made_of_what_is_described(trainer):
    task = inr(measurement=Samples(noise=0.1))
    trainer(max_steps=1).fit(task, datamodule=Plain())
    with pytest.raises(ValueError, match="`description`"):
        task.measurements()


@pytest.mark.parametrize(
    "values", [VALUES.expand(2, -1, -1), VALUES[..., None].expand(-1, -1, -1, 3)]
)
def test_a_signal_of_other_sizes_is_refused(values, trainer):
    batch = {f"axis{k}": torch.linspace(-1, 1, n) for k, n in enumerate(values.shape[1:])}
    with pytest.raises(ValueError, match="the network maps 2 coordinates to 1 channels, the"):
        trainer().test(inr(), loader(batch | {"values": values[None]}), verbose=False)


CONFIG = """\
trainer:
  accelerator: cpu
  max_steps: 4
  val_check_interval: 1
  log_every_n_steps: 1
  enable_progress_bar: false
model:
  class_path: INR
  init_args:
    network:
      class_path: CoordinateMLP
      init_args: {in_features: 2, out_features: 1, width: 8, depth: 2}
data: {class_path: tests.inr.test_foreign_data.Plain}
"""


def test_the_command_line_takes_a_foreign_module(sgn, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text(CONFIG)
    for command in ("fit", "validate", "test", "predict"):
        code, out, err = sgn(command, "--config", "mine.yaml")
        assert code == 0, err
        assert command != "test" or "PSNR" in out
    card = json.loads(Path("runs/mine/version_0/card.json").read_text())
    assert card["test"]["data"] == {"module": "Plain"}
    with h5py.File("runs/mine/version_0/predictions.h5") as file:
        assert file["values"].shape == (1, 3, 8)
