r"""Symmetries of an equation, by which its samples become new ones.

An operator that commutes with a symmetry, G(S a) = S G(a), has (S a, S u) for a sample wherever it
has (a, u). Each sample of a training batch is replaced by its image with probability 1/2.

=====================  ==================================================
Burgers                :math:`u(x) \to -u(-x)`: ``Reflection(sign=-1)``
Darcy                  ``Reflection(0)``, ``Reflection(1)``, ``Transpose()``
=====================  ==================================================
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Reflection", "Symmetry", "Transpose", "augment"]


class Symmetry(ABC):
    """A map of scalar fields in physical units, of any number of leading axes."""

    @abstractmethod
    def __call__(self, u: Tensor, axes: int) -> Tensor:
        """The image of fields ``(..., *space)`` on so many space axes."""


@dataclass(frozen=True)
class Reflection(Symmetry):
    """Turn a space axis round: u(x) becomes sign times u(-x).

    Args:
        axis: The space axis.
        sign: 1, or -1 for an odd reflection.
        periodic: Whether the grid leaves out its last point, so that the first one stays.
    """

    axis: int = 0
    sign: float = 1.0
    periodic: bool = True

    def __call__(self, u: Tensor, axes: int) -> Tensor:
        dim = u.ndim - axes + self.axis
        turned = u.flip(dim)
        return self.sign * (turned.roll(1, dim) if self.periodic else turned)


@dataclass(frozen=True)
class Transpose(Symmetry):
    """Swap the last two space axes of a square grid."""

    def __call__(self, u: Tensor, axes: int) -> Tensor:
        return u.transpose(-1, -2)


def augment(
    batch: Mapping[str, Tensor], symmetries: Sequence[Symmetry], axes: int
) -> dict[str, Tensor]:
    """Replace each sample by its image under each symmetry with probability 1/2.

    Args:
        batch: ``input`` and ``target`` in physical units, items first.
        symmetries: The symmetries.
        axes: Number of space axes.

    Returns:
        The batch, the same symmetries applied to input and target of an item.
    """
    found = dict(batch)
    for symmetry in symmetries:
        items = torch.rand(len(batch["input"]), device=batch["input"].device) < 0.5
        for name in ("input", "target"):
            u = found[name]
            pick = items[(...,) + (None,) * (u.ndim - 1)]
            found[name] = torch.where(pick, symmetry(u, axes), u)
    return found
