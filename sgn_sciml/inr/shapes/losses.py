r"""Losses of a network f that is to be a shape: negative inside, zero on the surface.

==============  ============================================  ====================================
loss            needs                                         terms
==============  ============================================  ====================================
Occupancy       inside and outside                            cross-entropy of sigmoid(-f)
SignedDistance  inside and outside                            distances, eikonal, normals
Igr             points, with normals or without               surface, normals, eikonal
SirenSurface    points, with normals or without               the same, and off the surface
==============  ============================================  ====================================

Each but the first is a sum of squares of residuals that hold derivatives of f, so that the
engines of :mod:`sgn_sciml.jets` evaluate it; :math:`|a|` is the square of a residual
:math:`(a^2 + \varepsilon)^{1/4}`. All lengths are those of the box [-1, 1]^3.

References:
    Mescheder et al., *Occupancy networks* (2019), https://arxiv.org/abs/1812.03828;
    Park et al., *DeepSDF* (2019), https://arxiv.org/abs/1901.05103;
    Gropp et al., *Implicit geometric regularization for learning shapes* (2020),
    https://arxiv.org/abs/2002.10099;
    Sitzmann et al., *Implicit neural representations with periodic activation functions* (2020),
    https://arxiv.org/abs/2006.09661
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import torch

__all__ = ["Igr", "Occupancy", "ShapeLoss", "SignedDistance", "SirenSurface", "SurfaceLoss"]

TINY = 1e-10  # added to squares under a root


class ShapeLoss(ABC):
    """Base of the losses.

    Attributes:
        signed: Whether it needs to know what is inside.
    """

    signed: ClassVar[bool]

    def __repr__(self) -> str:
        found = ", ".join(f"{k}={v:g}" for k, v in vars(self).items())
        return f"{type(self).__name__}({found})"


class Occupancy(ShapeLoss):
    """Cross-entropy of inside and outside, the network's output being minus the logit of inside.

    It needs values alone, and goes through the engine of signals.
    """

    signed = True


def refuse_negative(name: str, **weights: float) -> None:
    """Refuse weights below zero.

    Raises:
        ValueError: If one is negative or not a number.
    """
    for key, value in weights.items():
        if not value >= 0:
            raise ValueError(f"{name}: {key} must not be negative, got {value}")


def root_of_size(a: Any) -> Any:
    """What has the square |a|, smoothed near zero."""
    return torch.sqrt(torch.sqrt(a * a + TINY))


class Slope:
    """Value and gradient of a shape's function, from derivatives by name.

    Args:
        d: Derivatives of the network's output, ``d.f``, at ``d.x, d.y, d.z``.
        ball: Radius of a ball whose distance is added to the output; None for nothing.
    """

    def __init__(self, d: Any, ball: float | None) -> None:
        self.d, self.ball = d, ball

    @property
    def value(self) -> Any:
        """F."""
        return self.d.f if self.ball is None else self.d.f + self.radius - self.ball

    @property
    def radius(self) -> Any:
        """Distance from the middle of the box, smooth."""
        d = self.d
        return torch.sqrt(d.x * d.x + d.y * d.y + d.z * d.z + 1e-4)

    @property
    def gradient(self) -> tuple[Any, Any, Any]:
        """Its three components."""
        d = self.d
        if self.ball is None:
            return d.f_x, d.f_y, d.f_z
        r = self.radius
        return d.f_x + d.x / r, d.f_y + d.y / r, d.f_z + d.z / r

    @property
    def eikonal(self) -> Any:
        """The length of the gradient less 1."""
        x, y, z = self.gradient
        return torch.sqrt(x * x + y * y + z * z + TINY) - 1

    @property
    def off_normal(self) -> Any:
        """What has the square of the distance between gradient and normal (a, b, c)."""
        d, (x, y, z) = self.d, self.gradient
        u, v, w = x - d.a, y - d.b, z - d.c
        return torch.sqrt(torch.sqrt(u * u + v * v + w * w + TINY))

    @property
    def turned(self) -> Any:
        """One less the cosine of the angle between gradient and normal, as it is minimised."""
        d, (x, y, z) = self.d, self.gradient
        size = torch.sqrt(x * x + y * y + z * z + TINY)
        return torch.sqrt(torch.abs(1 - (x * d.a + y * d.b + z * d.c) / size) + TINY)


class SurfaceLoss(ShapeLoss):
    """Base of the losses that hold derivatives."""

    @abstractmethod
    def on_surface(self, slope: Slope, normals: bool) -> Mapping[str, Any]:
        """Residuals at points of the surface, with normals ``(a, b, c)`` or without."""

    @abstractmethod
    def in_space(self, slope: Slope) -> Mapping[str, Any]:
        """Residuals at points of the box; ``d.s`` is the signed distance if it is told."""


class SignedDistance(SurfaceLoss):
    """The mean size of what is missing to exact distances, as in DeepSDF without its clamp.

    Args:
        eikonal: Weight of the square of the length of grad f less 1, at the same points.
        normals: Weight of the length of grad f - n on the surface.
        surface: Weight of the size of f on the surface.

    Raises:
        ValueError: If a weight is negative.
    """

    signed = True

    def __init__(self, eikonal: float = 0.01, normals: float = 0.0, surface: float = 1.0) -> None:
        refuse_negative("SignedDistance", eikonal=eikonal, normals=normals, surface=surface)
        self.eikonal, self.normals, self.surface = eikonal, normals, surface

    def on_surface(self, slope: Slope, normals: bool) -> Mapping[str, Any]:
        found = {"surface": self.surface**0.5 * root_of_size(slope.value)}
        if normals and self.normals:
            found["normals"] = self.normals**0.5 * slope.off_normal
        return found

    def in_space(self, slope: Slope) -> Mapping[str, Any]:
        found = {"distance": root_of_size(slope.value - slope.d.s)}
        if self.eikonal:
            found["eikonal"] = self.eikonal**0.5 * slope.eikonal
        return found


class Igr(SurfaceLoss):
    r"""Implicit geometric regularisation, with the weights of the paper.

    The means of :math:`|f|` and :math:`|\nabla f - n|` on the surface, and of
    :math:`(|\nabla f| - 1)^2` off it.

    Args:
        normals: Weight of the second, where there are normals.
        eikonal: Weight of the third.

    Raises:
        ValueError: If a weight is negative.
    """

    signed = False

    def __init__(self, normals: float = 1.0, eikonal: float = 0.1) -> None:
        refuse_negative("Igr", normals=normals, eikonal=eikonal)
        self.normals, self.eikonal = normals, eikonal

    def on_surface(self, slope: Slope, normals: bool) -> Mapping[str, Any]:
        found = {"surface": root_of_size(slope.value)}
        if normals and self.normals:
            found["normals"] = self.normals**0.5 * slope.off_normal
        return found

    def in_space(self, slope: Slope) -> Mapping[str, Any]:
        return {"eikonal": self.eikonal**0.5 * slope.eikonal}


class SirenSurface(SurfaceLoss):
    r"""The loss of SIREN's shapes, all weights over that of the surface, 3000 in its code.

    The means of :math:`|f|` and of :math:`1 - \cos(\nabla f, n)` on the surface, of
    :math:`||\nabla f| - 1|` everywhere, and of :math:`e^{-\alpha |f|}` off it.

    Args:
        normals: Weight of the second, where there are normals.
        eikonal: Weight of the third.
        off: Weight of the fourth.
        sharpness: :math:`\alpha`.

    Raises:
        ValueError: If a weight is negative.
    """

    signed = False

    def __init__(
        self,
        normals: float = 1 / 30,
        eikonal: float = 1 / 60,
        off: float = 1 / 30,
        sharpness: float = 100.0,
    ) -> None:
        refuse_negative(
            "SirenSurface", normals=normals, eikonal=eikonal, off=off, sharpness=sharpness
        )
        self.normals, self.eikonal, self.off = normals, eikonal, off
        self.sharpness = sharpness

    def on_surface(self, slope: Slope, normals: bool) -> Mapping[str, Any]:
        found = {
            "surface": root_of_size(slope.value),
            "eikonal": self.eikonal**0.5 * root_of_size(slope.eikonal),
        }
        if normals and self.normals:
            found["normals"] = self.normals**0.5 * slope.turned
        return found

    def in_space(self, slope: Slope) -> Mapping[str, Any]:
        far = torch.exp(-0.5 * self.sharpness * torch.abs(slope.value))
        return {
            "eikonal": self.eikonal**0.5 * root_of_size(slope.eikonal),
            "off": self.off**0.5 * far,
        }
