"""Sources that are a dictionary of arrays: variables of MAT files, tensors, members of archives.

What the arrays are is what :mod:`~sgn_sciml.layouts.trajectories` tells, unless a schema does.
"""

import math
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from sgn_sciml.layouts.boxes import Steps, place
from sgn_sciml.layouts.contents import Contents, Field, LayoutError
from sgn_sciml.layouts.nameless import Convention
from sgn_sciml.layouts.schema import Schema
from sgn_sciml.layouts.source import Source
from sgn_sciml.layouts.trajectories import contents_of, repeats, sort_out

__all__ = ["ArraysSource", "Entries", "Indexed", "array_of"]


@dataclass
class Entries:
    """What a dictionary holds.

    Attributes:
        arrays: Arrays to shape and type; one of one entry is a constant.
        constants: Constants that are not arrays.
        left_out: What is not read, and why.
        labels: Names of the axes of an array in the order of storage, where the file has them.
        chunks: Shape of the parts in which an array is stored, where it is.
        missing: What marks missing values of an array.
        notes: What a user should know.
    """

    arrays: dict[str, tuple[tuple[int, ...], np.dtype[Any]]] = field(default_factory=dict)
    constants: dict[str, Any] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    chunks: dict[str, tuple[int, ...]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


class Indexed(Protocol):
    """What gives values for an index of slices: an array, or one that is read part by part."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis."""

    def __getitem__(self, box: Any, /) -> Any:
        """Values of a box, as an array."""


class ArraysSource(Source):
    """A source whose fields are arrays of a dictionary, each kept once it is read or opened."""

    convention: ClassVar[Convention] = "hdf5"
    sampled: ClassVar[bool] = False  # whether all arrays are known to have samples

    def __init__(self, path: str | Path, schema: Schema | None = None) -> None:
        self._arrays: dict[str, Indexed] = {}
        self._verified = False
        super().__init__(path, schema)

    @abstractmethod
    def _entries(self) -> Entries:
        """What there is; read no field."""

    @abstractmethod
    def _array(self, name: str) -> Indexed:
        """An array, read or mapped, or opened to be read part by part."""

    def _verify(self) -> None:
        """Compare the values with checksums, where the file has them; done once."""

    def _inspect(self) -> Contents:
        found = self._entries()
        one = {name for name, (shape, _) in found.arrays.items() if math.prod(shape) == 1}
        shapes = {n: (1,) if n in one else shape for n, (shape, _) in found.arrays.items()}
        labels = {k: v for k, v in found.labels.items() if len(shapes[k]) > 1}
        schema = replace(self.schema, axes=labels | self.schema.axes) if labels else self.schema
        told = {*schema.axes, *schema.fields.values(), *schema.parameters.values()}
        rows = {name for name in {*shapes} - told if repeats(name, shapes, self._array)}
        shapes |= {name: shapes[name][1:] for name in rows}
        known = self._sorted = sort_out(self.path, shapes, schema, self.convention, self.sampled)
        known.notes += found.notes
        fields = {}
        for name, axes in known.fields.items():
            array = known.arrays[name]
            about = Field.of(
                name, axes, shapes[array], found.arrays[array][1], known.repeated(name)
            )
            chunks = dict(zip(axes, found.chunks.get(array, ()), strict=False))
            fields[name] = replace(
                about,
                chunks=tuple(chunks.get(axis, 1) for axis in about.axes) if chunks else None,
                missing=found.missing.get(array, ""),
            )

        def values(array: str) -> NDArray[Any]:
            return np.asarray(self._array(array)[0 if array in rows else ...])

        return contents_of(fields, known, values, found.constants, found.left_out)

    def _fill(
        self, out: NDArray[Any], field: Field, samples: slice, times: slice | None, steps: Steps
    ) -> None:
        if not self._verified:
            self._verify()
            self._verified = True
        axes, name = self._sorted.fields[field.name], self._sorted.arrays[field.name]
        if name not in self._arrays:
            values = self._array(name)
            if values.shape != tuple(field.lengths.get(axis, 1) for axis in axes):
                raise LayoutError(f"{self.path}: {field.name} is damaged; get it again")
            self._arrays[name] = values
        wanted = {"sample": samples, "time": times}
        box = tuple(wanted.get(axis) or slice(None) for axis in axes)
        place(out, self._arrays[name][box], axes, field.axes, steps)

    def close(self) -> None:
        """Give up what was read; the next read brings it again."""
        self._arrays = {}

    def __getstate__(self) -> Mapping[str, Any]:
        return self.__dict__ | {"_arrays": {}}


def array_of(tensor: Any) -> NDArray[Any]:
    """A tensor as an array that shares its memory, where numpy has its type.

    Raises:
        LayoutError: If there is none; the message begins with a verb.
    """
    import torch

    if tensor.is_complex():
        raise LayoutError("holds complex numbers")
    if tensor.layout != torch.strided or tensor.is_quantized or tensor.is_meta:
        raise LayoutError("is sparse, quantised or without values")
    tensor = tensor.detach().cpu().resolve_neg()
    try:
        return np.asarray(tensor.numpy())
    except TypeError:  # bfloat16 and floats of 8 bit, which float32 holds exactly
        return np.asarray(tensor.float().numpy())
