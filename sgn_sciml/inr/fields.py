"""Snapshots of the fields in benchmark files, as signals."""

from typing import Any

import numpy as np
import torch

from sgn_sciml.inr.description import Signal
from sgn_sciml.inr.signals import SignalData
from sgn_sciml.inr.volumes import LEARNING, in_memory
from sgn_sciml.layouts import Source, find_source
from sgn_sciml.system.resources import refuse_too_large

__all__ = ["FieldData", "read_snapshot"]


def read_snapshot(
    source: Source, name: str, sample: int = 0, frame: int | None = -1
) -> tuple[torch.Tensor, tuple[str, ...]]:
    """One sample of a field, at one time or over all.

    Args:
        source: Open file.
        name: Name of the field.
        sample: Number of the sample, negative from the end.
        frame: Number of the time, negative from the end; None for all, as the first axis t. A
            field without time has one, 0 or -1.

    Returns:
        Values in float32 or, of a file with more digits, in float64, shape ``(channels, *grid)``,
        the components of a vector as channels;
        and the names of the grid's axes.

    Raises:
        ValueError: If there is no such field, sample or time, or memory is short.
    """
    if name not in source.fields:
        known = ", ".join(source.fields)
        raise ValueError(f"{source.path} has no field {name!r}; it has {known}")
    about = source.fields[name]
    times = about.lengths.get("time", 1)
    if frame is None:
        if "time" not in about.axes:
            raise ValueError(f"{source.path}: {name} has no time, so it has no space-time")
        window = slice(None)
    elif -times <= frame < times:
        window = slice(frame % times, frame % times + 1)
    else:
        raise ValueError(f"{source.path}: {name} has {times} times, there is no frame {frame}")
    count = times if frame is None else 1
    refuse_too_large(about.selected(1, count, 1), LEARNING, "take a smaller part")
    axes = about.axes[1:]
    values = source.read(name, [sample], window if "time" in axes else slice(None))[0]
    if "time" in axes and frame is not None:
        values, axes = values[0], axes[1:]
    if "component" in axes:
        values, axes = np.moveaxis(values, -1, 0), axes[:-1]
    else:
        values = values[None]
    held = np.ascontiguousarray(values, in_memory(values.dtype))
    return torch.from_numpy(held), tuple("t" if a == "time" else a for a in axes)


class FieldData(SignalData):
    """One sample of a field of a benchmark file of any layout: at one time, or in space-time.

    Samples count as equally spaced, whatever the coordinates in the file; the card tells these.

    Args:
        path: Benchmark file.
        field: Name of the field; the first of the file by default.
        sample: Number of the sample, negative from the end.
        frame: Number of the time, negative from the end.
        spacetime: Take all times instead, t as the first axis.
        kwargs: Options of :class:`SignalData`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged, or has no such field, sample or time.
    """

    def __init__(
        self,
        path: str,
        field: str | None = None,
        sample: int = 0,
        frame: int = -1,
        spacetime: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.path = path
        self.field = field
        self.sample = sample
        self.frame = frame
        self.spacetime = spacetime

    def load(self) -> Signal:
        """Read the sample."""
        source = find_source(self.path)
        name = self.field or next(iter(source.fields))
        try:
            frame = None if self.spacetime else self.frame
            values, axes = read_snapshot(source, name, self.sample, frame)
        finally:
            source.close()
        facts: dict[str, Any] = {
            "name": f"{source.path.stem}_{name}",
            "path": str(source.path),
            "layout": source.layout,
            "law": source.parameters.get("law"),
            "parameters": dict(source.parameters),
            "field": name,
            "sample": self.sample,
        }
        if not self.spacetime and "time" in source.fields[name].axes:
            facts["frame"] = self.frame
        known = {axis: source.coordinates[axis] for axis in axes if axis in source.coordinates}
        facts["ends"] = {axis: [float(x[0]), float(x[-1])] for axis, x in known.items()}
        return Signal(values, "field", float(values.min()), float(values.max()), axes, facts=facts)
