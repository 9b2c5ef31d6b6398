"""Sources that are a dictionary of arrays: variables of MAT files, tensors, members of archives.

What the arrays are is what :mod:`~sgn_sciml.layouts.trajectories` tells, unless a schema does.
"""

import math
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from sgn_sciml.layouts.boxes import Steps, place
from sgn_sciml.layouts.contents import Contents, Field, LayoutError
from sgn_sciml.layouts.nameless import Convention
from sgn_sciml.layouts.schema import Schema
from sgn_sciml.layouts.source import Source
from sgn_sciml.layouts.trajectories import contents_of, sort_out

__all__ = ["ArraysSource", "Entries", "array_of"]


@dataclass
class Entries:
    """What a dictionary holds.

    Attributes:
        arrays: Arrays to shape and type; one of one entry is a constant.
        constants: Constants that are not arrays.
        left_out: What is not read, and why.
    """

    arrays: dict[str, tuple[tuple[int, ...], np.dtype[Any]]] = field(default_factory=dict)
    constants: dict[str, Any] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


class ArraysSource(Source):
    """A source whose fields are arrays of a dictionary, each kept once it is read."""

    convention: ClassVar[Convention] = "hdf5"

    def __init__(self, path: str | Path, schema: Schema | None = None) -> None:
        self._arrays: dict[str, NDArray[Any]] = {}
        self._verified = False
        super().__init__(path, schema)

    @abstractmethod
    def _entries(self) -> Entries:
        """What there is; read no field."""

    @abstractmethod
    def _array(self, name: str) -> NDArray[Any]:
        """An array, read or mapped."""

    def _verify(self) -> None:
        """Compare the values with checksums, where the file has them; done once."""

    def _inspect(self) -> Contents:
        found = self._entries()
        one = {name for name, (shape, _) in found.arrays.items() if math.prod(shape) == 1}
        shapes = {n: (1,) if n in one else shape for n, (shape, _) in found.arrays.items()}
        known = self._sorted = sort_out(self.path, shapes, self.schema, self.convention)
        fields = {}
        for name, axes in known.fields.items():
            array = known.arrays[name]
            dtype = found.arrays[array][1]
            fields[name] = Field.of(name, axes, shapes[array], dtype, known.repeated(name))
        return contents_of(fields, known, self._array, found.constants, found.left_out)

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
