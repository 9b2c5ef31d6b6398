"""Fields of a file as channels of tensors: read when asked for, or kept in memory."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sgn_sciml.layouts import Field, Source
from sgn_sciml.metrics.base import accumulator

__all__ = ["Cached", "Lazy", "Numbers", "Store", "fields_of", "stride_for"]

Numbers = NDArray[np.intp]
BLOCK = 32 * 2**20  # bytes that are read at once when a whole store is gone through


def fields_of(source: Source, names: Sequence[str]) -> list[Field]:
    """The fields of a file that are asked for.

    Raises:
        ValueError: If none are, or the file has no such field.
    """
    known = ", ".join(source.fields)
    if not names:
        raise ValueError(f"the pairing names no field; {source.path} has {known}")
    for name in names:
        if name not in source.fields:
            raise ValueError(
                f"{source.path} has no field {name!r}; it has {known}: name those in "
                "data.init_args.pairing"
            )
    return [source.fields[name] for name in names]


def stride_for(source: Source, name: str, resolution: int | None) -> int:
    """Every how many points of a field give a resolution along its first space axis.

    All space axes are thinned alike. Cells and periodic grids are thinned from n to n / stride
    points, grids that include both ends from n to (n - 1) / stride + 1. A stride that fits neither
    would leave another gap at the end, with which the field is no longer periodic.

    Raises:
        ValueError: If no stride does.
    """
    if resolution is None:
        return 1
    lengths = {axis: n for axis, n in source.fields[name].lengths.items() if axis in "xyz"}
    n = lengths["x"]
    strides = {-(-n // s): s for s in range(n, 0, -1) if _even(n, s)}
    uneven = {r: [a for a, m in lengths.items() if not _even(m, s)] for r, s in strides.items()}
    possible = ", ".join(str(r) for r in sorted(strides) if r > 3 and not uneven[r])
    if resolution not in strides:
        raise ValueError(
            f"{source.path} has {n} points along x, which cannot be thinned to {resolution}; "
            f"possible: {possible}"
        )
    stride = strides[resolution]
    if uneven[resolution]:
        axis = uneven[resolution][0]
        raise ValueError(
            f"{source.path} has {n} points along x and {lengths[axis]} along {axis}: a resolution "
            f"of {resolution} takes every {stride}th, which leaves another gap at the end of "
            f"{axis}; possible: {possible}"
        )
    return stride


def _even(points: int, stride: int) -> bool:
    """Whether a stride leaves no other gap at the end of an axis, be it periodic or not."""
    return points % stride == 0 or (points - 1) % stride == 0


class Store(ABC):
    """Some frames of some fields.

    Attributes:
        samples: Number of samples.
        frames: Number of frames; 0 for fields without time.
        shape: Channels and space, ``(channels, *space)``.
        dtype: float32, or float64 where the file has more digits than float32 holds: what is small
            beside a large mean is in them until the mean is taken off.
    """

    samples: int
    frames: int
    shape: tuple[int, ...]
    dtype: torch.dtype

    @abstractmethod
    def take(self, samples: Numbers, first: Numbers | None = None, frames: int = 0) -> Tensor:
        """Read samples.

        Args:
            samples: Their numbers.
            first: First frame per sample; None for fields without time.
            frames: Number of frames.

        Returns:
            Shape ``(len(samples), channels, *space)``, with time
            ``(len(samples), frames, channels, *space)``.
        """

    @property
    def sample_bytes(self) -> int:
        """Bytes of one sample."""
        return self.dtype.itemsize * max(1, self.frames) * math.prod(self.shape)

    def blocks(self, samples: Numbers) -> Iterator[tuple[Numbers, Tensor]]:
        """All frames of many samples, some samples at a time."""
        count = max(1, BLOCK // self.sample_bytes)
        for begin in range(0, len(samples), count):
            part = samples[begin : begin + count]
            first = np.zeros_like(part) if self.frames else None
            yield part, self.take(part, first, self.frames)


class Lazy(Store):
    """A store that reads from its file.

    Args:
        source: The file.
        names: Fields, each a channel or, with a component axis, several. Beside fields over time
            those without are channels of every frame.
        times: The frames.
        resolution: Points along each space axis; None for all.

    Raises:
        ValueError: If the file has no such field, the fields differ in shape or in their frames,
            or the resolution does not fit.
    """

    def __init__(
        self, source: Source, names: tuple[str, ...], times: slice, resolution: int | None
    ) -> None:
        fields = fields_of(source, names)
        self.source, self.names = source, names
        self.stride = stride_for(source, names[0], resolution)
        shapes = []
        for field in fields:
            grid = dict(zip(field.axes, field.selected(1, 1, self.stride), strict=True))
            shapes.append(tuple(n for axis, n in grid.items() if axis in ("x", "y", "z")))
        if len(set(shapes)) > 1:
            raise ValueError(f"{source.path}: the grids of {', '.join(names)} differ: {shapes}")
        lengths = [field.lengths for field in fields]
        self.times = range(*times.indices(max(length.get("time", 0) for length in lengths)))
        self.samples, self.frames = source.num_samples, len(self.times)
        self.shape = (sum(length.get("component", 1) for length in lengths), *shapes[0])
        stored = np.result_type(np.float32, *(source.fields[name].dtype for name in names))
        self.dtype = torch.float32 if stored == np.float32 else torch.float64

    def take(self, samples: Numbers, first: Numbers | None = None, frames: int = 0) -> Tensor:
        if first is None or len(set(first)) == 1:
            return self._read(samples, 0 if first is None else int(first[0]), frames)
        one_by_one = zip(samples[:, None], first, strict=True)
        return torch.cat([self._read(sample, int(start), frames) for sample, start in one_by_one])

    def _read(self, samples: Numbers, first: int, frames: int) -> Tensor:
        time, space = slice(None), len(self.shape) - 1
        number = np.float64 if self.dtype == torch.float64 else np.float32
        if self.frames:
            chosen = self.times[first : first + frames]
            time = slice(chosen.start, chosen.stop, chosen.step)
        channels = []
        for name in self.names:
            still = self.frames and "time" not in self.source.fields[name].axes
            part = slice(None) if still else time
            values = self.source.read(name, samples.tolist(), part, self.stride)
            field = torch.from_numpy(values.astype(number, copy=False))
            if "component" in self.source.fields[name].axes:
                field = field.movedim(-1, field.ndim - 1 - space)
            else:
                field = field.unsqueeze(field.ndim - space)
            if still:
                field = field.unsqueeze(1).expand(-1, frames, *field.shape[1:])
            channels.append(field)
        return channels[0] if len(channels) == 1 else torch.cat(channels, -1 - space)


class Cached(Store):
    """A store in memory, filled once from another.

    Args:
        store: Where from.
        samples: The samples that will ever be taken.
        device: Where to keep them.
    """

    def __init__(self, store: Store, samples: Numbers, device: torch.device) -> None:
        self.samples, self.frames, self.shape = store.samples, store.frames, store.shape
        self.row = np.full(store.samples, -1)
        self.row[samples] = np.arange(len(samples))
        time = (store.frames,) if store.frames else ()
        self.dtype = store.dtype if accumulator(device) == torch.float64 else torch.float32
        shape = (len(samples), *time, *store.shape)
        self.values = torch.empty(shape, dtype=self.dtype, device=device)
        for part, block in store.blocks(np.sort(samples)):
            self.values[torch.from_numpy(self.row[part])] = block.to(device, self.dtype)

    def take(self, samples: Numbers, first: Numbers | None = None, frames: int = 0) -> Tensor:
        rows = torch.from_numpy(self.row[samples]).to(self.values.device)
        if first is None or frames == self.frames:
            return self.values[rows]
        window = torch.from_numpy(np.asarray(first)[:, None] + np.arange(frames))
        return self.values[rows[:, None], window.to(rows.device)]
