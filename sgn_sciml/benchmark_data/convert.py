"""``sgn data convert``: files of any layout as one of our own, which says what it holds."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sgn_sciml.layouts import Field, Source, write_samples
from sgn_sciml.layouts.contents import AXES
from sgn_sciml.system.names import __version__

__all__ = ["convert"]

BLOCK = 64 * 2**20  # bytes that are read at once


def convert(source: Source, path: str | Path, force: bool = False) -> Path:
    """Write what a source holds as ``sgn-samples-1``: fields, coordinates, constants.

    Fields in groups are called without the group, a field ``x``, as neuraloperator has it,
    ``field_x``.

    Args:
        source: The source.
        path: File to write.
        force: Replace a file that is there.

    Returns:
        The path.

    Raises:
        OSError: If the folder cannot be written, or the disk is full.
        ValueError: If there is such a file, or values are missing or not finite.
    """
    path = Path(path)
    if path.exists() and not force:
        raise ValueError(f"{path} is there already: name another file, or replace it with --force")
    if path.resolve() in {each.resolve() for each in source.files}:
        raise ValueError(f"{path} is what is to be converted: name another file")
    names = _names(source)
    dimensions = {names[name]: _dimensions(source, field) for name, field in source.fields.items()}
    lengths: dict[str, NDArray[Any] | int] = {}
    for over, field in zip(dimensions.values(), source.fields.values(), strict=True):
        lengths |= dict(zip(over, field.shape[1:], strict=True))
    lengths |= source.coordinates
    count = len(source.files) - 1
    constants = {k: v for k, v in source.parameters.items() if isinstance(v, int | float | str)}
    attributes = {
        "law": constants.pop("law", "unknown"),
        "seed": constants.pop("seed", 0),
        "source": source.files[0].name + (f" and {count} more" if count else ""),
        "source_layout": source.layout,
    }
    types = {names[k]: np.result_type(np.float32, f.dtype).name for k, f in source.fields.items()}
    return write_samples(
        path,
        lengths,
        dimensions | {names[name]: () for name in source.sample_parameters},
        _blocks(source, names, types),
        source.num_samples,
        dtype=types,
        attrs=attributes,
        groups={"parameters": constants, "versions": {"sgn-sciml": __version__}},
    )


def _names(source: Source) -> dict[str, str]:
    """What fields and lists are called: without their groups, and not like an axis."""
    held = [*source.fields, *source.sample_parameters]
    last = [name.rpartition("/")[2] for name in held]
    found = {}
    for name, end in zip(held, last, strict=True):
        short = end if last.count(end) == 1 else name.replace("/", "_")
        found[name] = f"field_{short}" if short in (*AXES, "t") else short
    return found


def _dimensions(source: Source, field: Field) -> tuple[str, ...]:
    """Names of the dimensions of a field; those that are its own end in ``@`` and its name."""

    def named(axis: str) -> str:
        found = {about.lengths.get(axis) for about in source.fields.values()} - {None}
        name = "t" if axis == "time" else axis
        return name if len(found) == 1 else f"{name}@{field.name}"

    return tuple(named(axis) for axis in field.axes if axis != "sample")


def _blocks(
    source: Source, names: Mapping[str, str], types: Mapping[str, str]
) -> Iterator[dict[str, NDArray[Any]]]:
    sample = max(int(np.prod(f.shape[1:])) * 8 for f in source.fields.values())
    count = max(1, BLOCK // sample)
    lists = {names[name]: source.sample_parameter(name) for name in source.sample_parameters}
    for begin in range(0, source.num_samples, count):
        part = slice(begin, begin + count)
        fields = {
            names[k]: source.read(k, part).astype(types[names[k]], copy=False)
            for k in source.fields
        }
        yield fields | {name: values[part] for name, values in lists.items()}
