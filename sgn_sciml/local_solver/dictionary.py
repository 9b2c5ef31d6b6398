r"""Functions on the reference cell :math:`[-1, 1]^d`, the same for every cell of every slab.

Products of Chebyshev polynomials of total degree p make the method a least-squares spectral
element method. Drawn functions :math:`s(a \cdot \xi + b)` make it a random feature method; of 2r
drawn ones the r leading combinations are kept, by a singular value decomposition of their values.

References:
    Chen, Chi, E and Yang, *Bridging traditional and machine learning-based algorithms for solving
    PDEs: the random feature method* (2022): drawn functions in cells of their own

    Proot and Gerritsma, *A least-squares spectral element formulation for the Stokes problem*
    (2002): polynomials in cells of their own
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import product

import numpy as np
import torch
from numpy.polynomial import chebyshev
from torch import Tensor

__all__ = [
    "DICTIONARIES",
    "Dictionary",
    "GatedMixtures",
    "Polynomials",
    "Sines",
    "Tanhs",
    "chebyshev_nodes",
]


def chebyshev_nodes(count: int, axes: int) -> Tensor:
    """Gauss-Chebyshev nodes of the reference cell, ``(count^axes, axes)``."""
    line = -torch.cos(math.pi * (torch.arange(count, dtype=torch.float64) + 0.5) / count)
    grids = torch.meshgrid(*[line] * axes, indexing="ij")
    return torch.stack([grid.reshape(-1) for grid in grids], -1)


def multi_indices(degree: int, axes: int) -> list[tuple[int, ...]]:
    """All multi-indices of total degree at most ``degree``."""
    return [a for a in product(range(degree + 1), repeat=axes) if sum(a) <= degree]


class Dictionary(ABC):
    """Functions on the reference cell.

    Attributes:
        degree: Total degree p of the polynomials of equal number.
        axes: Number of coordinates d.
        size: Number of functions r.
    """

    name: str

    def __init__(self, degree: int, axes: int) -> None:
        if degree < 2 or axes < 1:
            raise ValueError(f"a dictionary needs degree >= 2 and axes >= 1: {degree}, {axes}")
        self.degree = degree
        self.axes = axes
        self.size = math.comb(degree + axes, axes)

    @abstractmethod
    def values(self, points: Tensor, index: Sequence[int]) -> Tensor:
        """Derivatives of all functions at points of the reference cell.

        Args:
            points: Points, shape ``(N, d)``, float64.
            index: Number of derivatives along each coordinate.

        Returns:
            Shape ``(N, r)``.
        """


class Polynomials(Dictionary):
    """Products of Chebyshev polynomials of total degree at most ``degree``.

    Args:
        degree: Total degree.
        axes: Number of coordinates.
    """

    name = "Chebyshev polynomials"

    def __init__(self, degree: int, axes: int) -> None:
        super().__init__(degree, axes)
        self.indices = torch.tensor(multi_indices(degree, axes))

    def values(self, points: Tensor, index: Sequence[int]) -> Tensor:
        result = points.new_ones(())
        for axis, order in enumerate(index):
            line = chebyshev_table(points[:, axis], self.degree, order)
            result = result * line[:, self.indices[:, axis]]
        return result


def chebyshev_table(x: Tensor, degree: int, order: int = 0) -> Tensor:
    """Derivatives of the Chebyshev polynomials 0 to ``degree``: ``(N,) -> (N, degree + 1)``."""
    table = chebyshev.chebvander(x.detach().cpu().numpy(), degree)
    if order:
        # Column k of the matrix has the coefficients of the derivative of polynomial k.
        matrix = np.zeros((degree + 1, degree + 1))
        derived = chebyshev.chebder(np.eye(degree + 1), order, axis=0)
        matrix[: len(derived)] = derived
        table = table @ matrix
    return torch.from_numpy(table).to(x)


class Drawn(Dictionary):
    """Functions s(a . xi + b), drawn once and reduced to orthonormal ones.

    Args:
        degree: There are as many functions as polynomials of this degree, or fewer where the drawn
            ones are not that many to rounding.
        axes: Number of coordinates.
        radius: Half width of the uniform distribution of a in each coordinate.
        seed: Seed of the draw.
    """

    def __init__(self, degree: int, axes: int, radius: float | None = None, seed: int = 0) -> None:
        super().__init__(degree, axes)
        generator = torch.Generator().manual_seed(seed)
        self.radius = self.default_radius(self.size) if radius is None else radius
        draw = torch.rand(2 * self.size, axes + 1, generator=generator, dtype=torch.float64)
        self.slopes = math.sqrt(degree) * self.radius * (2 * draw[:, :axes] - 1)
        self.offsets = self.place(draw[:, axes])
        nodes = chebyshev_nodes(math.ceil(1.5 * (degree + 2)), axes)
        weights = (1 - nodes.square()).clamp(min=0).prod(1) ** 0.25
        drawn = self.drawn(nodes, [0] * axes) * weights[:, None]
        _, sigma, right = torch.linalg.svd(drawn / math.sqrt(len(nodes)), full_matrices=False)
        kept = min(self.size, int((sigma > 1e-13 * sigma[0]).sum()))
        self.size = kept
        self.reduction = right[:kept].T / sigma[:kept]

    def default_radius(self, size: int) -> float:
        """The radius at which about ``size`` of the drawn functions are independent."""
        return 1.0

    def place(self, uniform: Tensor) -> Tensor:
        """Offsets b from numbers between 0 and 1."""
        return 2 * math.pi * uniform

    @abstractmethod
    def shape(self, u: Tensor, order: int) -> Tensor:
        """The ``order``-th derivative of s."""

    def drawn(self, points: Tensor, index: Sequence[int]) -> Tensor:
        """Derivatives of the drawn functions, ``(N, 2r)``."""
        slopes, offsets = self.slopes.to(points), self.offsets.to(points)
        value = self.shape(points @ slopes.T + offsets, sum(index))
        for axis, order in enumerate(index):
            value = value * slopes[:, axis] ** order
        return value

    def values(self, points: Tensor, index: Sequence[int]) -> Tensor:
        reduced: Tensor = self.drawn(points, index) @ self.reduction.to(points)
        return reduced


class Sines(Drawn):
    """Sines, the gate's random Fourier features with frequencies that stay as drawn."""

    name = "sines"

    def default_radius(self, size: int) -> float:
        return 0.7

    def shape(self, u: Tensor, order: int) -> Tensor:
        return torch.sin(u + order * math.pi / 2)


