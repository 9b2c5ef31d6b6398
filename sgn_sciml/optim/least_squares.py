r"""Damped linear least squares for several dampings, as cheap as each of them allows.

.. math::
    x = \arg\min_x \lVert J^T x - b \rVert^2 + \lambda \lVert x \rVert^2,
    \qquad J \in \mathbb R^{P \times M}

with far more rows than unknowns, M > P. An orthogonal factorisation keeps the condition of J but
costs :math:`2 P^2 M` operations and more for each :math:`\lambda`. The Gram matrix
:math:`J J^T`, of which half is computed, and a Cholesky factor for each :math:`\lambda` cost a
third, and square the condition: the factor is off by some :math:`P\,\varepsilon / \lambda`. As a
preconditioner of conjugate gradients on J itself (CGLS) it is exact after one to a few products;
where :math:`\lambda` is too small for that, the orthogonal factorisation takes over.

References:
    Björck, *Numerical Methods for Least Squares Problems* (1996), chapter 7: preconditioned CGLS
"""

import math
from collections.abc import Callable
from functools import cached_property

import torch
from torch import Tensor

__all__ = ["DampedLeastSquares", "gram"]

Solve = Callable[[Tensor], Tensor]
ENOUGH = 1e-6  # part of the first error that conjugate gradients may leave
PRODUCTS = 8  # with J, after which they give up


class DampedLeastSquares:
    """Damped linear least squares.

    Args:
        j: Jacobian, shape ``(P, M)``, its rows of norm 1 or so.
    """

    def __init__(self, j: Tensor) -> None:
        self.j = j
        self.tall = len(j) < j.shape[1]
        # Below, the Cholesky factor knows little of the smallest directions.
        self.least_for_gram = 10 * len(j) * torch.finfo(j.dtype).eps

    @cached_property
    def gram(self) -> Tensor:
        """The Gram matrix, shape ``(P, P)``."""
        return gram(self.j)

    @cached_property
    def factors(self) -> tuple[Tensor, Tensor]:
        """Reflectors of the transposed J, ``(M, P)`` under its triangle, and their factors."""
        return torch.geqrf(self.j.T)

    def damped(self, damping: float) -> Solve:
        r"""The map of b, ``(M,)``, to :math:`(J J^T + \lambda)^{-1} J b`, ``(P,)``."""
        if self.tall and damping >= self.least_for_gram:
            found = self.by_gram(damping)
            if found is not None:
                return found
        return self.by_triangle(damping)

    def by_gram(self, damping: float) -> Solve | None:
        """The solution by a Cholesky factor; None where the damped Gram matrix has none."""
        damped = self.gram.clone()
        damped.diagonal().add_(damping)
        factor, failed = torch.linalg.cholesky_ex(damped)
        if int(failed):
            return None

        def near(g: Tensor) -> Tensor:
            return torch.cholesky_solve(g[:, None], factor)[:, 0]

        def solve(b: Tensor) -> Tensor:
            x, left = torch.zeros_like(damped[0]), b.clone()
            g = self.j @ left
            z = p = near(g)
            size = first = float(g @ z)
            for _ in range(PRODUCTS):
                if not size > ENOUGH**2 * first:
                    return x
                q = p @ self.j
                length = size / float(q @ q + damping * (p @ p))
                x = x + length * p
                left -= length * q
                g = self.j @ left - damping * x
                z = near(g)
                before, size = size, float(g @ z)
                p = z + size / before * p
            return x if size <= ENOUGH * first else self.by_triangle(damping)(b)

        return solve

    def by_triangle(self, damping: float) -> Solve:
        """The solution by orthogonal factors, for any damping.

        Of fewer rows than unknowns it is :math:`J y` with y of the rows (Woodbury's identity).
        """
        count = min(self.j.shape)
        square = torch.triu(self.factors[0][:count]) if self.tall else self.j
        ridge = math.sqrt(damping) * torch.eye(count).to(square)
        reflectors, scales = torch.geqrf(torch.cat([square, ridge]))
        triangle = torch.triu(reflectors[:count])

        def solve(b: Tensor) -> Tensor:
            b = b[:, None]
            if self.tall:
                turned = torch.ormqr(*self.factors, b, transpose=True)[:count]
                turned = torch.cat([turned, torch.zeros_like(turned)])
                half = torch.ormqr(reflectors, scales, turned, transpose=True)[:count]
            else:
                half = torch.linalg.solve_triangular(triangle.T, b, upper=False)
            x: Tensor = torch.linalg.solve_triangular(triangle, half, upper=True)[:, 0]
            return x if self.tall else self.j @ x

        return solve


def gram(j: Tensor, block: int = 256) -> Tensor:
    """J times its transpose, of which the blocks on and below the diagonal are computed.

    Args:
        j: Shape ``(P, M)``.
        block: Rows of a block.

    Returns:
        Shape ``(P, P)``.
    """
    found = j.new_empty(len(j), len(j))
    for start in range(0, len(j), block):
        rows = slice(start, start + block)
        found[rows, : start + block] = j[rows] @ j[: start + block].T
        found[:start, rows] = found[rows, :start].T
    return found
