"""Values from stored numbers: scale and offset, and the marks of missing cells.

The attributes are those of netCDF and of the CF conventions (sections 2.5.1 and 8.1)::

    value = stored * scale_factor + add_offset

where ``stored`` is read as unsigned with ``_Unsigned``, and missing where it equals ``_FillValue``
or ``missing_value`` or lies outside ``valid_min``, ``valid_max`` or ``valid_range``. Without
``_FillValue``, the fill value of the data set marks what was never written; netCDF sets one of its
own where the writer names none, 9.96921e36 for floats.
"""

from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from sgn_sciml.layouts.contents import LayoutError

__all__ = ["Decoding", "decoding", "decoding_by", "gaps_in", "values_of"]

NETCDF_FILL = {
    "i2": -32767, "i4": -2147483647, "i8": -9223372036854775806,
    "u2": 65535, "u4": 4294967295, "u8": 18446744073709551614,
}  # fmt: skip
NETCDF_FILL_FLOAT = 9.969209968386869e36
NETCDF_ATTRIBUTES = ("_Netcdf4Dimid", "_Netcdf4Coordinates")
NO_CHANGE = {"scale_factor": 1.0, "add_offset": 0.0}
# Other words for a packing. What they mean differs between their users (is the offset taken off
# before or added after?), so integers that have one are refused; the number is that of no change.
OTHER_WORDS = {
    "scale": 1, "scalefactor": 1, "scalingfactor": 1, "slope": 1, "gain": 1,
    "offset": 0, "addoffset": 0, "intercept": 0, "bias": 0,
}  # fmt: skip
READABLE = (h5py.h5t.INTEGER, h5py.h5t.FLOAT, h5py.h5t.STRING)


@dataclass(frozen=True)
class Decoding:
    """From stored numbers to values.

    Attributes:
        raw: Native type of the stored numbers.
        stored: The same, unsigned where ``_Unsigned`` says so.
        dtype: Native type of the values.
        scale: Factor.
        offset: What is added after it.
        marks: Stored numbers that mark a missing cell.
        valid: Lowest and highest stored number that is a value; None for no bound.
        valid_values: The same after scaling.
        missing: What marks missing cells, for messages; empty where nothing does.
    """

    raw: np.dtype[Any]
    stored: np.dtype[Any]
    dtype: np.dtype[Any]
    scale: float = 1.0
    offset: float = 0.0
    marks: tuple[Any, ...] = ()
    valid: tuple[Any, Any] = (None, None)
    valid_values: tuple[Any, Any] = (None, None)
    missing: str = ""

    @property
    def packed(self) -> bool:
        """Whether values are scaled."""
        return (self.scale, self.offset) != (1.0, 0.0)

    @property
    def plain(self) -> bool:
        """Whether the stored numbers are the values, all of them."""
        return not self.packed and not self.missing and self.raw == self.dtype

    def __call__(self, stored: NDArray[Any]) -> NDArray[Any]:
        """Values of stored numbers of any shape, NaN where they are missing."""
        raw = stored.astype(stored.dtype.newbyteorder("="), copy=False)
        if raw.dtype != self.stored:
            raw = raw.view(self.stored)
        gaps = _outside(raw, self.valid)
        for mark in self.marks:
            gaps |= raw == mark
        values = raw
        if self.packed:
            values = raw.astype(np.result_type(raw, np.float64)) * self.scale + self.offset
            gaps |= _outside(values, self.valid_values)
        with np.errstate(over="ignore"):  # what float32 cannot hold is refused as infinite
            values = values.astype(self.dtype)
        if gaps.any():
            values[gaps] = np.nan
        return values


def decoding(data: h5py.Dataset) -> Decoding:
    """How the numbers of a data set become values; raises as :func:`decoding_by`."""
    raw = np.dtype(data.dtype.str).newbyteorder("=")
    if raw.kind == "b":
        return Decoding(raw, raw, raw)
    found = {name: v for name in data.attrs if (v := _attribute(data, name)) is not None}
    where = f"{data.file.filename}: {data.name.strip('/')}"
    fill = None if "_FillValue" in found else _unwritten(data, raw)
    known = decoding_by(where, raw, found, fill)
    if raw.kind in "iu" and not known.packed:
        _refuse_packed_groups(data)
    return known


