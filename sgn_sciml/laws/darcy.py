r"""Darcy flow through a random medium, the FNO benchmark's law, and one with a smooth medium.

.. math::
    -\nabla\cdot(a\,\nabla u) = 1 \text{ on } (0, 1)^2, \qquad u = 0 \text{ on the boundary}

with a = 12 where a Gaussian random field with covariance :math:`(-\Delta + 9)^{-2}` and Neumann
conditions is positive, and 3 elsewhere; or :math:`a = e^{\sigma g}` of a smoother field g scaled
to variance one.

Values at the nodes i/(grid - 1), boundary included. Finite volumes about the nodes with five-point
stencil; the coefficient of a face is the mean of its two nodes, as in the benchmark. The random
field has the benchmark's 421 x 421 modes whatever the grid, so every grid sees the same medium.

References:
    Li et al., *Fourier neural operator for parametric partial differential equations* (2021),
    https://arxiv.org/abs/2010.08895
"""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
import scipy.sparse
import scipy.sparse.linalg

from sgn_sciml.laws.law import Array, RandomLaw, option
from sgn_sciml.system.moved import renamed

__all__ = ["DarcyFlow", "DarcyLognormal", "solve_darcy"]

MODES = 421
COARSEST = 211  # a solve on the 85 nodes of the benchmark itself is wrong by one per cent


def solve_darcy(a: Array, f: float = 1.0, spacing: float | None = None) -> Array:
    r"""Solve :math:`-\nabla\cdot(a\nabla u) = f` with u = 0 on the boundary.

    Args:
        a: Coefficient at the nodes of a square, boundary included, shape ``(n, n)``; positive.
        f: Constant right-hand side.
        spacing: Distance of the nodes; that of the unit square when None.

    Returns:
        u at the nodes, shape ``(n, n)``.
    """
    inside = len(a) - 2
    h = 1 / (len(a) - 1) if spacing is None else spacing
    x_faces = (a[1:, 1:-1] + a[:-1, 1:-1]) / 2
    y_faces = (a[1:-1, 1:] + a[1:-1, :-1]) / 2
    centre = x_faces[1:] + x_faces[:-1] + y_faces[:, 1:] + y_faces[:, :-1]
    east = -y_faces[:, 1:]
    east[:, -1] = 0  # the next entry of the diagonal belongs to the next row of nodes
    east, south = east.ravel()[:-1], -x_faces[1:-1].ravel()
    matrix = scipy.sparse.diags_array(
        [centre.ravel(), east, east, south, south], offsets=[0, 1, -1, inside, -inside]
    ).tocsc()
    # Symmetric and positive definite: no pivoting, an ordering for A + A^T.
    factors = scipy.sparse.linalg.splu(
        matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}
    )
    u = np.zeros_like(a)
    u[1:-1, 1:-1] = factors.solve(np.full(inside**2, f * h**2)).reshape(inside, inside)
    return u


@dataclass(frozen=True)
class _Darcy(RandomLaw):
    axes: ClassVar = {"a": ("x", "y"), "u": ("x", "y")}
    block = 4

    res: int = option(85, "nodes in x and y, boundary included")
    grid: int = option(0, "nodes of the solver (0: the first multiple of res - 1 from 210 on)")
    tau: float = option(3.0, "inverse length scale of the random field")

    def __post_init__(self) -> None:
        if self.res < 3:
            raise ValueError(f"{self.name}: --res must be at least 3, got {self.res}")
        if self.grid and (self.grid - 1) % (self.res - 1):
            raise ValueError(
                f"{self.name}: --grid minus one must be a multiple of --res minus one "
                f"({self.res - 1}), got {self.grid}"
            )

    @property
    def nodes(self) -> int:
        """Nodes of the solver's grid along one axis."""
        return self.grid or -(-(COARSEST - 1) // (self.res - 1)) * (self.res - 1) + 1

    def coordinates(self) -> dict[str, Array]:
        nodes = np.linspace(0, 1, self.res)
        return {"x": nodes, "y": nodes}

    def deviations(self, alpha: float) -> Array:
        """Standard deviation of each cosine mode, shape ``(421, 421)``."""
        k = np.arange(MODES)
        square = np.pi**2 * (k[:, None] ** 2 + k**2)
        std: Array = self.tau ** (alpha - 1) * (square + self.tau**2) ** (-alpha / 2)
        std[0, 0] = 0
        return std

    def field(self, rng: np.random.Generator, alpha: float) -> Array:
        r"""Gaussian random field at the nodes of the solver's grid.

        Covariance :math:`\tau^{2\alpha-2}(-\Delta + \tau^2)^{-\alpha}`, zero mean, Neumann
        conditions.
        """
        k = np.arange(MODES)
        x = np.linspace(0, 1, self.nodes)
        basis = np.where(k > 0, np.sqrt(2), 1) * np.cos(np.pi * k * x[:, None])
        return basis @ (self.deviations(alpha) * rng.standard_normal((MODES, MODES))) @ basis.T

    @abstractmethod
    def coefficient(self, rng: np.random.Generator) -> Array:
        """Coefficient a at the nodes of the solver's grid."""

    def draw(self, rngs: Sequence[np.random.Generator]) -> Array:
        return np.stack([self.coefficient(rng) for rng in rngs])

    def inputs(self, drawn: Array) -> dict[str, Array]:
        return {"a": self._stored(drawn)}

    def outputs(self, drawn: Array) -> dict[str, Array]:
        return {"u": self._stored(np.stack([solve_darcy(sample) for sample in drawn]))}

    def _stored(self, fields: Array) -> Array:
        step = (self.nodes - 1) // (self.res - 1)
        return fields[:, ::step, ::step]

    def other_solver(self) -> Self:
        return replace(self, grid=2 * self.nodes - 1)

    def cheaper(self) -> Iterator[tuple[Self, float]]:
        for parts in range(1, (self.nodes - 1) // (self.res - 1) + 1):
            grid = parts * (self.res - 1) + 1
            yield replace(self, grid=grid), (grid / self.nodes) ** 3  # of a nested dissection


@dataclass(frozen=True)
class DarcyFlow(_Darcy):
    """Two materials."""

    name = "darcy"
    about = "Darcy flow, coefficient 12 or 3 (FNO benchmark)"

    high: float = option(12.0, "coefficient where the random field is positive")
    low: float = option(3.0, "coefficient elsewhere")

    def __post_init__(self) -> None:
        super().__post_init__()
        if min(self.high, self.low) <= 0:
            raise ValueError(f"{self.name}: the coefficients must be positive")

    def coefficient(self, rng: np.random.Generator) -> Array:
        return np.where(self.field(rng, alpha=2) >= 0, self.high, self.low)


@dataclass(frozen=True)
class DarcyLognormal(_Darcy):
    """A smooth medium."""

    name = "darcy-lognormal"
    about = "Darcy flow, smooth log-normal coefficient"

    sigma: float = option(1.0, "standard deviation of log a")
    alpha: float = option(4.0, "power of the covariance: larger is smoother")

    def coefficient(self, rng: np.random.Generator) -> Array:
        scale = self.sigma / np.linalg.norm(self.deviations(self.alpha))
        return np.exp(scale * self.field(rng, self.alpha))


__getattr__ = renamed(__name__, {"Darcy": DarcyFlow})
