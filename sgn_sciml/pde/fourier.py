r"""Reference solutions of periodic evolutions: Fourier modes in space, ETDRK4 in time.

.. math::
    u(x, t) = \sum_{|k| \le K} c_k(t)\, e^{2\pi i k (x - a) / \ell}, \qquad
    c_k' = L_k c_k + N_k(c)

on a period :math:`[a, a + \ell]`. Powers of u are formed on a grid with enough points for their
highest modes not to fold back (no aliasing). At scattered points the solution is the series
itself, so that it is as accurate there as at nodes; between asked times the steps are even.
"""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from sgn_sciml.laws.etdrk4 import Complex, etdrk4
from sgn_sciml.laws.law import Array

__all__ = ["coefficients", "evolve", "power", "waves"]


def waves(modes: int, period: float) -> Array:
    """Wavenumbers of the modes 0 to K, shape ``(K + 1,)``."""
    return 2 * math.pi / period * np.arange(modes + 1)


def coefficients(values: Array, modes: int) -> Complex:
    """Modes 0 to K of a function from its values at evenly spaced points of one period."""
    return np.fft.rfft(values)[: modes + 1] / len(values)


def power(c: Complex, exponent: int) -> Complex:
    """The modes 0 to K of a power of a function from its own, both of shape ``(K + 1,)``."""
    modes = len(c) - 1
    n = 2 ** math.ceil(math.log2((exponent + 1) * modes + 1))
    return coefficients((n * np.fft.irfft(c, n)) ** exponent, modes)


def evolve(
    points: Tensor,
    interval: tuple[float, float],
    initial: Complex,
    linear: Complex,
    nonlinear: Callable[[Complex], Complex],
    dt: float,
) -> Tensor:
    """Solution at scattered points, in float64.

    Args:
        points: Points (x, t) with t >= 0, shape ``(N, 2)``.
        interval: The two ends of the period.
        initial: Modes 0 to K of the solution at t = 0, shape ``(K + 1,)``.
        linear: L of these modes, same shape.
        nonlinear: N, from modes to modes.
        dt: Longest step.

    Returns:
        Solution u, shape ``(N, 1)``.
    """
    x, t = points.detach().double().cpu().numpy().T
    k = waves(len(initial) - 1, interval[1] - interval[0])
    c, now = initial, 0.0
    steppers: dict[str, Callable[[Complex], Complex]] = {}
    shown, basis = np.empty(0), np.empty((0, len(k)), complex)
    u = np.empty_like(x)
    for time in np.unique(t):
        count = math.ceil((time - now) / dt)
        # Times of a grid are evenly spaced up to their rounding: one set of weights for all.
        key = f"{(time - now) / max(count, 1):.13e}"
        if key not in steppers:
            steppers[key] = etdrk4(linear, nonlinear, float(key))
        for _ in range(count):
            c = steppers[key](c)
        now = time
        rows = np.flatnonzero(t == time)
        if not np.array_equal(shown, x[rows]):  # frames of a grid share their points
            shown = x[rows]
            basis = np.exp(1j * np.multiply.outer(shown - interval[0], k))
        u[rows] = 2 * (basis @ c).real - c[0].real
    return torch.from_numpy(u)[:, None].to(points.device)
