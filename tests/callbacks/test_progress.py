"""What the progress bar of a signal shows."""

import torch

from sgn_sciml.callbacks import StepProgress
from sgn_sciml.inr import INR, Signal, SignalData
from sgn_sciml.networks import CoordinateMLP


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