def decoding_by(where: str, raw: np.dtype[Any], found: dict[str, Any], fill: Any) -> Decoding:
    """How stored numbers become values by their attributes.

    Args:
        where: File and array, for messages.
        raw: Native type of the stored numbers, which is not bool.
        found: Attributes.
        fill: What stands where nothing was written, if that is not a value; else None.

    Raises:
        LayoutError: If the attributes leave that open; the message names the attribute.
    """
    scale, scale_type = _factor(where, found, "scale_factor")
    offset, offset_type = _factor(where, found, "add_offset")
    packed = (scale, offset) != (1.0, 0.0)
    if raw.kind in "iu" and not packed:
        _refuse_other_words(where, found)
    unsigned = raw.kind == "i" and str(found.get("_Unsigned", "")).lower() == "true"
    stored = np.dtype(f"u{raw.itemsize}") if unsigned else raw

    def as_stored(value: Any) -> Any:
        """A mark as it is stored; None where no stored number equals it."""
        with np.errstate(all="ignore"):
            mark = np.asarray(value).astype(raw)
            if raw.kind != "f":
                return mark.view(stored)[()] if mark == np.asarray(value) else None
            # NaN and netCDF's fill value of floats are looked for in every file, see gaps_in.
            known = not np.isfinite(mark) or mark == raw.type(NETCDF_FILL_FLOAT)
        return None if known else mark[()]

    named: dict[str, list[Any]] = {
        name: [m for v in _listed(where, found, name) if (m := as_stored(v)) is not None]
        for name in ("_FillValue", "missing_value")
        if name in found
    }
    if fill is not None:
        named["fill value"] = [m for m in [as_stored(fill)] if m is not None]
    low, high = _valid(where, found)
    in_values = packed and raw.kind in "iu" and any(isinstance(v, float) for v in (low, high))
    valid: tuple[Any, Any] = (None, None) if in_values else (low, high)
    words = [f"{name} {', '.join(map(str, marks))}" for name, marks in named.items() if marks]
    words += ["valid range"] * ((low, high) != (None, None))
    dtype = stored
    if packed:
        dtype = np.result_type(stored, scale_type, offset_type)
    if dtype.kind != "f" and (packed or words):
        dtype = np.dtype(np.float32 if stored.itemsize <= 2 else np.float64)
    marks = tuple(m for each in named.values() for m in each)
    return Decoding(
        raw,
        stored, dtype, scale, offset, marks, valid, (low, high) if in_values else (None, None),
        "; ".join(words),
    )  # fmt: skip


def values_of(data: h5py.Dataset) -> NDArray[Any]:
    """All values of a small data set, such as a coordinate, in their native type.

    Raises:
        LayoutError: If cells are missing.
    """
    how = decoding(data)
    values = how(np.asarray(data[()]))
    # NaN in a file that marks nothing as missing is for the caller to judge.
    if gaps_in(values) if not how.missing else not np.isfinite(values).all():
        marks = f" ({how.missing})" if how.missing else ", netCDF's fill value"
        raise LayoutError(
            f"{data.file.filename}: {data.name.strip('/')} has missing values{marks}: "
            "fill them in first"
        )
    return values


def gaps_in(values: NDArray[Any]) -> bool:
    """Whether floats hold what netCDF fills unwritten cells with, where no attribute says so."""
    kind = values.dtype
    return (
        kind.kind == "f"
        and kind.itemsize > 2
        and bool((values == kind.type(NETCDF_FILL_FLOAT)).any())
    )


def _outside(values: NDArray[Any], bounds: tuple[Any, Any]) -> NDArray[np.bool_]:
    gaps = np.zeros(values.shape, bool)
    low, high = bounds
    if low is not None:
        gaps |= values < low
    if high is not None:
        gaps |= values > high
    return gaps


