"""The operator task under Lightning's Trainer, built in Python."""

import math

import numpy as np
import pytest
import torch
from lightning.pytorch.callbacks import EMAWeightAveraging
from torch import nn

from sgn_sciml.layouts import write_samples
from sgn_sciml.metrics import relative_l2
from sgn_sciml.networks import OperatorNetwork
from sgn_sciml.operators import (
    FnoSplit,
    Frames,
    NoScaling,
    Operator,
    OperatorData,
    OperatorPairs,
    PerChannel,
    PerPixel,
    Windows,
)
from sgn_sciml.operators.losses import H1, MSE, Domain, FrameL2, Sobolev
from sgn_sciml.operators.networks import FNO
from sgn_sciml.optim import OneCycle
from sgn_sciml.runs import BaseTask
from tests.conftest import ROOT

SMALL = str(ROOT / "data" / "small" / "burgers_r10_64.h5")
SPLIT = FnoSplit(train=40, val=20, test=60)


class Double(OperatorNetwork):
    """Doubles the last channels of its input, so many of them as it returns."""

    def __init__(self, in_channels=1, out_channels=1, axes=1):
        super().__init__(in_channels, out_channels, axes)
        self.factor = nn.Parameter(torch.tensor(2.0))

    def forward(self, x):
        return self.factor * x[:, -self.out_channels :]


def fno(**kwargs):
    return FNO(modes=(4,), width=8, depth=2, **kwargs)


@pytest.fixture
def data():
    return OperatorData(SMALL, split=SPLIT, resolution=16, test_resolutions=[16, 64])


@pytest.fixture
def frames(tmp_path):
    """Trajectories that double with every frame: 30 samples of 6 frames on 8 points."""
    start = np.random.default_rng(0).normal(size=(30, 1, 8))
    u = start * 2.0 ** np.arange(6)[:, None]
    return write_samples(
        tmp_path / "doubling.h5",
        {"t": np.arange(6.0), "x": np.arange(8) / 8},
        {"u": ("t", "x")},
        [{"u": u}],
        30,
        attrs={"law": "doubling", "seed": 0},
        groups={"parameters": {}},
    )


def test_loss_is_measured_in_physical_units(data, trainer):
    losses = []

    class Task(Operator):
        def training_step(self, batch, batch_idx):
            losses.append(super().training_step(batch, batch_idx))
            scaling = data.normalizers
            pred = scaling["target"].inverse(self(scaling["input"](batch["input"])))
            losses.append(relative_l2(pred, batch["target"]).mean())
            return losses[0]

    trainer(max_steps=1).fit(Task(fno()), data)
    torch.testing.assert_close(*losses)
    assert data.normalizers["target"].mean.abs() + data.normalizers["target"].std != 1


def test_rollout_feeds_frames_back(frames, trainer):
    task = Operator(Double(in_channels=2))
    window = torch.randn(3, 2, 1, 8)
    batch = {"input": window, "target": torch.zeros(3, 4, 1, 8)}
    found = task.predict(batch)
    expected = torch.stack([window[:, -1] * 2**k for k in range(1, 5)], 1)
    torch.testing.assert_close(found, expected)


def test_a_bundle_of_frames_is_cut_to_the_target():
    task = Operator(Double(in_channels=2, out_channels=2))
    window = torch.randn(3, 2, 1, 8)
    found = task.predict({"input": window, "target": torch.zeros(3, 3, 1, 8)})
    torch.testing.assert_close(found, torch.cat([2 * window, 4 * window[:, :1]], 1))


def test_pushforward_trains_the_last_call_only():
    task = Operator(Double(), pushforward=True)
    window = torch.ones(3, 1, 1, 8)
    last = task.predict({"input": window, "target": torch.zeros(3, 3, 1, 8)}, pushforward=True)
    assert last.shape == (3, 1, 1, 8)
    (slope,) = torch.autograd.grad(last.mean(), task.network.factor)
    assert slope.item() == pytest.approx(4.0)  # d(f * 4)/df, not d(f^3)/df = 12


def test_difference_adds_to_the_last_frame():
    task = Operator(Double(in_channels=2), difference=True)
    window = torch.randn(3, 2, 1, 8)
    torch.testing.assert_close(task(window), 3 * window[:, -1:])


@pytest.mark.parametrize("pairing", [Frames(input=0, target=3), Windows(history=1)])
@pytest.mark.parametrize("scaling", [PerChannel, PerPixel])
def test_no_change_is_the_input_in_physical_units(pairing, scaling, frames, trainer):
    data = OperatorData(
        str(frames),
        pairing=pairing,
        split=FnoSplit(train=10, val=0, test=20),
        input_normalizer=scaling(),
        target_normalizer=scaling(),
    )
    task = Operator(Double(), difference=True)
    with torch.no_grad():
        task.network.factor.zero_()
    found = trainer().predict(task, data)
    first = (found[0] if isinstance(found[0], list) else found)[0]
    last = first["input"][:, -1:] if pairing.autoregressive else first["input"]
    torch.testing.assert_close(first["prediction"], last.expand_as(first["prediction"]))


