r"""Typed bases of the networks.

A task names the base it needs, so that a configuration which injects something else is refused by
name, and ``--help`` lists our networks only.
"""

import fnmatch
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Self

import torch
from torch import Tensor, nn

__all__ = [
    "CoordinateNetwork",
    "Network",
    "OperatorNetwork",
    "count_parameters",
    "freeze_parameters",
]


def count_parameters(module: nn.Module) -> int:
    """Number of trainable real numbers in a module; a complex weight counts as two."""
    return sum(
        p.numel() * (2 if p.is_complex() else 1) for p in module.parameters() if p.requires_grad
    )


def freeze_parameters(module: nn.Module, patterns: Sequence[str]) -> None:
    """Keep parameters at their initial values, for ablations.

    Args:
        module: The module.
        patterns: Shell-style patterns of parameter names: ``*.gate``, ``*.frequencies``.

    Raises:
        ValueError: If a pattern matches no parameter.
    """
    for pattern in patterns:
        names = fnmatch.filter((name for name, _ in module.named_parameters()), pattern)
        if not names:
            raise ValueError(f"no parameter is called {pattern!r}, so it cannot be frozen")
        for name in names:
            module.get_parameter(name).requires_grad_(False)


class Network(nn.Module, ABC):
    """Base of all networks."""

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """Evaluate the network."""


class CoordinateNetwork(Network):
    """A function of coordinates, shape ``(..., in_features) -> (..., out_features)``.

    The domain is a pair of buffers, stored with the weights: coordinates are scaled from it to
    [-1, 1] before the first layer. It is [-1, 1] until :meth:`set_domain` is called.

    Args:
        in_features: Number of coordinates.
        out_features: Number of fields.
    """

    lower: Tensor
    upper: Tensor
    box: tuple[Tensor, Tensor] | None = None  # in float64, whatever the precision is now

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.register_buffer("lower", torch.full((in_features,), -1.0))
        self.register_buffer("upper", torch.full((in_features,), 1.0))

    def take_sizes(self, in_features: int, out_features: int) -> None:
        """Take the sizes of a problem where none were given; those that were given stay.

        Args:
            in_features: Number of coordinates.
            out_features: Number of fields.
        """

    def set_domain(self, lower: Sequence[float], upper: Sequence[float]) -> None:
        """Set the box that is scaled to [-1, 1].

        Args:
            lower: Lower corner, one number per coordinate.
            upper: Upper corner.

        Raises:
            ValueError: If the box is empty or has another dimension than the network.
        """
        if not len(lower) == len(upper) == self.in_features:
            raise ValueError(
                f"the network has in_features={self.in_features}, "
                f"the domain {len(lower)} coordinates"
            )
        if not all(a < b for a, b in zip(lower, upper, strict=True)):
            raise ValueError(f"empty domain: lower {tuple(lower)}, upper {tuple(upper)}")
        corners = (
            torch.tensor(tuple(c), dtype=torch.float64, device="cpu") for c in (lower, upper)
        )
        self.box = a, b = next(corners), next(corners)
        self.lower.copy_(a)
        self.upper.copy_(b)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        # A corner such as 2 pi, once rounded to single precision, would stay so in double, and a
        # period be off by 1e-8. Corners that came from a checkpoint since then are left alone.
        known = self.box is not None and all(
            torch.equal(ours.cpu(), exact.to(ours.dtype))
            for ours, exact in zip((self.lower, self.upper), self.box, strict=True)
            if not ours.is_meta
        )
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        if known and self.box is not None and not self.lower.is_meta:
            for ours, exact in zip((self.lower, self.upper), self.box, strict=True):
                ours.copy_(exact.to(ours.dtype))
        return self

    def roles(self) -> dict[str, list[Tensor]]:
        """The parameters that train, by what they do; optimisers may give each role its rate."""
        return {"all": [p for p in self.parameters() if p.requires_grad]}

    def scale(self, coordinates: Tensor) -> Tensor:
        """Scale coordinates from the domain to [-1, 1]."""
        return 2 * (coordinates - self.lower) / (self.upper - self.lower) - 1


class OperatorNetwork(Network):
    """A map of functions on a uniform grid of any resolution.

    Shape ``(batch, in_channels, *space) -> (batch, out_channels, *space)``.

    Args:
        in_channels: Number of input functions; the successive frames of a window and constants
            that the network is given count as functions.
        out_channels: Number of output functions.
        axes: Number of space axes.

    Attributes:
        modes: Modes per space axis that it has weights for, in the papers' meaning; empty where
            weights belong to no modes.
        padding: Padding of the domain before its Fourier transforms, as a fraction of it.
    """

    modes: tuple[int, ...] = ()
    padding: float = 0.0

    def __init__(self, in_channels: int, out_channels: int, axes: int) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.axes = axes

    def resolvable(self, points: Sequence[int]) -> tuple[int, ...]:
        """Modes that a grid carries along each axis, up to its Nyquist wavenumber.

        Args:
            points: Points along each space axis.
        """
        return tuple((n + 2 * round(self.padding * n)) // 2 for n in points)
