r"""Stream functions of steady flow in the unit square: Galerkin's method with clamped polynomials.

.. math::
    \psi = L + \sum_{i,j} c_{ij}\,\phi_i(x)\,\phi_j(y)

with a lift L that takes the values of the walls and polynomials :math:`\phi_k` of degree k + 4
that vanish at 0 and 1 with their slopes. For every :math:`\chi = \phi_i(x)\,\phi_j(y)`

.. math::
    \int \nu\,\Delta \psi\,\Delta \chi + \Delta \psi\,(\psi_y \chi_x - \psi_x \chi_y) = 0

which is the vorticity equation, integrated by parts. Second derivatives of different
:math:`\phi_k` are orthogonal, so that the matrix of Newton's method is well-conditioned.

References:
    Shen, *Efficient spectral-Galerkin method I. Direct solvers of second- and fourth-order
    equations using Legendre polynomials* (1994): the basis
"""

from collections.abc import Callable
from itertools import product

import numpy as np
from numpy.polynomial import legendre

from sgn_sciml.laws.law import Array

__all__ = ["Lift", "basis", "steady_flow"]

Lift = Callable[[Array, int, int], Array]
"""Maps nodes ``(Q,)`` and orders i, j to the derivative of L, x by y, shape ``(Q, Q)``."""

LEAST, MOST = 1e-9, 20  # last step of Newton's method, whose error is the square of it; steps


def basis(points: Array, modes: int, order: int = 0) -> Array:
    """The clamped polynomials on [0, 1], or a derivative of them.

    Args:
        points: Points, shape ``(N,)``.
        modes: How many polynomials.
        order: Order of the derivative.

    Returns:
        Values, shape ``(N, modes)``.
    """
    k = np.arange(modes)
    c: Array = np.zeros((modes + 4, modes))
    c[k, k] = 1 / np.sqrt(2 * (2 * k + 3) ** 2 * (2 * k + 5))
    c[k + 2, k] = -2 * (2 * k + 5) / (2 * k + 7) * c[k, k]
    c[k + 4, k] = (2 * k + 3) / (2 * k + 7) * c[k, k]
    c = legendre.legder(c, order, scl=2.0)
    return np.asarray(legendre.legvander(2 * points - 1, len(c) - 1) @ c)


def steady_flow(reynolds: float, lift: Lift, modes: int, degree: int) -> Array:
    """Coefficients of a steady stream function by Newton's method.

    It begins with creeping flow, goes on to larger Reynolds numbers by factors of at most 2 from
    100, and takes half the modes first: at full size one or two steps are left.

    Args:
        reynolds: The Reynolds number 1 / nu.
        lift: The lift L.
        modes: Modes per axis, at least 2; time grows with their sixth power.
        degree: Degree of the lift, for the rule of integration.

    Returns:
        Coefficients, x by y, shape ``(modes, modes)``.

    Raises:
        RuntimeError: If Newton's method does not converge.
    """
    ramp = [reynolds]
    while ramp[-1] > 100:
        ramp.append(ramp[-1] / 2)
    c = np.zeros((modes // 2, modes // 2))
    flow = Flow(lift, modes // 2, degree)
    c = c + flow.step(c, 1 / ramp[-1], inertia=0.0)
    for each in reversed(ramp):
        c = converged(flow, c, 1 / each)
    more = modes - len(c)
    return converged(Flow(lift, modes, degree), np.pad(c, (0, more)), 1 / reynolds)


def converged(flow: "Flow", c: Array, nu: float) -> Array:
    """Newton's method from coefficients to coefficients."""
    for _ in range(MOST):
        change = flow.step(c, nu)
        c = c + change
        size = np.abs(change).max()
        if size < LEAST * np.abs(c).max():
            return c
        if not np.isfinite(size):
            break
    raise RuntimeError(
        f"Newton's method does not converge at Reynolds number {1 / nu:g} with {len(c)} modes: "
        "the flow is too fine for them, or there is none that is steady"
    )


class Flow:
    """The equation between coefficients.

    Args:
        lift: The lift L.
        modes: Modes per axis.
        degree: Degree of the lift.
    """

    def __init__(self, lift: Lift, modes: int, degree: int) -> None:
        # The product of three functions is integrated exactly.
        nodes, weights = legendre.leggauss(3 * max(modes + 3, degree) // 2 + 1)
        x = (nodes + 1) / 2
        self.modes = modes
        self.weights = np.outer(weights, weights) / 4
        self.basis = [basis(x, modes, order) for order in range(3)]
        self.lift = {(i, j): lift(x, i, j) for i, j in product(range(3), repeat=2) if i + j < 3}
        self.pairs = {
            (i, k): np.einsum("qa,qb->abq", self.basis[i], self.basis[k]).reshape(modes**2, -1)
            for i, k in product(range(3), repeat=2)
        }

    def derivative(self, c: Array, i: int, j: int) -> Array:
        """A derivative of the stream function at the nodes."""
        found: Array = self.lift[i, j] + self.basis[i] @ c @ self.basis[j].T
        return found

    def step(self, c: Array, nu: float, inertia: float = 1.0) -> Array:
        """A step of Newton's method, of the shape of c."""
        psi_x, psi_y = inertia * self.derivative(c, 1, 0), inertia * self.derivative(c, 0, 1)
        laplacian = self.derivative(c, 2, 0) + self.derivative(c, 0, 2)
        plain = np.ones_like(laplacian)
        # what multiplies each derivative of chi: its derivative of psi, and those of the change
        left = {
            (2, 0): (nu * laplacian, {(2, 0): nu * plain, (0, 2): nu * plain}),
            (0, 2): (nu * laplacian, {(2, 0): nu * plain, (0, 2): nu * plain}),
            (1, 0): (
                laplacian * psi_y,
                {(2, 0): psi_y, (0, 2): psi_y, (0, 1): inertia * laplacian},
            ),
            (0, 1): (
                -laplacian * psi_x,
                {(2, 0): -psi_x, (0, 2): -psi_x, (1, 0): -inertia * laplacian},
            ),
        }
        n = self.modes
        residual, matrix = np.zeros((n, n)), np.zeros((n * n, n * n))
        for (i, j), (value, slopes) in left.items():
            residual += self.basis[i].T @ (self.weights * value) @ self.basis[j]
            for (k, m), slope in slopes.items():
                matrix += self.pairs[i, k] @ (self.weights * slope) @ self.pairs[j, m].T
        matrix = matrix.reshape(n, n, n, n).transpose(0, 2, 1, 3).reshape(n * n, n * n)
        found: Array = np.linalg.solve(matrix, -residual.ravel()).reshape(n, n)
        return found
