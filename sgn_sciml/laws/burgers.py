r"""Burgers' equation on the unit interval as in the FNO benchmark, and as in the text about it.

The file ``burgers_data_R10.mat`` of the FNO benchmark obeys

.. math::
    v_t + v\,v_y = \nu\,v_{yy}, \quad y \in [0, \ell) \text{ periodic},\ \nu = 0.1,\ \ell = 2\pi,
    \ t \in [0, 1]

with :math:`x = y/\ell` as its coordinate, that is

.. math::
    u_t + \tfrac{1}{\ell}\,(u^2/2)_x = \tfrac{\nu}{\ell^2}\,u_{xx}, \quad x \in [0, 1)

while the paper's text says :math:`\ell = 1`, where next to nothing is left of the solution at
t = 1. The initial state is a periodic Gaussian random field on the unit interval with covariance
:math:`625\,(-\Delta + 25)^{-2}` and zero mean. Fourier, dealiased by the 2/3 rule, in space;
exponential Runge-Kutta of order four in time.

References:
    Li et al., *Fourier neural operator for parametric partial differential equations* (2021),
    https://arxiv.org/abs/2010.08895
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
import scipy.fft

from sgn_sciml.laws.etdrk4 import Complex, etdrk4
from sgn_sciml.laws.law import Array, RandomLaw, option

__all__ = ["BurgersPaper", "BurgersR10"]

FINEST = 8192  # grid of the benchmark; a coarser one takes every 2^k-th of its points


@dataclass(frozen=True)
class BurgersR10(RandomLaw):
    """The law that the FNO benchmark's file obeys."""

    name = "burgers-r10"
    about = "u(x, 0) to u(x, 1) of the FNO benchmark file: nu = 0.1 on a period of 2 pi"
    axes: ClassVar = {"a": ("x",), "u": ("x",)}
    block = 25
    length: ClassVar[float] = 2 * math.pi

    res: int = option(1024, "points in x; divides 8192")
    nu: float = option(0.1, "viscosity on the period of length 2 pi")
    time: float = option(1.0, "time of the output")
    grid: int = option(1024, "points of the solver")
    steps: int = option(200, "time steps of the solver")

    def __post_init__(self) -> None:
        if self.res < 2 or FINEST % self.res:
            raise ValueError(f"{self.name}: --res must divide {FINEST}, got {self.res}")
        if not (self.nu > 0 and self.time > 0 and self.steps > 0 and self.grid >= 8):
            raise ValueError(f"{self.name}: nu, time and steps must be > 0 and grid >= 8")

    def coordinates(self) -> dict[str, Array]:
        return {"x": np.arange(self.res) / self.res}

    def draw(self, rngs: Sequence[np.random.Generator]) -> Complex:
        """Fourier coefficients of u(x, 0), shape ``(len(rngs), 4096)``, zero mean first."""
        k = np.arange(1, FINEST // 2)
        std = math.sqrt(2) * 25 / ((2 * np.pi * k) ** 2 + 25)
        normal = np.stack([rng.standard_normal((len(k), 2)) for rng in rngs])
        spectrum = np.zeros((len(rngs), len(k) + 1), complex)
        spectrum[:, 1:] = std / 2 * (normal[..., 0] - 1j * normal[..., 1])
        return spectrum

    def inputs(self, drawn: Complex) -> dict[str, Array]:
        return {"a": self._field(drawn, FINEST)[:, :: FINEST // self.res]}

    def outputs(self, drawn: Complex) -> dict[str, Array]:
        v = drawn[:, : self.grid // 3 + 1]
        k = 2 * np.pi * np.arange(v.shape[1]) / self.length

        def nonlinear(v: Complex) -> Complex:
            u = self._field(v, self.grid)
            square = scipy.fft.rfft(u * u, norm="forward")
            return -0.5j * k * square[:, : v.shape[1]]

        step = etdrk4(-self.nu * k**2, nonlinear, self.time / self.steps)
        for _ in range(self.steps):
            v = step(v)
        points = FINEST if self.grid % self.res else self.grid
        return {"u": self._field(v, points)[:, :: points // self.res]}

    @staticmethod
    def _field(spectrum: Complex, n: int) -> Array:
        return scipy.fft.irfft(spectrum, n, norm="forward")

    def other_solver(self) -> Self:
        return replace(self, grid=2 * self.grid, steps=2 * self.steps)

    def cheaper(self) -> Iterator[tuple[Self, float]]:
        grids = [self.grid // 2**k for k in range(10) if self.grid // 2**k >= 16]
        counts = [self.steps // 2**k for k in range(10) if self.steps // 2**k]
        shares = {(g, s): g * s / (self.grid * self.steps) for g in grids for s in counts}
        for (grid, steps), share in sorted(shares.items(), key=lambda item: item[1]):
            yield replace(self, grid=grid, steps=steps), share


@dataclass(frozen=True)
class BurgersPaper(BurgersR10):
    """The law in the FNO paper's text, which its file does not obey."""

    name = "burgers-paper"
    about = "the FNO paper's text taken literally: nu = 0.1 on a period of 1 (u(1) nearly zero)"
    length: ClassVar[float] = 1.0
