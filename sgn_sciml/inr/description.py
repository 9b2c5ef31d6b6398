"""The description of a signal by its data module: samples on a grid, and what they sample.

A signal of n samples along an axis has them in the middle of n equal cells of [-1, 1], so that a
grid of another resolution covers the same image. Of a volume with a place in space only the
longest side is [-1, 1], and the others are as long beside it as they are in space.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, get_args

import torch
from torch import Tensor

from sgn_sciml.layouts.volumes.placement import VolumePlacement
from sgn_sciml.runs.description import DataDescription

__all__ = ["Medium", "Signal", "cell_centres", "medium_of", "plain_field"]

Medium = Literal["image", "audio", "volume", "field"]

FORMER = {"picture": "image", "sound": "audio", "shape": "volume"}  # in files of version 0.1


def cell_centres(count: int) -> Tensor:
    """Middles of equal cells of [-1, 1], in float64."""
    return (2 * torch.arange(count, dtype=torch.float64) + 1) / count - 1


def medium_of(word: str) -> str:
    """What a file or a card calls a medium, as it is called now.

    Example:
        >>> medium_of("picture"), medium_of("field")
        ('image', 'field')
    """
    return FORMER.get(word, word)


@dataclass(frozen=True)
class Signal(DataDescription):
    """Samples on a grid.

    Attributes:
        values: Shape ``(channels, *grid)``.
        medium: ``image``, ``audio``, ``volume`` (inside or outside) or ``field``; it decides what
            is measured and which files are written. An image is grey or RGB, or either multiplied
            by its opacity, which is the last channel then.
        low: Least value of the medium: 0 of an image, -1 of a sound.
        high: Greatest value.
        axes: Names of the axes.
        rate: Samples per second of a sound.
        placement: Where the samples of a volume lie in space, and in which format they came.
        mask: Which samples a network may learn from, shape ``grid``; None for all.
        bounds: Least and greatest value that a network may give, which are -1 and 1 to it; those
            of the medium when None. A quiet sound needs closer ones: beside full scale it is
            nothing, and a network stays at zero.
        facts: What else a card should say, plain values; ``path`` if it came from a file.
        seed: Seed of what a measurement draws: noise, and which samples are told.
        streamed: Whether its samples come in parts, and are never all there.

    Raises:
        ValueError: If there is no such medium.
    """

    streamed: ClassVar[bool] = False
    values: Tensor
    medium: Medium
    low: float
    high: float
    axes: tuple[str, ...]
    rate: float | None = None
    mask: Tensor | None = None
    bounds: tuple[float, float] | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    placement: VolumePlacement | None = None

    def __post_init__(self) -> None:
        medium = medium_of(self.medium)
        if medium not in get_args(Medium):
            raise ValueError(f"a signal is one of {', '.join(get_args(Medium))}, not a {medium}")
        object.__setattr__(self, "medium", medium)

    @property
    def kind(self) -> str:
        """Its medium."""
        return self.medium

    @property
    def opacity(self) -> bool:
        """Whether the last channel is an image's opacity, by which the others are multiplied."""
        return self.medium == "image" and len(self.values) in (2, 4)

    @property
    def points(self) -> Mapping[str, int]:
        """Samples along each axis by name."""
        return dict(zip(self.axes, self.grid, strict=True))

    @property
    def grid(self) -> tuple[int, ...]:
        """Samples along each axis."""
        return tuple(self.values.shape[1:])

    @property
    def centres(self) -> list[Tensor]:
        """Coordinates of the samples along each axis, in float64."""
        return self.centres_of(self.grid)

    @property
    def extents(self) -> tuple[float, ...]:
        """Half the length of each side in coordinates; 1 but for volumes in space."""
        return (1.0,) * len(self.grid) if self.placement is None else self.placement.extents

    @property
    def density(self) -> tuple[float, ...]:
        """Samples along a side of length 2; in space those of the finest axis, for all."""
        found = tuple(n / r for n, r in zip(self.grid, self.extents, strict=True))
        # In space one length is one length: waves are as long along each axis.
        return found if self.placement is None else (max(found),) * len(found)

    def centres_of(self, grid: Sequence[int]) -> list[Tensor]:
        """Coordinates of the samples of another grid, in float64.

        Args:
            grid: Samples along each axis.
        """
        return [cell_centres(n) * r for n, r in zip(grid, self.extents, strict=True)]

    @property
    def reach(self) -> tuple[float, float]:
        """The bounds, or the ends of the medium's range."""
        return self.bounds or (self.low, self.high)

    @property
    def scaled(self) -> Tensor:
        """Values with the bounds scaled to [-1, 1]."""
        low, high = self.reach
        return 2 * (self.values - low) / (high - low) - 1

    def generator(self) -> torch.Generator:
        """A new source of what a measurement draws, always in the same state."""
        return torch.Generator().manual_seed(self.seed)

    def about(self) -> dict[str, Any]:
        """What a card says: the grid, the medium, the file, and the facts."""
        facts = dict(self.facts)
        path = facts.pop("path", None)
        return {
            "files": [] if path is None else [{"path": path}],
            "grid": dict(self.points),
            "signal": self.kind,
            "channels": len(self.values),
            **facts,
        }


def plain_field(values: Tensor, axes: int, low: float = -1.0, high: float = 1.0) -> Signal:
    """What values are taken for of which nothing is told: a field over numbered axes."""
    return Signal(values, "field", low, high, tuple(f"axis{k}" for k in range(axes)))
