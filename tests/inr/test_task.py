import math

import pytest
import torch
from torch import nn

from sgn_sciml.inr import INR, ErrorDriven, RandomPoints, Signal, SignalData
from sgn_sciml.inr.measurements import Gradients, LineIntegrals, Samples
from sgn_sciml.inr.weighting import FrequencyWeighting
from sgn_sciml.layers import SpectralGate
from sgn_sciml.networks import CoordinateMLP, CoordinateNetwork


class Ripple(SignalData):
    """cos(pi k y) cos(pi k x), scaled to [0, 1], on a small grid."""

    def __init__(self, waves=1.0, size=(16, 16), **kwargs):
        super().__init__(**kwargs)
        self.waves, self.size = waves, size

    def load(self):
        y, x = (((2 * torch.arange(n) + 1) / n - 1) * math.pi * self.waves for n in self.size)
        values = (torch.cos(y)[:, None] * torch.cos(x)[None] + 1) / 2
        return Signal(values[None], "image", 0.0, 1.0, ("y", "x"))


def waves(top=60.0):
    def gate(scale):
        return lambda n: SpectralGate(
            n, spectral="sine", base=None, gate_init=1.0, frequency_scale=scale
        )

    return CoordinateMLP(
        2, 1, width=24, depth=2, activation=gate(30.0), first_activation=gate((10.0, top))
    )


def fit(trainer, task, data, **options):
    made = trainer(**options)
    made.fit(task, datamodule=data)
    return made


def test_a_step_through_chunks_is_the_step_through_all(trainer):
    found = []
    for chunk in (7, 256):
        torch.manual_seed(0)
        task = INR(waves(), chunk=chunk)
        fit(trainer, task, Ripple(), max_steps=3)
        found.append(torch.nn.utils.parameters_to_vector(task.parameters()))
    assert torch.allclose(*found, atol=1e-5)


def test_a_ripple_is_learnt(trainer):
    task = INR(waves(), frequency=4.0)
    made = fit(trainer, task, Ripple(), max_steps=150, val_check_interval=150)
    assert made.callback_metrics["val/psnr"] > 30


def test_a_loss_that_weighs_frequencies_trains(trainer):
    task = INR(waves(), frequency=4.0, weighting=FrequencyWeighting(), chunk=100)
    made = fit(trainer, task, Ripple(), max_steps=100, val_check_interval=100)
    assert made.callback_metrics["val/psnr"] > 20


def test_a_weighting_of_power_zero_takes_the_steps_of_the_mean_square(trainer):
    found = []
    for weighting in (None, FrequencyWeighting(power=0.0)):
        torch.manual_seed(0)
        task = INR(waves(), weighting=weighting)
        fit(trainer, task, Ripple(), max_steps=3)
        found.append(torch.nn.utils.parameters_to_vector(task.parameters()))
    assert torch.allclose(*found, atol=1e-5)


def test_weighting_frequencies_of_some_samples_is_refused(trainer):
    task = INR(waves(), weighting=FrequencyWeighting(), measurement=Samples(every=2))
    with pytest.raises(ValueError, match="all samples"):
        fit(trainer, task, Ripple())


def test_it_stops_at_the_target(trainer):
    task = INR(waves(), frequency=4.0, target_psnr=20.0)
    made = fit(trainer, task, Ripple(), max_steps=150, val_check_interval=5)
    assert made.global_step < 150
    assert made.callback_metrics["val/psnr"] >= 20


def test_the_loss_of_a_validation_is_the_mean_square_of_the_scaled_error(trainer):
    made = fit(trainer, INR(waves()), Ripple(), max_steps=2)
    psnr, loss = (float(made.callback_metrics[f"val/{n}"]) for n in ("psnr", "loss"))
    assert psnr == pytest.approx(10 * math.log10(4 / loss), abs=0.01)


def test_frequencies_are_stretched_to_the_grid(trainer):
    task = INR(waves(), frequency=2.0)
    fit(trainer, task, Ripple(size=(32, 16)), max_steps=1, val_check_interval=1)
    assert task.network.upper.tolist() == [256 / 64, 256 / 32]


def test_the_probe_prefers_frequencies_that_the_signal_has(trainer):
    class Toy(CoordinateNetwork):
        """Knows the ripple at twice the frequency of a standard grid, and learns its height."""

        def __init__(self):
            super().__init__(2, 1)
            self.gain = torch.nn.Parameter(torch.tensor(0.5))

        def forward(self, x):
            s = self.scale(x)
            return self.gain * torch.cos(8 * math.pi * s).prod(-1, keepdim=True)

    task = INR(Toy(), optimizer=torch.optim.Adam, frequency="auto")
    fit(trainer, task, Ripple(waves=1.0, size=(16, 16)), max_steps=1, val_check_interval=1)
    assert task.found["frequency"] == 2.0
    assert task.network.upper.tolist() == [8.0, 8.0]


