"""Inputs and targets: two functions, two frames, or a window of frames."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from torch import Tensor

from sgn_sciml.layouts import Source
from sgn_sciml.operators.stores import Numbers, Store, fields_of

__all__ = ["Frames", "Pairing", "Pairs", "Windows"]

WITHOUT_TIME = "; of fields without time take Pairs"


class Pairing(ABC):
    """How items are cut out of samples.

    Attributes:
        autoregressive: Whether the target continues the input, and both are scaled alike.

    Fields of a batch are ``(items, channels, *space)``; with windows ``(items, frames, channels,
    *space)``.
    """

    autoregressive: ClassVar[bool] = False

    @abstractmethod
    def names(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Fields of the input and of the target, one channel each."""

    @abstractmethod
    def times(self, source: Source) -> tuple[slice, slice]:
        """Frames of the input's and the target's fields that are ever needed."""

    def items_per_sample(self, frames: int, whole: bool) -> int:
        """Items that one sample of so many frames yields, ``whole`` in evaluation."""
        return 1

    @abstractmethod
    def take(
        self, stores: tuple[Store, Store], samples: Numbers, part: Numbers, whole: bool
    ) -> tuple[Tensor, Tensor]:
        """Input and target of items: numbers of their samples, and which item of the sample."""


def _frames(source: Source, names: Sequence[str]) -> int:
    """Frames of those fields of a file that have time; 0 if none has."""
    return max(about.lengths.get("time", 0) for about in fields_of(source, names))


def _tuple(names: str | Sequence[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


@dataclass(frozen=True)
class Pairs(Pairing):
    """One function to another, such as a coefficient to a solution or a state to what follows it.

    Fields over time have all their frames. To a target without time those of the input are
    channels; a target over time is what one call returns, all frames at once, or several, each
    from the one before, if input and target have the same channels.

    Args:
        input: Field, or fields as channels, of the input.
        target: Those of the target.
    """

    input: str | list[str] = "a"
    target: str | list[str] = "u"

    def names(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return _tuple(self.input), _tuple(self.target)

    def times(self, source: Source) -> tuple[slice, slice]:
        return slice(None), slice(None)

    def take(
        self, stores: tuple[Store, Store], samples: Numbers, part: Numbers, whole: bool
    ) -> tuple[Tensor, Tensor]:
        first = np.zeros_like(part)
        x, y = (s.take(samples, first if s.frames else None, s.frames) for s in stores)
        return x, y


@dataclass(frozen=True)
class Frames(Pairing):
    """One frame of a trajectory to another.

    Args:
        fields: Field, or fields as channels.
        input: Number of the input's frame; negative from the end.
        target: Number of the target's frame.
    """

    fields: str | list[str] = "u"
    input: int = 0
    target: int = -1

    def names(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return _tuple(self.fields), _tuple(self.fields)

    def times(self, source: Source) -> tuple[slice, slice]:
        frames = _frames(source, _tuple(self.fields))
        numbers = [k + frames if k < 0 else k for k in (self.input, self.target)]
        if not all(0 <= k < frames for k in numbers):
            raise ValueError(
                f"{source.path} has {frames} frames; there is no frame {self.input} "
                f"or {self.target}" + (WITHOUT_TIME if not frames else "")
            )
        return slice(numbers[0], numbers[0] + 1), slice(numbers[1], numbers[1] + 1)

    def take(
        self, stores: tuple[Store, Store], samples: Numbers, part: Numbers, whole: bool
    ) -> tuple[Tensor, Tensor]:
        first = np.zeros_like(part)
        return stores[0].take(samples, first, 1)[:, 0], stores[1].take(samples, first, 1)[:, 0]


@dataclass(frozen=True)
class Windows(Pairing):
    """Successive frames to the ones that follow; evaluation goes from the first to the last.

    Args:
        fields: Field, or fields as channels; one without time is a channel of every frame.
        history: Frames of the input.
        horizon: Frames of the target in training.
        every: Take every so many frames of the file.
    """

    autoregressive = True

    fields: str | list[str] = "u"
    history: int = 10
    horizon: int = 1
    every: int = 1

    def __post_init__(self) -> None:
        if min(self.history, self.horizon, self.every) < 1:
            raise ValueError("history, horizon and every must be at least 1")

    def names(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return _tuple(self.fields), _tuple(self.fields)

    def times(self, source: Source) -> tuple[slice, slice]:
        frames = _frames(source, _tuple(self.fields))
        taken = -(-frames // self.every)
        if taken < self.history + self.horizon:
            raise ValueError(
                f"{source.path} has {taken} frames (every {self.every}); windows need "
                f"{self.history} + {self.horizon}" + (WITHOUT_TIME if not frames else "")
            )
        return slice(0, frames, self.every), slice(0, frames, self.every)

    def items_per_sample(self, frames: int, whole: bool) -> int:
        return 1 if whole else frames - self.history - self.horizon + 1

    def take(
        self, stores: tuple[Store, Store], samples: Numbers, part: Numbers, whole: bool
    ) -> tuple[Tensor, Tensor]:
        frames = stores[0].frames if whole else self.history + self.horizon
        window = stores[0].take(samples, part, frames)
        return window[:, : self.history], window[:, self.history :]
