"""Cells that take no time, for the tests of the engine."""

import os
import time
from pathlib import Path

import numpy as np

from sgn_sciml.studies import Cell, Curve, Outcome


class Power(Cell):
    """Measures base to an exponent.

    Args:
        base: The base; -1 fails, -2 kills the process.
        exponent: The exponent.
        seed: Seed.
        wait: Folder; if given, writes a file there and waits until another says go.
    """

    together = ("seed",)

    def __init__(
        self, base: float = 2.0, exponent: int = 1, seed: int = 0, wait: str | None = None
    ) -> None:
        self.base, self.exponent, self.seed, self.wait = base, exponent, seed, wait

    def run(self) -> Outcome:
        if self.base == -1:
            raise ArithmeticError("a negative base\nof this cell")
        if self.base == -2:
            os._exit(9)
        if self.wait:
            Path(self.wait, f"at-{self.base:g}").touch()
        while self.wait and not Path(self.wait, "go").exists():
            time.sleep(0.02)
        steps = np.arange(1.0, 4.0)
        curve = Curve({"step": steps.tolist()}, self.base**steps)
        return Outcome({"power": self.base**self.exponent, "never": float("nan")}, {"path": curve})