def test_a_difference_between_other_channels_is_named():
    task = Operator(Double(in_channels=2, out_channels=1), difference=True)
    with pytest.raises(ValueError, match="difference"):
        task(torch.zeros(1, 2, 8))


def test_conditions_are_constant_channels():
    task = Operator(Double(in_channels=2))
    x, k = torch.randn(3, 1, 8), torch.tensor([[1.0], [2.0], [3.0]])
    torch.testing.assert_close(task(x, k), 2 * k[..., None].expand(3, 1, 8))


def test_wrong_channels_are_named():
    with pytest.raises(ValueError, match=r"2 input channels .*, the network in_channels=1"):
        Operator(fno())(torch.zeros(1, 2, 16))


def test_wrong_number_of_axes_is_named():
    with pytest.raises(ValueError, match="the network has 1 space axes"):
        Operator(fno()).predict({"input": torch.zeros(1, 16), "target": torch.zeros(1, 16)})


def test_no_whole_frame_is_named():
    task = Operator(Double(in_channels=4, out_channels=3))
    with pytest.raises(ValueError, match="not a whole frame"):
        task(torch.zeros(1, 2, 2, 8))


def test_wrong_output_is_named(trainer):
    batch = {"input": torch.zeros(1, 1, 16), "target": torch.zeros(1, 2, 16)}
    with pytest.raises(ValueError, match="set out_channels"):
        Operator(fno()).training_step(batch, 0)


def test_exact_prediction_of_trajectories_scores_zero(frames, trainer):
    data = OperatorData(
        str(frames),
        pairing=Windows(history=1),
        split=FnoSplit(train=10, val=0, test=20),
        input_normalizer=NoScaling(),
    )
    run = trainer()
    run.test(Operator(Double()), data, verbose=False)
    found = run.callback_metrics
    for name in ("relative_l2", "relative_l2/p95", "pdebench/nrmse", "rollout/last"):
        assert found[f"test/{name}"].item() == pytest.approx(0, abs=1e-6)


def test_test_names_every_measure(data, trainer):
    run = trainer()
    run.test(Operator(fno()), data, verbose=False)
    names = {name.removeprefix("test/") for name in run.callback_metrics}
    for name in (
        *("relative_l2", "relative_l2/median", "relative_l2/p95", "relative_h1", "vrmse"),
        *("pdebench/nrmse", "pdebench/frmse_low", "spectral_error/high_relative"),
        *("conformal/coverage", "conformal/width"),
    ):
        assert {name, f"burgers_r10_64@64/{name}"} <= names


def test_energy_above_the_training_nyquist_is_told(data, trainer):
    run = trainer(max_steps=1)
    task = Operator(fno())
    run.fit(task, data)
    run.test(task, data, verbose=False)
    beyond = run.callback_metrics["test/burgers_r10_64@64/beyond_training_nyquist"]
    target = torch.cat([b["target"] for b in data.test_dataloader()[1]])[:, 0].double()
    energy = torch.fft.rfft(target).abs().square()
    energy[:, 1:-1] *= 2
    share = energy[:, 8:].sum() / energy.sum()
    assert beyond.item() == pytest.approx(share.sqrt().item(), rel=1e-5)
    assert "test/beyond_training_nyquist" not in run.callback_metrics


def test_schedule_ends_at_nothing(data, trainer):
    rates = []

    class Task(Operator):
        def on_train_batch_end(self, *args):
            rates.append(self.optimizers().param_groups[0]["lr"])

    task = Task(fno(), schedule=OneCycle(), optimizer=lambda p: torch.optim.Adam(p, lr=0.01))
    trainer(max_steps=10).fit(task, data)
    assert max(rates) == pytest.approx(0.01, rel=0.1)
    assert rates[-1] < 1e-5


def test_checkpoint_restores_the_operator(data, trainer, tmp_path):
    run = trainer(max_steps=1)
    task = Operator(fno())
    run.fit(task, data)
    run.save_checkpoint(tmp_path / "it.ckpt")
    again = Operator.load_from_checkpoint(tmp_path / "it.ckpt", network=fno(), weights_only=True)
    x = torch.randn(2, 1, 16)
    assert torch.equal(again(x), task(x))
    started = Operator(fno(), initial=str(tmp_path / "it.ckpt"))
    assert torch.equal(started(x), task(x))


