"""A stand-in for a trained operator whose errors are known."""

import numpy as np
import torch
from lightning.pytorch import LightningModule

from sgn_sciml.metrics import SpectralError
from sgn_sciml.networks.base import OperatorNetwork
from sgn_sciml.operators import FnoSplit, NoScaling, OperatorData

ERRORS = np.random.default_rng(0).permutation(40) / 100 + 0.01


class Nothing(OperatorNetwork):
    def forward(self, x):
        return x


class Known(LightningModule):
    """Predicts the target times 1 + its sample's number in ``ERRORS``."""

    def __init__(self, axes):
        super().__init__()
        self.network = Nothing(1, 1, axes)
        self.spectral = SpectralError("periodic")
        self.done = {}

    def metrics(self, stage):
        return {"spectral": self.spectral}

    def test_step(self, batch, batch_idx, dataloader_idx=0):
        target = batch["target"]
        first = self.done.get(dataloader_idx, 0)
        self.done[dataloader_idx] = first + len(target)
        error = torch.from_numpy(ERRORS[first : first + len(target)]).float()
        factor = 1 + error[(...,) + (None,) * (target.ndim - 1)]
        return {k: batch[k] for k in ("input", "target")} | {"prediction": factor * target}

    def predict_step(self, batch, batch_idx, dataloader_idx=0):
        return self.test_step(batch, batch_idx, dataloader_idx)


def data(path, pairing=None, **options):
    """Samples 10 to 49 of a file, for the test."""
    scaling = {"input_normalizer": NoScaling(), "target_normalizer": NoScaling()}
    options = {"split": FnoSplit(10, 40), "batch_size": 7} | scaling | options
    return OperatorData(path, pairing, **options)