class Tanhs(Drawn):
    """Hyperbolic tangents, as in extreme learning machines.

    Steeper ones than by default hold a constant to few digits, and the curvature of what is left
    grows by a factor of 4 with every halving of a cell: no number of cells would bring it down.
    """

    name = "hyperbolic tangents"

    def default_radius(self, size: int) -> float:
        return 0.18

    def place(self, uniform: Tensor) -> Tensor:
        return self.slopes.abs().sum(1) * (2 * uniform - 1)

    def shape(self, u: Tensor, order: int) -> Tensor:
        y = torch.tanh(u)
        if order == 0:
            return y
        # Derivatives of tanh are polynomials in it: p' -> p'(y) (1 - y^2).
        poly = np.polynomial.Polynomial([0, 1])
        for _ in range(order):
            poly = poly.deriv() * np.polynomial.Polynomial([1, 0, -1])
        result = torch.zeros_like(y)
        for c in reversed(poly.coef):
            result = result * y + float(c)
        return result


class GatedMixtures(Tanhs):
    r"""Gated mixtures :math:`\tanh u + g \sin(\omega u + b)`, with drawn g, omega and b."""

    name = "gated mixtures"

    def __init__(self, degree: int, axes: int, radius: float | None = None, seed: int = 0) -> None:
        count = 2 * math.comb(degree + axes, axes)
        generator = torch.Generator().manual_seed(seed + 1)
        draw = torch.rand(3, count, generator=generator, dtype=torch.float64)
        self.gate, self.omega, self.phase = draw[0], 1 + 2 * draw[1], 2 * math.pi * draw[2]
        super().__init__(degree, axes, radius, seed)

    def shape(self, u: Tensor, order: int) -> Tensor:
        gate, omega, phase = (v.to(u) for v in (self.gate, self.omega, self.phase))
        wave = torch.sin(omega * u + phase + order * math.pi / 2)
        mixed: Tensor = super().shape(u, order) + gate * omega**order * wave
        return mixed


DICTIONARIES = {"chebyshev": Polynomials, "sines": Sines, "tanh": Tanhs, "gated": GatedMixtures}
