r"""Burgers and advection as in PDEBench: its equations and initial states, solved exactly.

.. math::
    u_t + (u^2/2)_x = \tfrac{\nu}{\pi}\,u_{xx} \qquad\text{and}\qquad u_t + \beta\,u_x = 0, \qquad
    x \in (0, 1) \text{ periodic},\ t \in [0, 2]

Values at cell centres, 201 frames. PDEBench marches a second-order finite-volume scheme, whose own
diffusion exceeds nu = 0.001 on its 1,024 cells; here Burgers is exact by Cole-Hopf and advection
by characteristics, so the distribution of inputs is PDEBench's and the outputs are the equation's.

References:
    Takamoto et al., *PDEBench: an extensive benchmark for scientific machine learning* (2022),
    https://arxiv.org/abs/2210.07182
"""

import math
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from sgn_sciml.laws.cole_hopf import cole_hopf, num_steps, spacing
from sgn_sciml.laws.law import Array, RandomLaw, option

__all__ = ["AdvectionPDEBench", "BurgersPDEBench", "MultiSine"]

CELLS = 1024  # of PDEBench; the period of its waves depends on it


@dataclass(frozen=True)
class MultiSine:
    r"""One initial state: :math:`\pm|\sum_n A_n \sin(2\pi n s_n x / L + \varphi_n)|\,w(x)`.

    What the files have and the paper does not say: two draws of a slot, with replacement, are
    counted in s_n, so a slot drawn twice doubles its wavenumber, and one not drawn adds the
    constant A_n sin(phi_n). L = 1023/1024 is the distance of the first and last cell centre, so
    the waves do not quite close. Absolute value (probability 0.1), sign (0.5) and window (0.1)
    follow in this order. The ends of the window come from the very random number that decides
    whether there is one, so the left end lies in (0.1, 0.135) and the right one 0.45 beyond it.

    Args:
        amplitude: A, shape ``(slots,)``.
        wavenumber: n s_n, shape ``(slots,)``.
        phase: phi, shape ``(slots,)``.
        absolute: Whether the absolute value is taken.
        sign: 1 or -1.
        window: Ends of the window, or None.
    """

    amplitude: Array
    wavenumber: Array
    phase: Array
    absolute: bool
    sign: float
    window: tuple[float, float] | None

    @classmethod
    def draw(cls, rng: np.random.Generator, slots: int = 4) -> "MultiSine":
        """Draw a state; PDEBench has 4 slots, so wavenumbers up to 8."""
        drawn = np.bincount(rng.integers(0, slots, 2), minlength=slots).astype(float)
        amplitude, phase = rng.random(slots), 2 * np.pi * rng.random(slots)
        absolute, sign = bool(rng.random() < 0.1), float(rng.choice([1.0, -1.0]))
        chance = rng.random()
        left = 0.1 + 0.35 * chance
        window = (left, left + 0.45) if chance < 0.1 else None
        return cls(amplitude, np.arange(1, slots + 1) * drawn, phase, absolute, sign, window)

    def __call__(self, x: Array) -> Array:
        """Values at x, any shape."""
        wave = 2 * np.pi * self.wavenumber / (1 - 1 / CELLS)
        u = np.zeros_like(x)
        for a, k, phase in zip(self.amplitude, wave, self.phase, strict=True):
            u += a * np.sin(k * x + phase)
        u = self.sign * (np.abs(u) if self.absolute else u)
        if self.window:
            left, right = self.window
            u *= 0.5 * (np.tanh((x - left) / 0.01) - np.tanh((x - right) / 0.01))
        return u


