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

__all__ = [
    "LARGEST",
    "Unresolved",
    "coefficients",
    "doublings",
    "evolve",
    "power",
    "refined",
    "refuse_change",
    "waves",
]

LARGEST = 16  # times the modes of the usual constants: minutes of computing


class Unresolved(ValueError):
    """Modes whose spectrum has not decayed at the last of them."""


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


def doublings(factor: float, law: str) -> int:
    """The power of two that is not below a factor by which more modes are needed, at least 1.

    Args:
        factor: The factor, from the constants of an equation.
        law: Name of the equation, for errors.

    Raises:
        ValueError: If it is too large for a reference.
    """
    if not factor <= LARGEST:
        raise ValueError(
            f"{law}: a reference with these constants needs {factor:.3g} times the modes of the "
            f"usual ones, more than {LARGEST}: choose constants that leave broader structures"
        )
    return 1 << max(0, math.ceil(math.log2(factor) - 1e-9))


def refined(solve: Callable[[int, float], Tensor], modes: int, step: float, most: int) -> Tensor:
    """Solve with so many modes, and with twice as many until their spectrum has decayed.

    Args:
        solve: Maps modes and the length of steps to a solution.
        modes: Modes to begin with.
        step: Length of steps to begin with, which halves when the modes double.
        most: Modes that are not exceeded.

    Raises:
        Unresolved: If so many are not enough.
    """
    while True:
        try:
            return solve(modes, step)
        except Unresolved:
            if 2 * modes > most:
                raise
        modes, step = 2 * modes, step / 2


def refuse_change(coarse: Tensor, fine: Tensor, law: str, allowed: float) -> None:
    """See that smaller steps and more modes have left a solution as it is.

    Args:
        coarse: The solution, of any shape.
        fine: The same by a finer method.
        law: Name of the equation, for errors.
        allowed: Largest change beside its norm.

    Raises:
        ValueError: If they differ by more.
    """
    change = float((fine - coarse).norm() / fine.norm())
    if not change <= allowed:
        raise ValueError(
            f"{law}: with these constants smaller steps and more modes change the reference by "
            f"{change:.1e} (allowed: {allowed:.0e}), for it is chaotic or too fine: ask for "
            "earlier times or other constants"
        )


def evolve(
    points: Tensor,
    interval: tuple[float, float],
    initial: Complex,
    linear: Complex,
    nonlinear: Callable[[Complex], Complex],
    dt: float,
    tail: float = 1e-9,
    settled: float = 0.0,
) -> Tensor:
    """Solution at scattered points, in float64.

    Args:
        points: Points (x, t) with t >= 0, shape ``(N, 2)``.
        interval: The two ends of the period.
        initial: Modes 0 to K of the solution at t = 0, shape ``(K + 1,)``.
        linear: L of these modes, same shape.
        nonlinear: N, from modes to modes.
        dt: Longest step.
        tail: Largest of the last eighth of the modes beside the largest of all, which tells
            whether there are enough of them.
        settled: Time from which that is asked for; a kink needs it to become smooth.

    Returns:
        Solution u, shape ``(N, 1)``.

    Raises:
        Unresolved: If there are not enough modes.
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
        sizes = np.abs(c)
        last = sizes[-max(1, len(c) // 8) :].max() / max(sizes.max(), 1e-300)
        if now > settled and not last <= tail:
            raise Unresolved(
                f"{len(c) - 1} modes do not resolve the reference at t = {now:.4g} (the last are "
                f"{last:.1e} of the largest): choose constants that leave broader structures"
            )
        rows = np.flatnonzero(t == time)
        if not np.array_equal(shown, x[rows]):  # frames of a grid share their points
            shown = x[rows]
            basis = np.exp(1j * np.multiply.outer(shown - interval[0], k))
        u[rows] = 2 * (basis @ c).real - c[0].real
    return torch.from_numpy(u)[:, None].to(points.device)
