"""Data of your own for an operator: pairs of functions on a grid, in a file of any layout."""

from pathlib import Path

import h5py
import numpy as np

from sgn_sciml.operators import OperatorData


class Own(OperatorData):
    """Functions and their smoothed copies; put your own pairs in their place.

    Where the file is there already, `data: {class_path: OperatorData, ...}` reads it without this
    class, and `sgn data inspect FILE` says what is in it.
    """

    def setup(self, stage: str) -> None:
        """Make the file, once, then read it."""
        path = Path(str(self.paths[0]))
        if not path.exists():
            x = np.linspace(0, 1, 64, endpoint=False)
            random = np.random.default_rng(0)
            waves, phases = random.integers(1, 9, (240, 1, 3)), random.random((240, 1, 3))
            angles = 2 * np.pi * (waves * x[:, None] + phases)
            before = np.sin(angles).sum(-1)  # (samples, x)
            after = (np.exp(-0.1 * waves**2) * np.sin(angles)).sum(-1)
            with h5py.File(path, "w") as file:
                file["x"], file["a"], file["u"] = x, before, after
        super().setup(stage)
