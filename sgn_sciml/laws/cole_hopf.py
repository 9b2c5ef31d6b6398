r"""Burgers' equation on a periodic line, solved exactly by the Cole-Hopf transformation.

With :math:`u = -2\nu\,\theta_x/\theta` the equation :math:`u_t + (u^2/2)_x = \nu u_{xx}` becomes
the heat equation, whose solution is a convolution:

.. math::
    \theta(x, t + \Delta t) = \int e^{-(x - y)^2 / 4\nu\Delta t}\,\theta(y, t)\,dy, \qquad
    u(x, t + \Delta t) = \frac{\int \frac{x - y}{\Delta t} e^{\dots}\,\theta\,dy}
                              {\int e^{\dots}\,\theta\,dy}

A Gaussian sampled twice per deviation is integrated by the trapezoidal rule to e^-79, so a shock
much thinner than the grid costs no accuracy: what is resolved is :math:`\theta`, never u. Because
:math:`\theta` spans hundreds of orders of magnitude, its logarithm is stored; each block of points
works with :math:`\theta` relative to its largest value nearby, and the sum is a matrix product.

References:
    Hopf, *The partial differential equation* u_t + u u_x = mu u_xx (1950)

    Cole, *On a quasi-linear parabolic equation occurring in aerodynamics* (1951)
"""

import math

import numpy as np

from sgn_sciml.laws.law import Array

__all__ = ["cole_hopf", "num_steps", "propagate", "spacing"]

BLOCK = 16  # points that share one scale
REACH = 8.0  # deviations of the Gaussian that count: e^-32 is left out
MOST = 1000  # steps between two frames
RANGE = 600.0  # exponents within a window that a float64 can tell apart


def spacing(nu: float, dt: float) -> float:
    """Largest spacing that resolves a step: half a deviation of the Gaussian."""
    return math.sqrt(2 * nu * dt) / 2


def num_steps(speed: float, nu: float, dt: float) -> int:
    """Steps between two frames: so many that no weight that counts underflows.

    Raises:
        ValueError: If a state so fast would take too many steps.
    """
    for steps in range(1, MOST):
        step = dt / steps
        window = 2 * (REACH * math.sqrt(2 * nu * step) + speed * step)
        if speed * window / (2 * nu) + speed**2 * step / (4 * nu) <= RANGE:
            return steps
    raise ValueError(f"a speed of {speed:.3g} is too fast for a viscosity of {nu:.3g}")


def cole_hopf(
    integral: Array, period: float, speed: float, nu: float, dt: float, n: int, frames: int
) -> Array:
    """Solve from the integral of the initial state on the unit interval.

    Args:
        integral: Integral of u from 0 to (j + 1/2)/N, shape ``(N,)``; N is a multiple of n, larger
            for the sake of kinks in the initial state.
        period: Integral of u over the interval.
        speed: Bound of ``|u|``.
        nu: Viscosity.
        dt: Time between frames.
        n: Points of the solution, at the centres (i + 1/2)/n.
        frames: Number of frames, the first one at ``dt``.

    Returns:
        u, shape ``(frames, n)``.

    Raises:
        ValueError: If 1/n is too coarse a spacing for the viscosity.
    """
    steps = num_steps(speed, nu, dt)
    dt /= steps
    if 1 / n > spacing(nu, dt):
        raise ValueError(f"{n} points are too few: a step needs {math.ceil(1 / spacing(nu, dt))}")
    log_theta, jump = -integral / (2 * nu), -period / (2 * nu)
    out = np.empty((frames, n))
    for frame in range(frames):
        for step in range(steps):
            u = out[frame] if step == steps - 1 else None
            log_theta = _step(log_theta, jump, speed, nu, dt, n, u)
    return out


def propagate(u: Array, nu: float, time: float) -> Array:
    """Carry samples of a periodic, band-limited state forward in time.

    Args:
        u: Values on a uniform grid of the unit interval, shape ``(n,)``.
        nu: Viscosity.
        time: How far.

    Returns:
        Values on the same grid.

    Raises:
        ValueError: If it would take too many steps.
    """
    n, speed = len(u), float(np.abs(u).max()) + 1e-30
    steps = num_steps(speed, nu, time)
    factor = max(1, math.ceil(1 / (spacing(nu, time / steps) * n)))
    factor += 1 - factor % 2
    k = 2j * np.pi * np.arange(n // 2 + 1)
    # Where the grid lies in the period does not matter: take its points as centres of cells.
    spectrum = np.fft.rfft(u, norm="forward") * np.exp(-k / (2 * n))
    k[0] = 1
    integral = spectrum / k
    integral[0] = 0
    fine = factor * n
    centres = (np.arange(fine) + 0.5) / fine
    shift = np.exp(2j * np.pi * np.arange(n // 2 + 1) / (2 * fine))
    values = np.fft.irfft(integral * shift, fine, norm="forward") + u.mean() * centres
    return cole_hopf(values, float(u.mean()), speed, nu, time, fine, 1)[0, factor // 2 :: factor]


def _step(
    log_theta: Array, jump: float, speed: float, nu: float, dt: float, n: int, u: Array | None
) -> Array:
    """One step from the N points of log_theta to n points; fills u."""
    size = len(log_theta)
    h, fine = 1 / size, size // n
    block = math.gcd(n, BLOCK)
    pad = math.ceil((REACH * math.sqrt(2 * nu * dt) + speed * dt) / h)
    periods = math.ceil(pad / size)
    line = np.concatenate([log_theta + k * jump for k in range(-periods, periods + 1)])
    line = line[periods * size - pad : (periods + 1) * size + pad]
    width = block * fine + 2 * pad
    windows = np.lib.stride_tricks.sliding_window_view(line, width)[:: block * fine]
    scale = windows.max(-1, keepdims=True)
    theta = np.exp(windows - scale)
    x = (np.arange(block)[:, None] + 0.5) * fine
    distance = (x - (np.arange(width) - pad + 0.5)) * h
    kernel = np.exp(-(distance**2) / (4 * nu * dt))
    total = theta @ kernel.T
    if u is not None:
        u[:] = (theta @ (kernel * distance / dt).T / total).ravel()
    result = (np.log(total) + scale).ravel()
    return result - result[0]  # only differences matter; the values must not drift away