def _attribute(data: h5py.Dataset, name: str) -> Any:
    """An attribute as plain number, text or list; None for other types (references, enums)."""
    if data.attrs.get_id(name).get_type().get_class() not in READABLE:
        return None
    value = data.attrs[name]
    if isinstance(value, h5py.Empty):
        return None
    if isinstance(value, bytes | np.bytes_):
        return value.decode(errors="replace")
    if isinstance(value, np.ndarray) and value.size == 1:
        return value.reshape(())[()]
    return value


def _listed(where: str, found: dict[str, Any], name: str) -> list[Any]:
    """The numbers of an attribute; text that is a number counts."""
    values = np.atleast_1d(np.asarray(found[name])).ravel()
    if values.dtype.kind in "biuf":
        return list(values)
    try:
        return [float(v) for v in values]
    except ValueError as error:
        raise _unclear(where, name, found[name]) from error


def _factor(where: str, found: dict[str, Any], name: str) -> tuple[float, np.dtype[Any]]:
    """``scale_factor`` or ``add_offset`` and the type it is stored in."""
    if name not in found:
        return NO_CHANGE[name], np.dtype(np.float32)
    values = _listed(where, found, name)
    if (
        len(values) != 1
        or not np.isfinite(values[0])
        or (name == "scale_factor" and not values[0])
    ):
        raise _unclear(where, name, found[name])
    return float(values[0]), np.asarray(values[0]).dtype


def _valid(where: str, found: dict[str, Any]) -> tuple[Any, Any]:
    """Bounds of what is valid; None for no bound."""
    bounds: list[Any] = [None, None]
    for i, name in enumerate(("valid_min", "valid_max")):
        if name in found:
            values = _listed(where, found, name)
            if len(values) != 1:
                raise _unclear(where, name, found[name])
            bounds[i] = values[0].item() if hasattr(values[0], "item") else values[0]
    if "valid_range" in found:
        values = _listed(where, found, "valid_range")
        if len(values) != 2:
            raise _unclear(where, "valid_range", found["valid_range"])
        bounds = [v.item() if hasattr(v, "item") else v for v in values]
    return bounds[0], bounds[1]


def _unwritten(data: h5py.Dataset, stored: np.dtype[Any]) -> Any:
    """The number that stands where nothing was written, if it cannot be taken for a value.

    Zero is HDF5's own and no mark; bytes have none in netCDF, for all of their values are in use.
    """
    if stored.kind in "iu" and stored.itemsize == 1:
        return None
    if data.id.get_create_plist().fill_value_defined() == h5py.h5d.FILL_VALUE_USER_DEFINED:
        fill = data.fillvalue
        return fill if np.isfinite(fill) and fill != 0 else None
    netcdf = "_NCProperties" in data.file.attrs or any(k in data.attrs for k in NETCDF_ATTRIBUTES)
    return NETCDF_FILL.get(stored.str[1:]) if netcdf else None


def _refuse_other_words(where: str, found: dict[str, Any]) -> None:
    for name, value in found.items():
        neutral = OTHER_WORDS.get(name.lower().replace("_", "").replace(" ", ""))
        number = np.asarray(value)
        if neutral is not None and number.dtype.kind in "iuf" and (number != neutral).any():
            raise LayoutError(
                f"{where} holds integers with the attribute {name} = {value}, so they seem to be "
                "packed, in a way that is not netCDF's: store the values themselves, or "
                "scale_factor and add_offset"
            )


def _refuse_packed_groups(data: h5py.Dataset) -> None:
    """Refuse integers whose packing stands on their group, where netCDF does not look for it."""
    group = data.parent
    for name, neutral in NO_CHANGE.items():
        if name in group.attrs and group.attrs[name] != neutral:
            raise LayoutError(
                f"{data.file.filename}: {data.name.strip('/')} holds integers, and its group has "
                f"the attribute {name}: give it to the data set whose numbers it scales"
            )


def _unclear(where: str, name: str, value: Any) -> LayoutError:
    return LayoutError(
        f"{where} has the attribute {name} = {value}, which does not say what its numbers are"
    )