@dataclass(frozen=True)
class _PDEBench(RandomLaw):
    axes: ClassVar = {"u": ("t", "x")}
    block = 8

    res: int = option(1024, "cells in x; divides 1024 or is a multiple of it")
    frames: int = option(201, "frames in t, t = 0 included")
    time: float = option(2.0, "time of the last frame")

    def __post_init__(self) -> None:
        if self.res < 1 or (CELLS % self.res and self.res % CELLS):
            raise ValueError(
                f"{self.name}: --res must divide {CELLS} or be a multiple of it, got {self.res}"
            )
        if self.frames < 2 or not self.time > 0:
            raise ValueError(f"{self.name}: frames must be >= 2 and time > 0")

    def coordinates(self) -> dict[str, Array]:
        # Fewer cells are every k-th of the 1,024, from the first on, as in PDEBench's reader.
        cells = max(self.res, CELLS)
        x = (np.arange(cells) + 0.5) / cells
        t = np.linspace(0, self.time, self.frames)
        return {"t": t, "x": x[:: cells // self.res]}

    def draw(self, rngs: Sequence[np.random.Generator]) -> list[MultiSine]:
        return [MultiSine.draw(rng) for rng in rngs]

    def outputs(self, drawn: Sequence[MultiSine]) -> dict[str, Array]:
        return {"u": self.evolve(drawn)}

    def cheaper(self) -> Iterator[tuple[Self, float]]:
        yield self, 1.0  # exact: there is nothing to save

    @abstractmethod
    def evolve(self, states: Sequence[MultiSine]) -> Array:
        """Solutions, shape ``(len(states), frames, res)``."""


@dataclass(frozen=True)
class BurgersPDEBench(_PDEBench):
    """Burgers' equation with viscosity nu/pi."""

    name = "burgers-pdebench"
    about = "PDEBench's Burgers trajectories (viscosity nu/pi), exact by Cole-Hopf"

    nu: float = option(0.001, "PDEBench's nu: the viscosity is nu/pi")
    refine: int = option(1, "factor on the points of the solver")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (self.nu > 0 and self.refine % 2 == 1):
            raise ValueError(f"{self.name}: nu must be > 0 and refine an odd number")

    def evolve(self, states: Sequence[MultiSine]) -> Array:
        return np.stack([self._evolve(state) for state in states])

    def _evolve(self, state: MultiSine) -> Array:
        nu, dt = self.nu / math.pi, self.time / (self.frames - 1)
        cells = max(self.res, CELLS)
        speed = float(np.abs(state.amplitude).sum())
        # An odd factor keeps the centres of the cells.
        factor = math.ceil(1 / (spacing(nu, dt / num_steps(speed, nu, dt)) * cells)) * self.refine
        factor += 1 - factor % 2
        n = cells * factor
        u = cole_hopf(*_integral(state, 8 * n), speed, nu, dt, n, self.frames - 1)
        u = u[:, factor // 2 :: factor][:, :: cells // self.res]
        return np.concatenate([state(self.coordinates()["x"])[None], u])

    def other_solver(self) -> Self:
        return replace(self, refine=3 * self.refine)


@dataclass(frozen=True)
class AdvectionPDEBench(_PDEBench):
    """Advection with speed beta."""

    name = "advection-pdebench"
    about = "PDEBench's advection trajectories, exact"

    beta: float = option(0.1, "speed")

    def evolve(self, states: Sequence[MultiSine]) -> Array:
        grid = self.coordinates()
        feet = np.mod(grid["x"] - self.beta * grid["t"][:, None], 1.0)
        return np.stack([state(feet) for state in states])

    def other_solver(self) -> Self:
        return self  # exact: no solver to refine


def _integral(state: MultiSine, n: int) -> tuple[Array, float]:
    """Integral from 0 to the centres of n cells, and over all, by Gauss' rule on half cells."""
    node = 0.25 / math.sqrt(3)
    u = state((np.arange(n)[:, None] + [0.25 - node, 0.25 + node, 0.75 - node, 0.75 + node]) / n)
    left, right = u[:, :2].sum(-1) / (4 * n), u[:, 2:].sum(-1) / (4 * n)
    edge = np.cumsum(left + right)
    return edge - right, float(edge[-1])
