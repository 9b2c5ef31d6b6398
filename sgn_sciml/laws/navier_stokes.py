r"""Navier-Stokes equations in vorticity form on the torus, the FNO benchmark's law.

.. math::
    \omega_t + v\cdot\nabla\omega = \nu\,\Delta\omega
        + \tfrac{1}{10}\bigl(\sin 2\pi(x + y) + \cos 2\pi(x + y)\bigr), \qquad
    v = (\psi_y, -\psi_x),\ -\Delta\psi = \omega, \quad (x, y) \in [0, 1)^2

from a Gaussian random field with covariance :math:`7^3(-\Delta + 49)^{-5/2}` (the benchmark: to
t = 50 for nu = 1e-3, 30 for 1e-4, 20 for 1e-5; frames one unit of time apart). Some versions of
its generator draw real and imaginary parts of variance one each: twice the covariance of the text.

Fourier, dealiased by the 2/3 rule; exponential Runge-Kutta of order four. The advection is
:math:`(\partial_{xx} - \partial_{yy})(v_1 v_2) + \partial_{xy}(v_2^2 - v_1^2)`: four transforms.

References:
    Li et al., *Fourier neural operator for parametric partial differential equations* (2021),
    https://arxiv.org/abs/2010.08895

    Basdevant, *Technical improvements for direct numerical simulation of homogeneous
    three-dimensional turbulence* (1983)
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import ClassVar, Self

import numpy as np
import scipy.fft

from sgn_sciml.laws.etdrk4 import Complex, etdrk4
from sgn_sciml.laws.law import Array, RandomLaw, option

__all__ = ["NavierStokes2D"]

MODES = 128  # of the benchmark's 256 x 256 grid


@dataclass(frozen=True)
class NavierStokes2D(RandomLaw):
    """Vorticity trajectories."""

    name = "navier-stokes-2d"
    about = "vorticity on the torus with the FNO benchmark's forcing, trajectories"
    axes: ClassVar = {"u": ("t", "x", "y")}
    checked = 1

    res: int = option(64, "points in x and y; divides the grid")
    nu: float = option(1e-3, "viscosity; the benchmark has 1e-3, 1e-4 and 1e-5")
    time: float = option(50.0, "time of the last frame; the benchmark has 50, 30 and 20")
    frames: int = option(51, "frames in t, t = 0 included")
    grid: int = option(0, "points of the solver (0: 128 for nu >= 1e-3, otherwise 256)")
    cfl: float = option(1.5, "time step times largest wavenumber times speed")

    def __post_init__(self) -> None:
        if not (self.nu > 0 and self.time > 0 and self.cfl > 0 and self.frames >= 2):
            raise ValueError(f"{self.name}: nu, time and cfl must be > 0 and frames >= 2")
        if self.res < 4 or self.points % self.res or 2 * MODES % self.res:
            raise ValueError(
                f"{self.name}: --res must divide {2 * MODES} and the grid {self.points}, "
                f"got {self.res}"
            )

    @property
    def points(self) -> int:
        """Points of the solver's grid along one axis."""
        return self.grid or max(self.res, 128 if self.nu >= 1e-3 else 256)

    def coordinates(self) -> dict[str, Array]:
        x = np.arange(self.res) / self.res
        return {"t": np.linspace(0, self.time, self.frames), "x": x, "y": x}

    def initial(self, rng: np.random.Generator) -> Complex:
        """Fourier coefficients of the vorticity at t = 0, shape ``(256, 129)``."""
        k = scipy.fft.fftfreq(2 * MODES, 1 / (2 * MODES))
        std = 7**1.5 * (4 * np.pi**2 * (k[:, None] ** 2 + k**2) + 49) ** -1.25
        std[0, 0] = std[MODES] = std[:, MODES] = 0
        normal = rng.standard_normal((2, 2 * MODES, 2 * MODES))
        c = std * (normal[0] + 1j * normal[1])
        # The real part of a sum over all waves: each shares its coefficient with its opposite.
        return (c + np.conj(np.roll(c[::-1, ::-1], 1, (0, 1))))[:, : MODES + 1] / 2

    def draw(self, rngs: Sequence[np.random.Generator]) -> Complex:
        return np.stack([self.initial(rng) for rng in rngs])

    def outputs(self, drawn: Complex) -> dict[str, Array]:
        return {"u": np.stack([self.trajectory(start) for start in drawn])}

    def trajectory(self, start: Complex) -> Array:
        """Solve from Fourier coefficients (``rfft2`` over n^2); shape ``(frames, res, res)``."""
        n = self.points
        kx = 2 * np.pi * scipy.fft.fftfreq(n, 1 / n)[:, None]
        ky = 2 * np.pi * scipy.fft.rfftfreq(n, 1 / n)
        square, largest = kx**2 + ky**2, 2 * np.pi * n / 3
        kept = (np.maximum(abs(kx), ky) < largest).astype(float)
        inverse = kept / np.where(square > 0, square, 1)
        to_v1, to_v2 = 1j * ky * inverse, -1j * kx * inverse
        from_product, from_squares = (kx**2 - ky**2) * kept, kx * ky * kept
        forcing = np.zeros((n, n // 2 + 1), complex)
        forcing[1, 1] = 0.1 * (0.5 - 0.5j)

        def nonlinear(w: Complex) -> Complex:
            v1, v2 = _values(to_v1 * w, n), _values(to_v2 * w, n)
            product = scipy.fft.rfft2(v1 * v2, norm="forward")
            squares = scipy.fft.rfft2(v2 * v2 - v1 * v1, norm="forward")
            return from_product * product + from_squares * squares + forcing

        @lru_cache
        def stepper(steps: int) -> Callable[[Complex], Complex]:
            return etdrk4(-self.nu * square, nonlinear, between / steps)

        between = self.time / (self.frames - 1)
        w = _resize(start, n) * kept
        fields = [_values(start, max(n, 2 * MODES))]  # all of it, as in the benchmark
        for _ in range(self.frames - 1):
            speed = np.hypot(_values(to_v1 * w, n), _values(to_v2 * w, n)).max()
            needed = max(1.0, between * largest * speed / self.cfl)
            steps = 2 ** math.ceil(math.log2(needed))  # few values, so few sets of coefficients
            for _ in range(steps):
                w = stepper(steps)(w)
            fields.append(_values(w, n))
        return np.stack([f[:: len(f) // self.res, :: len(f) // self.res] for f in fields])

    def other_solver(self) -> Self:
        # Half as fine gives an upper bound; twice as fine costs 16 times as much.
        half = self.points // 2
        return replace(self, grid=2 * self.points if half % self.res else half)

    def cheaper(self) -> Iterator[tuple[Self, float]]:
        grids = [self.points // 2**k for k in range(8)]
        for grid in (n for n in reversed(grids) if n >= self.res and n % self.res == 0):
            yield replace(self, grid=grid), (grid / self.points) ** 3  # points times steps


def _values(spectrum: Complex, n: int) -> Array:
    values: Array = scipy.fft.irfft2(_resize(spectrum, n), (n, n), norm="forward")
    return values


def _resize(spectrum: Complex, n: int) -> Complex:
    """Drop or add high frequencies, to a grid of n points."""
    if len(spectrum) == n:
        return spectrum
    out = np.zeros((n, n // 2 + 1), complex)
    low = min(n, len(spectrum)) // 2
    out[:low, :low], out[1 - low :, :low] = spectrum[:low, :low], spectrum[1 - low :, :low]
    return out
