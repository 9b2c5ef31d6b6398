"""What the progress bar of a signal shows."""

import torch

from sgn_sciml.callbacks import StepProgress
from sgn_sciml.inr import INR, Signal, SignalData
from sgn_sciml.networks import CoordinateMLP
from sgn_sciml.optim import Phase, Phases
from sgn_sciml.pde import Burgers
from sgn_sciml.pinn import PINN, Collocation


class Ramp(SignalData):
    def load(self):
        return Signal(torch.rand(1, 8, 8), "image", 0.0, 1.0, ("y", "x"))


class Bar(StepProgress):
    """Keeps what is shown after each validation."""

    def __init__(self):
        super().__init__()
        self.shown = []

    def on_validation_end(self, trainer, pl_module):
        super().on_validation_end(trainer, pl_module)
        postfix = self.train_progress_bar.postfix
        self.shown.append((postfix, float(trainer.callback_metrics["val/psnr"])))


def test_the_psnr_of_every_validation_is_shown(trainer):
    bar = Bar()
    made = trainer(callbacks=[bar], enable_progress_bar=True, max_steps=4, val_check_interval=2)
    made.fit(INR(CoordinateMLP(2, 1, width=8, depth=2)), datamodule=Ramp())
    assert len(bar.shown) == 2
    assert all(f"PSNR={psnr:.1f} dB" in postfix for postfix, psnr in bar.shown)
    assert all("train/loss" in postfix for postfix, _ in bar.shown)


def phases(*lengths):
    weights = [torch.nn.Parameter(torch.zeros(1))]
    kinds = (torch.optim.Adam, torch.optim.LBFGS, torch.optim.SGD)
    return Phases(weights, [Phase(k, n) for k, n in zip(kinds, lengths, strict=False)])


def test_the_time_left_is_that_of_the_present_phase():
    """Steps of 1 s, the first of 9 s, and then of 20 s."""
    bar, optimizer, now, shown = StepProgress(), phases(10, None), 0.0, {}
    for step in range(1, 15):
        optimizer.count, now = step, now + (9 if step == 1 else 1 if step <= 10 else 20)
        shown[step] = bar._left(optimizer, 14, now)
    assert shown[1] == "? + 4 steps of LBFGS"
    assert shown[4] == "00:06 + 4 steps of LBFGS"
    assert shown[9] == "00:01 + 4 steps of LBFGS"
    assert shown[10] == "?"  # what a step of the next one costs is not known
    assert shown[13] == "00:20"
    assert shown[14] == "00:00"


def test_what_is_ahead_of_a_schedule():
    optimizer = phases(5, 3, 4)
    assert optimizer.ahead(20) == [("Adam", 5), ("LBFGS", 3), ("SGD", 12)]
    optimizer.count = 6
    assert optimizer.ahead(12) == [("LBFGS", 2), ("SGD", 4)]
    assert optimizer.ahead(7) == [("LBFGS", 1)]


def test_the_bar_of_a_run_tells_the_steps_of_the_next_optimiser(trainer):
    class Phased(StepProgress):
        def __init__(self):
            super().__init__()
            self.formats = []

        def on_train_batch_end(self, *args):
            super().on_train_batch_end(*args)
            self.formats.append(self.train_progress_bar.bar_format)

    bar = Phased()
    task = PINN(
        CoordinateMLP(2, 1, width=4, depth=2),
        Burgers(),
        lambda p: Phases(p, [Phase(torch.optim.Adam, 3), Phase(torch.optim.SGD)]),
    )
    made = trainer(callbacks=[bar], enable_progress_bar=True, max_steps=5)
    made.fit(task, Collocation(Burgers(), num_points=8))
    assert "+ 2 steps of SGD" in bar.formats[1]
    assert all("SGD" not in shown for shown in bar.formats[2:])
