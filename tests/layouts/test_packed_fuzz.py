"""Files of random packings and marks give the values that were packed, or a refusal of what is
missing: never another number.

By default some dozens; ``SGN_FUZZ=2000`` tries so many. What is right is computed here from what
was put in, in float64, apart from the readers.
"""

import os

import h5py
import numpy as np
import pytest

from sgn_sciml.layouts import LayoutError, open_source

CASES = int(os.environ.get("SGN_FUZZ", "48"))
SHAPES = {  # layout to data set, axes of a sample
    "flat": ("tensor", "tx"),
    "groups": ("data", "txyc"),
    "incompressible": ("velocity", "txyc"),
    "well": ("t1_fields/v", "txyc"),
    "grid": ("u", "xt"),
    "samples": ("u", "tx"),
}
INTEGERS = ("i1", "i2", "i4", "u1", "u2", "u4", ">i2", ">u4")
FLOATS = ("f2", "f4", "f8", ">f4", ">f8")


def draw_stored(rng, shape):
    """Stored numbers, attributes, fill value of the data set, and values (NaN where missing)."""
    kind = np.dtype(str(rng.choice(INTEGERS if rng.random() < 0.6 else FLOATS)))
    native = kind.newbyteorder("=")
    if kind.kind == "f":
        stored = rng.standard_normal(shape).astype(kind)
    else:
        low, high = max(np.iinfo(kind).min, -20000), min(np.iinfo(kind).max, 20000)
        stored = rng.integers(low + 2, high - 2, shape).astype(kind)
    attrs, values, fill = {}, stored.astype(np.float64), None
    if kind.kind == "i" and rng.random() < 0.2:
        attrs["_Unsigned"] = "true"
        values = stored.astype(native).view(f"u{kind.itemsize}").astype(np.float64)
    numbers = values.copy()
    if rng.random() < 0.7:
        width = np.float32 if rng.random() < 0.5 else np.float64
        attrs["scale_factor"] = width(rng.uniform(-3, 3))
        values = values * np.float64(attrs["scale_factor"])
        if rng.random() < 0.7:
            attrs["add_offset"] = width(rng.uniform(-300, 300))
            values = values + np.float64(attrs["add_offset"])
    missing = rng.random(shape) < 0.02 * (rng.random() < 0.4)
    how = rng.choice(["_FillValue", "missing_value", "list", "fill value", "valid", "none"])
    mark = native.type(np.iinfo(kind).max if kind.kind != "f" else -999)
    if how == "fill value" and kind.itemsize == 1:
        how = "none"  # of bytes all values are in use
    if how == "none":
        missing[...] = False
    elif how == "valid":
        if "_Unsigned" in attrs:
            missing[...] = False
        else:
            attrs["valid_max"] = native.type(numbers.max())
            mark = native.type(numbers.max() + 1)
    elif how == "fill value":
        fill = mark
    else:
        attrs[how if how != "list" else "missing_value"] = (
            mark if how != "list" else np.array([mark, mark], native)
        )
    stored[missing] = mark
    return stored, attrs, fill, np.where(missing, np.nan, values)


def write(path, layout, rng):
    """A file of a layout; its values in the file's order of axes, and those that fall."""
    count = 1 if layout == "grid" else 3
    name, axes = SHAPES[layout]
    lengths = {"t": 4, "x": 6, "y": 5, "c": 2}
    shape = tuple(lengths[axis] for axis in axes)
    falling = {a for a in axes if a in "txy" and rng.random() < 0.3}
    if layout == "incompressible":
        falling &= {"t"}
    points = {a: np.sort(rng.random(n))[:: -1 if a in falling else 1] for a, n in lengths.items()}
    each = count if layout == "groups" else 1
    drawn = [
        draw_stored(rng, shape if layout in ("groups", "grid") else (count, *shape))
        for _ in range(each)
    ]
    with h5py.File(path, "w") as file:

        def put(target, stored, attrs, fill, _):
            chunks = {"chunks": stored.shape, "compression": "gzip"} if rng.random() < 0.5 else {}
            data = file.create_dataset(target, data=stored, fillvalue=fill, **chunks)
            data.attrs.update(attrs)
            return data

        if layout == "groups":
            for k, one in enumerate(drawn):
                put(f"{k:04d}/data", *one)
                for axis in "txy":
                    file[f"{k:04d}/grid/{axis}"] = points[axis]
        else:
            data = put(name, *drawn[0])
        if layout == "flat":
            for axis in axes:
                file[f"{axis}-coordinate"] = points[axis]
        elif layout == "incompressible":
            file["particles"] = np.zeros((count, *shape[:-1], 1))
            file["t"] = np.tile(points["t"], (count, 1))
        elif layout == "well":
            file.attrs.update(n_trajectories=count, n_spatial_dims=2)
            dimensions = file.create_group("dimensions")
            dimensions.attrs["spatial_dims"] = ["x", "y"]
            for axis, long in (("t", "time"), ("x", "x"), ("y", "y")):
                dimensions[long] = points[axis]
        elif layout in ("grid", "samples"):
            file.attrs.update(format=f"sgn-{layout}-1", law="burgers")
            for axis in axes:
                file[axis] = points[axis]
                file[axis].make_scale(axis)
                file[axis].attrs["axes"] = axis
            if layout == "samples":
                data.attrs["axes"] = "sample t x"
            else:
                for k, axis in enumerate(axes):
                    data.dims[k].label = axis
    values = np.stack([one[3] for one in drawn]) if layout == "groups" else drawn[0][3]
    values = values[None] if layout == "grid" else values
    turned = np.flip(values, [1 + axes.index(a) for a in falling])
    return np.moveaxis(turned, 2, 1) if layout == "grid" else turned


@pytest.mark.parametrize("layout", SHAPES)
def test_no_other_number(layout, tmp_path):
    name = SHAPES[layout][0].split("/")[-1]
    read = refused = 0
    for seed in range(-(-CASES // len(SHAPES))):
        rng = np.random.default_rng([seed, list(SHAPES).index(layout)])
        path = tmp_path / f"{seed}.h5"
        right = write(path, layout, rng)
        sample = int(rng.integers(len(right)))
        expected, stride = right[[sample]], int(rng.integers(1, 4))
        for number, axis in enumerate(SHAPES[layout][1].replace("xt", "tx")):
            if axis in "xy":
                expected = expected.take(range(0, expected.shape[1 + number], stride), 1 + number)
        try:
            source = open_source(path)
            found = source.read(name, [sample], stride=stride)
        except LayoutError as error:
            refusal = str(error)
            refused += 1
        else:
            refusal = ""
            # Groups round to their own type.
            kind = np.dtype("f4") if layout == "groups" else found.dtype
            rounding = np.finfo(kind).eps if found.dtype.kind == "f" else 0
            size = np.abs(expected).max()
            assert np.isfinite(expected).all(), seed
            assert np.abs(found - expected).max() <= 2 * rounding * size, seed
            read += 1
        finally:
            path.unlink()
        lacking = np.isnan(right[sample]).any() or "belong together" in refusal
        assert not refusal or lacking, (seed, refusal)
    assert read > refused
