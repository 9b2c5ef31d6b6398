"""A signal on TensorBoard while it trains, and its figure when testing ends."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from scipy.io import wavfile
from skimage.io import imread
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from sgn_sciml.inr import INR, Signal, SignalData, SignalFigures, figures
from sgn_sciml.inr.description import plain_field
from sgn_sciml.inr.figures import draw_signal
from sgn_sciml.layouts.volumes.placement import VolumePlacement
from sgn_sciml.networks import CoordinateMLP


class Noise(SignalData):
    def __init__(self, kind="image", shape=(1, 12, 16), **kwargs):
        super().__init__(**kwargs)
        self.kind, self.shape = kind, shape

    def load(self):
        values = torch.rand(self.shape, generator=torch.Generator().manual_seed(1))
        axes = ("t",) if len(self.shape) == 2 else ("x", "y", "z")[: len(self.shape) - 1]
        return Signal(values, self.kind, 0.0, 1.0, axes, 800.0 if self.kind == "audio" else None)


def task(data):
    return INR(CoordinateMLP(len(data.shape) - 1, data.shape[0], width=8, depth=2))


def fit(trainer, data, tmp_path, **options):
    logger = TensorBoardLogger(tmp_path, "board")
    options = {"max_steps": 10, "val_check_interval": 2, "logger": logger} | options
    made = trainer(callbacks=[SignalFigures(every=2)], **options)
    made.fit(task(data), datamodule=data)
    board = EventAccumulator(str(tmp_path / "board" / "version_0"))
    board.Reload()
    return made, board


def test_every_second_validation_sends_the_image(trainer, tmp_path):
    data = Noise(shape=(3, 12, 16))
    made, board = fit(trainer, data, tmp_path)
    assert [event.step for event in board.Images("prediction")] == [2, 6, 10]
    assert [event.step for event in board.Images("target")] == [2]
    (tmp_path / "last.png").write_bytes(board.Images("prediction")[-1].encoded_image_string)
    batch = next(iter(data.val_dataloader()))
    wanted = 255 * made.lightning_module.rendered(batch).permute(1, 2, 0).numpy()
    assert np.abs(imread(tmp_path / "last.png") - wanted).max() < 1.01  # it is cut, not rounded
    folder = tmp_path / "board" / "version_0"
    assert np.abs(imread(folder / "rendered.png") - wanted).max() <= 0.5 + 1e-3
    assert (folder / "figures" / "image.png").stat().st_size > 10_000


def test_of_a_volume_the_middle_slice_is_sent(trainer, tmp_path):
    data = Noise("volume", (1, 4, 5, 6))
    _, board = fit(trainer, data, tmp_path)
    (tmp_path / "slice.png").write_bytes(board.Images("target")[0].encoded_image_string)
    wanted = 255 * data.description.values[0, 2].flip(0).numpy()  # upwards
    assert np.abs(imread(tmp_path / "slice.png")[..., 0] - wanted).max() < 1.01


def test_a_sound_can_be_played(trainer, tmp_path):
    _, board = fit(trainer, Noise("audio", (2, 90)), tmp_path)
    assert wavfile.read(tmp_path / "board/version_0/rendered.wav")[0] == 800
    sounds = board.Audio("prediction")
    assert [event.step for event in sounds] == [2, 6, 10]
    assert sounds[0].sample_rate == 800


def test_training_steps_render_nothing(trainer, tmp_path, monkeypatch):
    rendered = []
    monkeypatch.setattr(INR, "rendered", lambda self, batch, truth: rendered.append(1) or truth)
    fit(trainer, Noise(), tmp_path, max_steps=7, val_check_interval=7)
    assert len(rendered) == 3  # what the task measures, what is sent, and what is left


@pytest.mark.parametrize(("shape", "drawn"), [((1, 12, 16), (6, 8)), ((1, 2, 16), (1, 8))])
def test_of_many_samples_some_are_drawn(shape, drawn, monkeypatch):
    monkeypatch.setattr(figures, "MANY", 20)
    monkeypatch.setattr(figures, "PREVIEW", {2: 8})
    data = Noise(shape=shape)
    data.setup("fit")
    places, values = figures.excerpt(data.description)
    assert values.shape == (1, *drawn)
    assert [len(places[f"axis{k}"]) for k in range(2)] == list(drawn)
    rows, columns = (((places[f"axis{k}"] + 1) * shape[1 + k] / 2 - 0.5) for k in range(2))
    whole = data.description.values[0]
    assert torch.equal(values[0], whole[rows.round().int()][:, columns.round().int()])


@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        ("image", (3, 12, 16)),
        ("audio", (2, 400)),
        ("volume", (1, 5, 6, 7)),
        ("field", (2, 9, 8)),
        ("field", (1, 20)),
        ("field", (1, 4, 5, 6)),
    ],
)
def test_a_tested_signal_has_a_figure(kind, shape, trainer, tmp_path):
    data, logger = Noise(kind, shape), CSVLogger(tmp_path, "tested")
    made = trainer(callbacks=[SignalFigures()], logger=logger)
    made.test(task(data), datamodule=data, verbose=False)
    figures = list((tmp_path / "tested/version_0/figures").iterdir())
    assert [path.name for path in figures] == [f"{kind}.png"]
    assert figures[0].stat().st_size > 10_000


def test_the_figure_gets_what_the_task_measures(trainer, tmp_path, monkeypatch):
    seen = {}

    def draw(signal, target, pred, **curves):
        seen.update(curves, error=(pred - target).square().mean())
        return figures.Figure()

    monkeypatch.setattr(figures, "draw_signal", draw)
    data = Noise()
    made = trainer(callbacks=[SignalFigures()], logger=CSVLogger(tmp_path, "tested"))
    made.test(task(data), datamodule=data, verbose=False)
    assert seen["spectrum"][1].sum() == pytest.approx(seen["error"])  # Plancherel
    assert seen["rings"].resolved == made.callback_metrics["test/resolved_waves"]


def test_other_tasks_are_left_alone(trainer, reference, tmp_path):
    from sgn_sciml.pde import Burgers
    from sgn_sciml.pinn import PINN, Collocation

    data = Collocation(Burgers(), str(reference), num_points=8)
    made = trainer(callbacks=[SignalFigures()], logger=CSVLogger(tmp_path, "pinn"))
    pinn = PINN(CoordinateMLP(2, 1, width=8, depth=2), Burgers())
    made.fit(pinn, data)
    made.test(pinn, data, verbose=False)
    assert not (tmp_path / "pinn/version_0/figures").exists()


def test_the_interval_is_positive():
    with pytest.raises(ValueError, match="every must be at least 1"):
        SignalFigures(every=0)


def test_a_volume_in_space_is_drawn_in_its_proportions():
    place = VolumePlacement(np.diag([2.0, 1.0, 5.0, 1.0]), (4, 6, 8), "nifti", "mm", "RAS")
    values = torch.rand(1, 4, 6, 8)
    signal = replace(plain_field(values, 3), placement=place)
    panel = draw_signal(signal, values, values + 0.1).axes[0]  # across the third axis
    assert (panel.get_xlabel(), panel.get_ylabel()) == ("axis0 (mm)", "axis1 (mm)")
    assert panel.images[0].get_extent() == pytest.approx([0, 8, 0, 6])
