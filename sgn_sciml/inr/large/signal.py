"""A signal on disk: its samples are read in windows, never all at once."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from sgn_sciml.inr.description import Signal, cell_centres
from sgn_sciml.inr.large.stores import SignalStore, Slices

__all__ = ["PART", "StoredSamples", "StoredSignal", "strips"]

PART = 2**20  # samples of a part that is held, unless a row or a slice alone has more


def strips(grid: Sequence[int], thickness: int | None = None) -> list[slice]:
    """The first axis of a grid, cut into strips.

    Args:
        grid: Samples along each axis.
        thickness: Rows of a strip; None for as many as :data:`PART` allows.

    Example:
        >>> strips((5, 10), 2)
        [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    rows = thickness or max(1, PART // math.prod(grid[1:]))
    return [slice(top, min(top + rows, grid[0])) for top in range(0, grid[0], rows)]


@dataclass(frozen=True)
class StoredSamples:
    """The samples of a signal in a store.

    Attributes:
        store: The array.
        axes: How many axes the signal has.
        last: Whether channels are the last axis of the array, else the first.
        top: What is divided by: the white of an image's integers.
        inside: The value that is inside a solid, which is 1, others 0; None for the values.
    """

    store: SignalStore
    axes: int
    last: bool = True
    top: float = 1.0
    inside: float | None = None

    @property
    def channelled(self) -> bool:
        """Whether the array has an axis of channels."""
        return len(self.store.shape) > self.axes

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self.store.shape[-1 if self.last else 0] if self.channelled else 1

    @property
    def grid(self) -> tuple[int, ...]:
        """Samples along each axis."""
        shape = self.store.shape
        return shape if not self.channelled else shape[:-1] if self.last else shape[1:]

    def raw(self, windows: Sequence[Slices]) -> Iterator[NDArray[Any]]:
        """Numbers of windows as they are stored, shape ``(channels, *window)`` each."""
        every = (slice(None),)
        whole = [
            w if not self.channelled else w + every if self.last else every + w for w in windows
        ]
        for found in self.store.read(whole):
            if not self.channelled:
                yield found[None]
            else:
                yield np.moveaxis(found, -1, 0) if self.last else found

    def read(self, windows: Sequence[Slices]) -> Iterator[Tensor]:
        """Values of windows in float32, shape ``(channels, *window)`` each."""
        for raw in self.raw(windows):
            if self.inside is not None:
                raw = raw == self.inside
            # in double precision, as a whole image is scaled: raw numbers may have more digits
            values = raw if self.top == 1 else raw / np.float32(self.top)
            yield torch.from_numpy(np.ascontiguousarray(values, np.float32))

    def ends(self) -> tuple[float, float]:
        """Least and greatest stored number, from one pass over all.

        Raises:
            ValueError: If some are NaN or infinite.
        """
        low, high = math.inf, -math.inf
        rest = tuple(slice(None) for _ in self.grid[1:])
        for strip in tqdm(strips(self.grid), desc="Reading", disable=None):
            for part in self.raw([(strip, *rest)]):
                low, high = min(low, float(part.min())), max(high, float(part.max()))
                if not math.isfinite(float(part.sum(dtype=np.float64))):
                    raise ValueError(
                        f"{self.store.path} holds NaN or infinite values: mend them first"
                    )
        return low, high


def placeholder(channels: int, grid: Sequence[int]) -> Tensor:
    """Shape and dtype of values without any: what would compute with them fails."""
    return torch.empty((channels, *grid), device="meta")


def refuse_constant(path: str, low: float, high: float) -> None:
    """Refuse a signal without variation, or beyond float32."""
    if low == high:
        raise ValueError(f"all values of {path} are the same: there is nothing to learn")
    if max(abs(low), abs(high)) > torch.finfo(torch.float32).max:
        raise ValueError(f"{path} holds values beyond 3.4e38: give it in a larger unit")


@dataclass(frozen=True)
class StoredSignal(Signal):
    """A signal of which only shape and range are held.

    ``values`` has no numbers (torch's device ``meta``).

    Attributes:
        samples: Where its samples are.
    """

    streamed: ClassVar[bool] = True
    samples: StoredSamples | None = None

    @property
    def scaled(self) -> Tensor:
        raise ValueError(
            "a large signal is read in windows: give the task no measurement and no weighting, "
            "and set model.init_args.frequency to a number"
        )

    def scale(self, values: Tensor) -> Tensor:
        """Values with the bounds scaled to [-1, 1]."""
        low, high = self.reach
        return 2 * (values - low) / (high - low) - 1

    def read(self, windows: Sequence[Slices]) -> Iterator[Tensor]:
        """Values of windows, shape ``(channels, *window)`` each."""
        assert self.samples is not None
        return self.samples.read(windows)

    def preview(self, longest: int) -> tuple[dict[str, Tensor], Tensor]:
        """Every k-th sample along each axis, to look at.

        Args:
            longest: Samples along the longest axis, at most.

        Returns:
            The coordinates, ``axis0``, ..., and the values, ``(channels, *grid)``.
        """
        stride = -(-max(self.grid) // longest)
        thinned = tuple(slice(min(stride // 2, n - 1), None, stride) for n in self.grid)
        rows = range(*thinned[0].indices(self.grid[0]))
        windows = [(slice(row, row + 1), *thinned[1:]) for row in rows]
        values = torch.cat(list(self.read(windows)), 1)
        places = {
            f"axis{k}": cell_centres(n)[cut].float()
            for k, (n, cut) in enumerate(zip(self.grid, thinned, strict=True))
        }
        return places, values