@pytest.mark.parametrize("measurement", [Gradients(), LineIntegrals(views=30), Samples(every=2)])
def test_it_is_reconstructed_from_what_is_known(measurement, trainer):
    task = INR(waves(), frequency=4.0, measurement=measurement)
    before = float(fit(trainer, task, Ripple(), max_steps=1).callback_metrics["train/loss"])
    made = fit(trainer, task, Ripple(), max_steps=100, val_check_interval=100)
    assert made.callback_metrics["train/loss"] < 0.05 * before


def test_slopes_are_scored_up_to_the_constant_they_cannot_know(trainer):
    """Also where the constant would take values out of their range."""

    class Exact(CoordinateMLP):
        def forward(self, x):
            y, x = x.unbind(-1)
            wave = torch.cos(2 * math.pi * y) * torch.cos(2 * math.pi * x)
            return wave[:, None] + 3.0

    found = {}
    for measurement in (Gradients(), Samples()):
        made = trainer()
        task = INR(Exact(2, 1, width=4, depth=1), measurement=measurement)
        made.test(task, Ripple(waves=2.0, size=(16, 16)))
        found[type(measurement)] = made.callback_metrics
        if measurement.up_to_constant:
            batch = {"axis0": torch.linspace(-1, 1, 9), "axis1": torch.linspace(-1, 1, 9)}
            values = task.rendered(batch)
            assert (values.min() + values.max()).item() == pytest.approx(1.0)
    assert found[Gradients]["test/psnr"] > 60
    assert found[Samples]["test/psnr"] < 10


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("unit", "offset"), [(1e-30, 0.0), (1e30, 0.0), (0.1, 101325.0)])
def test_a_field_is_measured_alike_in_every_unit(unit, offset, dtype, trainer):
    """0.1 Pa around 101,325 Pa need the digits of float64."""
    if offset and dtype == torch.float32:
        pytest.skip("float32 does not hold it")

    class Field(Ripple):
        def load(self):
            values = (offset + unit * super().load().values.double()).to(dtype)
            low, high = float(values.min()), float(values.max())
            return Signal(values, "field", low, high, ("y", "x"))

    class Plain(Ripple):
        def load(self):
            values = super().load().values
            return Signal(values, "field", float(values.min()), float(values.max()), ("y", "x"))

    scores = []
    for data in (Plain(), Field()):
        torch.manual_seed(0)
        made = fit(trainer, INR(waves()), data, max_steps=5, val_check_interval=5)
        scores.append(made.callback_metrics)
    for name in ("val/psnr", "val/loss", "val/spectral_error/mid_relative"):
        assert float(scores[1][name]) == pytest.approx(float(scores[0][name]), rel=1e-4)


def test_samples_that_were_not_told_are_measured_by_themselves(trainer):
    task = INR(waves(), frequency=4.0, measurement=Samples(every=2))
    made = fit(trainer, task, Ripple(), max_steps=100, val_check_interval=100)
    assert made.callback_metrics["val/psnr/unseen"] < made.callback_metrics["val/psnr"]


def test_no_checkpoint_is_chosen_by_a_truth_that_was_not_told(trainer):
    task = INR(waves(), measurement=Samples(noise=0.3))
    made = fit(trainer, task, Ripple(), max_steps=2, val_check_interval=2)
    assert made.callback_metrics["val/loss"] == made.callback_metrics["train/loss"]


@pytest.mark.parametrize("batch", [RandomPoints(50), ErrorDriven(first=0.3, every=2)])
def test_a_step_may_take_some_points(batch, trainer):
    made = fit(trainer, INR(waves()), Ripple(batch=batch), max_steps=20, val_check_interval=20)
    assert made.callback_metrics["val/psnr"] > 10


def test_a_network_of_other_sizes_is_refused(trainer):
    with pytest.raises(ValueError, match="in_features to 2"):
        fit(trainer, INR(CoordinateMLP(1, 3)), Ripple())


@pytest.mark.parametrize("options", [{"chunk": 0}, {"frequency": 0.0}])
def test_numbers_out_of_range_are_refused(options):
    with pytest.raises(ValueError, match="must be"):
        INR(waves(), **options)


def test_any_module_of_torch_learns_a_signal(trainer):
    torch.manual_seed(0)
    module = nn.Sequential(
        *(nn.Linear(2, 24), nn.Tanh(), nn.Linear(24, 24), nn.Tanh(), nn.Linear(24, 1))
    )
    data = Ripple(waves=0.5)
    made = fit(trainer, INR(module), data, max_steps=200, val_check_interval=200)
    assert made.callback_metrics["val/psnr"] > 17


def test_a_module_of_other_sizes_is_refused(trainer):
    with pytest.raises(ValueError, match="2 axes and 1 channels: give its Linear as many"):
        fit(trainer, INR(nn.Linear(1, 3)), Ripple())
