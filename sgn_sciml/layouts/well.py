"""The Well: groups of scalar, vector and tensor fields, each saying in which axes it varies.

``t0_fields``, ``t1_fields``, ``t2_fields`` hold (N, T, X, Y[, Z]) with D or D*D trailing
components; ``dimensions`` the coordinates, ``scalars`` and the root attributes the constants.
Attributes ``sample_varying``, ``time_varying`` and ``dim_varying`` say which axes a data set has.
A field that varies in no sample, or not along some space axis, is shown with that axis and
filled by repetition; one that does not vary in time is shown without time.

Source: ``docs/data_format.md`` and the reader in github.com/PolymathicAI/the_well.
"""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from sgn_sciml.layouts.contents import SPACE, Contents, Field, LayoutError, reason
from sgn_sciml.layouts.hdf5 import Hdf5Source
from sgn_sciml.layouts.hdf5_items import attributes, members, whole_values

__all__ = ["TheWell"]

ORDERS = {"t0_fields": 0, "t1_fields": 1, "t2_fields": 2}


class TheWell(Hdf5Source):
    """A file of The Well."""

    layout = "the-well"

    @classmethod
    def matches(cls, path: Path, file: h5py.File | None) -> bool:
        """Whether the root has ``dimensions`` and a group of fields."""
        return file is not None and "dimensions" in file and any(order in file for order in ORDERS)

    def _describe(self, file: h5py.File) -> Contents:
        root = attributes(file)
        self._names = _listed(attributes(file["dimensions"]).get("spatial_dims"))
        if not 1 <= len(self._names) <= 3 or "n_trajectories" not in root:
            raise LayoutError(f"{self.path} lacks spatial_dims or n_trajectories")
        full = {"sample": int(root["n_trajectories"])}
        coordinates, notes = self._dimensions(file["dimensions"], full)
        fields, left_out = {}, {}
        for group, order in ORDERS.items():
            for name, item in members(file[group]) if group in file else ():
                try:
                    fields[name] = self._tensor(file, group, name, item, order, full)
                except LayoutError as error:
                    left_out[name] = reason(self.path, name, error)
        constants, by_sample, varying = _constants(self.path, file, full["sample"])
        notes += varying
        space = SPACE[: len(self._names)]
        if self._names != list(space):
            notes.append(f"{', '.join(space)} stand for {', '.join(self._names)}")
        return Contents(
            fields,
            coordinates,
            root | constants,
            tuple(notes),
            left_out,
            sample_parameters=by_sample,
        )

    def _dimensions(
        self, group: h5py.Group, full: dict[str, int]
    ) -> tuple[dict[str, NDArray[Any]], list[str]]:
        """Coordinates; the lengths of the space axes are added to ``full``."""
        coordinates, notes = {}, []
        for axis, name in zip(("t", *SPACE), ("time", *self._names), strict=False):
            values = np.atleast_1d(np.asarray(whole_values(group, name), np.float64))
            if values.ndim == 2 and (values == values[0]).all():
                values = values[0]
            if values.ndim == 1:
                coordinates[axis] = values
            else:
                notes.append(f"coordinate {name} varies between samples; it is not given")
            if axis in SPACE:
                full[axis] = values.shape[-1]
        return coordinates, notes

    def _tensor(
        self,
        file: h5py.File,
        group: str,
        name: str,
        item: Any,
        order: int,
        full: dict[str, int],
    ) -> Field:
        if not isinstance(item, h5py.Dataset):
            raise LayoutError(f"{self.path}: {name} is not a data set")
        about = attributes(item)
        space = SPACE[: len(self._names)]
        varying = about.get("dim_varying", [True] * len(space))
        varying = varying if isinstance(varying, list) else [varying]  # one space axis
        axes = (
            *(("sample",) if about.get("sample_varying", True) else ()),
            *(("time",) if about.get("time_varying", True) else ()),
            *(axis for axis, varies in zip(space, varying, strict=True) if varies),
        )
        # A tensor may be stored as D*D components or as a D by D matrix.
        extra = item.ndim - len(axes) if order == 2 else order
        axes += ("component",) * min(max(extra, 1), 2) if order else ()
        repeated = {axis: n for axis, n in full.items() if axis not in axes}
        return self._field(file, name, axes, f"{group}/{name}", repeated)


def _listed(value: Any) -> list[str]:
    """Names in an attribute, where one name may be stored without a list."""
    return [str(entry) for entry in (value if isinstance(value, list) else [value]) if entry]


def _constants(
    path: Path, file: h5py.File, samples: int
) -> tuple[dict[str, Any], dict[str, NDArray[Any]], list[str]]:
    """Scalars that do not vary and the kinds of boundary; scalars of each sample; notes."""
    constants: dict[str, Any] = {}
    by_sample: dict[str, NDArray[Any]] = {}
    notes = []
    for name, data in members(file["scalars"]) if "scalars" in file else ():
        about = {} if data is None else attributes(data)
        if about.get("time_varying"):
            notes.append(f"scalar {name} varies in time; it is not among the parameters")
            continue
        try:
            values = whole_values(file["scalars"], name)
        except LayoutError as error:
            notes.append(f"scalar {name} is left out: it {reason(path, name, error)}")
            continue
        if not about.get("sample_varying") and values.size == 1:
            constants[name] = values.item()
        elif values.shape in ((samples,), (samples, 1)):
            by_sample[name] = values
        else:
            notes.append(f"scalar {name} is left out: it has shape {values.shape}")
    groups = members(file["boundary_conditions"]) if "boundary_conditions" in file else ()
    kinds = {name: attributes(group).get("bc_type") for name, group in groups if group}
    return constants | ({"boundary_conditions": kinds} if kinds else {}), by_sample, notes
