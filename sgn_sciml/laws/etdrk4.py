r"""Exponential time differencing Runge-Kutta of order four for stiff, diagonal linear parts.

For :math:`v' = L v + N(v)` with diagonal :math:`L` the linear part is exact; the coefficients are
contour means, which avoids the cancellation of :math:`(e^z - 1 - z - \dots)/z^3` at small z.

References:
    Cox and Matthews, *Exponential time differencing for stiff systems* (2002)

    Kassam and Trefethen, *Fourth-order time-stepping for stiff PDEs* (2005)
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sgn_sciml.laws.law import Array

__all__ = ["Complex", "etdrk4"]

Complex = NDArray[Any]


def etdrk4(
    linear: Array,
    nonlinear: Callable[[Complex], Complex],
    dt: float,
) -> Callable[[Complex], Complex]:
    """Make the function that takes one step.

    Args:
        linear: The diagonal of L, real or complex, broadcast against a state.
        nonlinear: N.
        dt: Step.

    Returns:
        State at t to state at t + dt.
    """
    z = dt * linear
    # 64 points on a circle of radius 1 about each z; about a real one the lower half is conjugate.
    real = np.isrealobj(z)
    circle = np.exp(1j * np.pi * (np.arange(32 if real else 64) + 0.5) / 32)
    r = z[..., None] + circle
    e = np.exp(r)
    e1, e2 = np.exp(z), np.exp(z / 2)

    def mean(values: Complex) -> Complex:
        found = values.mean(-1)
        return found.real if real else found

    q = dt * mean((np.exp(r / 2) - 1) / r)
    f1 = dt * mean((-4 - r + e * (4 - 3 * r + r**2)) / r**3)
    f2 = dt * mean(2 * (2 + r + e * (r - 2)) / r**3)
    f3 = dt * mean((-4 - 3 * r - r**2 + e * (4 - r)) / r**3)

    def step(v: Complex) -> Complex:
        nv = nonlinear(v)
        half = e2 * v
        a = half + q * nv
        na = nonlinear(a)
        nb = nonlinear(half + q * na)
        nc = nonlinear(e2 * a + q * (2 * nb - nv))
        return e1 * v + f1 * nv + f2 * (na + nb) + f3 * nc

    return step
