r"""Functions on a box as finite series of waves: values and slopes anywhere.

.. math::
    f(x) = c_0 + \sum_{i} C_{i_1 \dots i_d} \prod_a \phi_{i_a}(s_a), \qquad
    s_a = \frac{x_a - l_a}{u_a - l_a}

with :math:`\phi` along a periodic axis :math:`1, \cos 2 \pi k s, \sin 2 \pi k s`, between walls
where f vanishes :math:`\sin \pi k s`, and between walls that it meets at right angles
:math:`1, \cos \pi k s`.
"""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

__all__ = ["Basis", "Series", "Walls"]

Walls = Literal["zero", "free"]


@dataclass(frozen=True)
class Basis:
    """The waves along one axis.

    Attributes:
        lower: Where the axis begins.
        upper: Where it ends.
        frequencies: Of each function along s, radians, shape ``(m,)``.
        sines: Which functions are sines, the others are cosines, ``(m,)``.
    """

    lower: float
    upper: float
    frequencies: Tensor
    sines: Tensor

    @classmethod
    def of(cls, lower: float, upper: float, waves: int, periodic: bool, walls: Walls) -> "Basis":
        """The waves of an axis, up to so many."""
        k = torch.arange(waves + 1, dtype=torch.float64)
        if periodic:
            both = 2 * math.pi * torch.cat([k, k[1:]])
            return cls(lower, upper, both, torch.arange(len(both)) > waves)
        k = math.pi * (k[1:] if walls == "zero" else k)
        return cls(lower, upper, k, torch.full((len(k),), walls == "zero"))

    def table(self, x: Tensor, order: int = 0) -> Tensor:
        """The functions, or their derivatives, at places along the axis: ``(N,) -> (N, m)``."""
        scale = self.frequencies / (self.upper - self.lower)
        angle = (x.double()[:, None] - self.lower) * scale.to(x.device)
        shift = math.pi / 2 * (order - self.sines.double())
        return (scale**order).to(x.device) * torch.cos(angle + shift.to(x.device))


@dataclass(frozen=True)
class Series:
    """A function on a box.

    Call it with a tensor for each coordinate, of one shape; values come in their type.

    Attributes:
        bases: The waves along each axis.
        coefficients: C, shape ``(m_1, ..., m_d)``.
        mean: The constant.
        exponential: Whether the function is the exponential of the series.
    """

    bases: tuple[Basis, ...]
    coefficients: Tensor
    mean: float = 0.0
    exponential: bool = False

    def __call__(self, *x: Tensor) -> Tensor:
        """Values at places, of the shape of one coordinate."""
        found = self.mean + self._sum(x, None)
        return (found.exp() if self.exponential else found).to(x[0])

    def slope(self, axis: int, *x: Tensor) -> Tensor:
        """The derivative along a coordinate, counted from 0, at places."""
        slope = self._sum(x, axis)
        if self.exponential:
            slope = slope * (self.mean + self._sum(x, None)).exp()
        return slope.to(x[0])

    def _sum(self, x: tuple[Tensor, ...], axis: int | None) -> Tensor:
        if len(x) != len(self.bases):
            raise ValueError(
                f"a function of {len(self.bases)} coordinates was called with {len(x)}"
            )
        shape = x[0].shape
        left = self.coefficients.to(x[0].device)[None]
        for i, (basis, places) in enumerate(zip(self.bases, x, strict=True)):
            table = basis.table(places.reshape(-1), int(i == axis))
            flat = left.reshape(left.shape[0], left.shape[1], -1)
            if flat.shape[0] == 1:
                left = torch.einsum("nm,mr->nr", table, flat[0])
            else:
                left = torch.einsum("nm,nmr->nr", table, flat)
            left = left.reshape(len(table), *self.coefficients.shape[i + 1 :])
        return left.reshape(shape)