def test_initial_weights_of_another_network_are_refused(data, trainer, tmp_path):
    run = trainer(max_steps=1)
    run.fit(Operator(fno()), data)
    run.save_checkpoint(tmp_path / "it.ckpt")
    with pytest.raises(ValueError, match="weights of another network"):
        Operator(FNO(modes=(4,), width=9), initial=str(tmp_path / "it.ckpt"))


def test_spectral_weights_are_averaged(data, trainer):
    seen = []

    class Task(Operator):
        def on_train_batch_end(self, *args):
            seen.append(self.network.model.fno_blocks.convs[0].weight.tensor.detach().clone())

    task = Task(fno(), optimizer=lambda p: torch.optim.Adam(p, lr=0.01))
    averaging = EMAWeightAveraging(decay=0.75)
    trainer(max_steps=3, callbacks=[averaging]).fit(task, data)
    expected = 0.75 * (0.75 * seen[0] + 0.25 * seen[1]) + 0.25 * seen[2]
    weights = task.network.model.fno_blocks.convs[0].weight.tensor
    saved = task.state_dict()["network.model.fno_blocks.convs.0.weight.tensor"]
    assert saved.is_complex()
    torch.testing.assert_close(weights.detach(), expected)


def test_operator_is_a_task():
    assert issubclass(Operator, BaseTask)


X = torch.arange(64) / 64
WAVES = {k: torch.sin(2 * math.pi * k * X)[None, None] for k in (1, 4)}


def test_h1_weights_waves_by_their_slope(float64):
    x = torch.arange(512, dtype=torch.float64) / 512
    u, v = (torch.sin(2 * math.pi * k * x)[None, None] for k in (1, 4))
    loss = H1()(u + 0.1 * v, u, Domain(True))
    slope = [(2 * math.pi * k) ** 2 for k in (1, 4)]
    assert loss.item() == pytest.approx(0.1 * math.sqrt((1 + slope[1]) / (1 + slope[0])), rel=1e-3)


@pytest.mark.parametrize("order", [-1.0, 0.0, 1.0])
def test_sobolev_weights_shells(order):
    u, v = WAVES[1], WAVES[4]
    loss = Sobolev(order)(u + 0.1 * v, u, Domain(True))
    assert loss.item() == pytest.approx(0.1 * (17 / 2) ** (order / 2), rel=1e-5)


def test_frames_count_alike_whatever_their_size():
    target = torch.cat([WAVES[1], 100 * WAVES[1]], 1)
    pred = torch.cat([1.1 * WAVES[1], 103 * WAVES[1]], 1)
    assert FrameL2()(pred, target, Domain(True)).item() == pytest.approx((0.1 + 0.03) / 2)


def test_mse_is_the_mean_square():
    assert MSE()(WAVES[1], 0 * WAVES[1], Domain(True)).item() == pytest.approx(0.5)


class Later(OperatorNetwork):
    """Returns frames 1, 2, ... after the last one given, each 1 more."""

    def __init__(self, frames):
        super().__init__(1, frames, 1)
        self.frames = torch.nn.Parameter(torch.arange(1.0, frames + 1))

    def forward(self, x):
        return x[:, -1:] + self.frames[:, None]


@pytest.mark.parametrize("frames", [1, 2, 7])
def test_a_state_is_taken_to_the_frames_that_follow(frames):
    """By a step, some steps or all at once, in scalings of input and target that differ."""
    task, batch = Operator(Later(frames)), {"input": torch.randn(3, 1, 8)}
    batch["target"] = batch["input"][:, None] + torch.arange(1.0, 8)[:, None, None]
    torch.testing.assert_close(task.predict(batch), batch["target"])
    scaling = {"input": PerChannel(), "target": PerChannel()}
    for name, field in scaling.items():
        field.fit([batch[name]], 1)
    task.description = OperatorPairs({"x": 8}, scaling=scaling)
    found, (first, second) = task.predict(batch), scaling.values()
    expected, state = [], batch["input"]
    for k in range(7):
        expected.append(second.inverse(first(state) + (k % frames + 1)))
        state = expected[-1] if (k + 1) % frames == 0 else state
    torch.testing.assert_close(found[:, :, 0], torch.stack(expected, 1)[:, :, 0])


def test_frames_of_the_input_are_channels_of_a_target_without_time():
    task = Operator(FNO(in_channels=7, out_channels=1, modes=[3], width=4, depth=1))
    batch = {"input": torch.randn(3, 7, 1, 8), "target": torch.randn(3, 1, 8)}
    assert task.predict(batch).shape == (3, 1, 8)


def test_more_channels_than_the_target_has_are_not_rolled_out():
    task = Operator(FNO(in_channels=2, out_channels=1, modes=[3], width=4, depth=1))
    batch = {"input": torch.randn(3, 2, 8), "target": torch.randn(3, 7, 1, 8)}
    with pytest.raises(ValueError, match="set out_channels to 7, all 7 times at once"):
        task.predict(batch)
