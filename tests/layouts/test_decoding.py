"""Stored numbers become the values that their file says, in every layout of HDF5."""

import h5py
import numpy as np
import pytest

from sgn_sciml.layouts import open_source, read_grid
from sgn_sciml.layouts.decoding import decoding

from .files import (
    centres,
    grid,
    pdebench_groups,
    pdebench_incompressible,
    pdebench_scalar,
    values,
    well,
)

U = values(3, 4, 6, dtype="f8") / 7 - 3
FRAMES = values(3, 4, 6, 5, 2, dtype="f8") / 7 - 3
STEP = 2.0**-8  # of the packing: exact in float32


def pack(path, name, **attrs):
    """Store a data set anew as 16 bit integers; other attributes are kept."""
    with h5py.File(path, "a") as file:
        data, kept = file[name][()], dict(file[name].attrs)
        kept = {k: v for k, v in kept.items() if k not in ("DIMENSION_LIST", "REFERENCE_LIST")}
        del file[name]
        file[name] = np.round((data - 1) / STEP).astype("i2")
        file[name].attrs.update(kept | {"scale_factor": STEP, "add_offset": 1.0} | attrs)


def unpacked(u):
    return np.round((u - 1) / STEP) * STEP + 1


def test_every_layout_unpacks(tmp_path):
    files = {
        "tensor": pdebench_scalar(tmp_path / "a.h5", U),
        "data": pdebench_groups(tmp_path / "b.h5", FRAMES),
        "velocity": pdebench_incompressible(
            tmp_path / "c.h5", FRAMES, FRAMES[..., :1], FRAMES[:, 0]
        ),
        "v": well(tmp_path / "d.h5", 3, 4, (6, 5), {"v": (1, FRAMES, True, True, [True, True])}),
        "u": grid(tmp_path / "e.h5", U[0].T.copy(), centres(6), np.linspace(0, 1, 4)),
    }
    stored = {"data": ["0000/data", "0001/data", "0002/data"], "v": ["t1_fields/v"]}
    for name, path in files.items():
        for each in stored.get(name, [name]):
            pack(path, each)
        source = open_source(path)
        u = U if name == "tensor" else U[:1] if name == "u" else FRAMES
        assert np.array_equal(source.read(name), unpacked(u)), name
        assert source.fields[name].dtype == np.float64
        part = source.read(name, [-1, 0], slice(1, 3), 2)
        thin = (slice(None), slice(1, 3), *(slice(None, None, 2),) * (2 if u.ndim > 3 else 1))
        assert np.array_equal(part, unpacked(u[[-1, 0]][thin])), name
    assert np.array_equal(read_grid(files["u"]).fields["u"].numpy(), unpacked(U[0].T))


def test_coordinates_unpack(tmp_path):
    path = pdebench_scalar(tmp_path / "a.h5", U, extra=0)
    pack(path, "t-coordinate")
    assert np.array_equal(open_source(path).coordinates["t"], unpacked(np.linspace(0, 2, 4)))


def stored(tmp_path, data, **attrs):
    """``tensor`` as it is, with attributes."""
    path = tmp_path / f"{len(list(tmp_path.iterdir()))}.h5"
    with h5py.File(path, "w") as file:
        file["tensor"] = data
        file["tensor"].attrs.update(attrs)
        file["x-coordinate"] = centres(data.shape[-1])
    return open_source(path)


@pytest.mark.parametrize(
    ("kind", "attrs", "dtype"),
    [
        ("i2", {"scale_factor": np.float32(0.5)}, "f4"),
        ("i4", {"scale_factor": np.float32(0.5)}, "f8"),
        ("i2", {"scale_factor": 0.5, "add_offset": np.float32(2)}, "f8"),
        ("u1", {"scale_factor": [0.5]}, "f8"),
        ("f4", {"add_offset": 101325.0}, "f8"),
        ("i2", {"add_offset": np.int16(2)}, "f4"),
        ("i4", {"scale_factor": "0.5"}, "f8"),
        (">i2", {"scale_factor": 0.5, "add_offset": 1.0}, "f8"),
    ],
)
def test_types_of_values(tmp_path, kind, attrs, dtype):
    u = values(3, 4, 8, dtype=kind)
    source = stored(tmp_path, u, **attrs)
    scale, offset = (
        float(np.ravel(attrs.get(name, default))[0])
        for name, default in (("scale_factor", 1), ("add_offset", 0))
    )
    found = source.read("tensor")
    assert found.dtype == source.fields["tensor"].dtype == dtype
    assert np.array_equal(found, u * np.float64(scale) + offset)


def test_unsigned_numbers_in_a_signed_type(tmp_path):
    u = np.arange(96).reshape(3, 4, 8) * 2
    source = stored(tmp_path, u.astype("u1").view("i1"), _Unsigned="true", scale_factor=0.5)
    assert np.array_equal(source.read("tensor"), u / 2)
    assert np.array_equal(
        stored(tmp_path, u.astype("u1").view("i1"), _Unsigned="true").read("tensor"), u
    )
    marked = stored(tmp_path, u.astype("u1").view("i1"), _Unsigned="true", _FillValue=np.int8(-66))
    with pytest.raises(ValueError, match=r"missing values .* in sample 2"):
        marked.read("tensor")
    assert np.array_equal(marked.read("tensor", slice(2)), u[:2])


@pytest.mark.parametrize(
    ("kind", "mark", "attrs"),
    [
        ("f4", -9999, {"_FillValue": np.float32(-9999)}),
        ("f4", 1e20, {"missing_value": 1e20}),
        ("f8", -1, {"missing_value": [-2.0, -1.0]}),
        ("i2", -9, {"_FillValue": np.int16(-9), "scale_factor": 0.1}),
        ("i4", -9, {"missing_value": np.int32(-9)}),
        ("f4", 999, {"valid_max": np.float32(500)}),
        ("f4", -999, {"valid_range": [-1.0, 500.0]}),
        ("i2", 9000, {"valid_range": [0, 8000], "scale_factor": 0.01}),
        ("i2", 9000, {"valid_max": 80.0, "scale_factor": 0.01}),
        ("f4", 9.969209968386869e36, {}),
        ("f8", 9.969209968386869e36, {}),
        ("f8", np.nan, {"_FillValue": np.nan}),
        ("i2", -32767, {"_Netcdf4Dimid": 0}),
        ("i8", -9223372036854775806, {"_Netcdf4Dimid": 0}),
    ],
)
def test_missing_values_are_refused_with_the_sample(tmp_path, kind, mark, attrs):
    u = values(3, 4, 8, dtype=kind)
    u[1, 2, 3] = mark
    source = stored(tmp_path, u, **attrs)
    with pytest.raises(ValueError, match=r"tensor holds .* in sample 1"):
        source.read("tensor")
    scale = attrs.get("scale_factor", 1)
    assert np.array_equal(source.read("tensor", [0, 2]), u[[0, 2]] * np.float64(scale))


def test_cells_of_a_chunk_that_were_never_written(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        data = file.create_dataset("tensor", (4, 4, 8), "f4", chunks=(2, 4, 8), fillvalue=-9999.0)
        data[:3] = 1
        file["x-coordinate"] = centres(8)
    with pytest.raises(ValueError, match=r"missing values \(fill value -9999.0\).* in sample 3"):
        open_source(path).read("tensor")


def test_a_coordinate_that_has_gaps(tmp_path):
    path = pdebench_scalar(tmp_path / "a.h5", U, extra=0)
    with h5py.File(path, "a") as file:
        file["t-coordinate"][3] = 9.969209968386869e36
    with pytest.raises(ValueError, match="t-coordinate has missing values"):
        open_source(path)


@pytest.mark.parametrize(
    "attrs",
    [
        {"scale_factor": [0.5, 0.25]},
        {"scale_factor": np.nan},
        {"scale_factor": 0.0},
        {"add_offset": "far"},
        {"valid_range": [1.0, 2.0, 3.0]},
        {"slope": 0.1, "intercept": 0.0},
        {"Scale": 0.1},
    ],
)
def test_attributes_that_do_not_say_it_are_named(tmp_path, attrs):
    with pytest.raises(ValueError, match=f"tensor .*{next(iter(attrs))} = "):
        stored(tmp_path, values(3, 4, 8, dtype="i2"), **attrs)


def test_attributes_that_change_nothing(tmp_path):
    u = values(3, 4, 8, dtype="i2")
    attrs = {"scale_factor": 1.0, "add_offset": 0.0, "scale": 1, "units": "m", "_FillValue": 0.5}
    source = stored(tmp_path, u, **attrs)
    assert source.read("tensor").dtype == np.int16
    assert np.array_equal(source.read("tensor"), u)
    with h5py.File(source.path) as file:
        assert decoding(file["tensor"]).plain


def test_groups_with_packings_of_their_own(tmp_path):
    path = pdebench_groups(tmp_path / "a.h5", FRAMES)
    pack(path, "0000/data")
    with h5py.File(path, "a") as file:
        del file["0001/data"]
        file["0001/data"] = np.round(FRAMES[1] / (4 * STEP)).astype("i2")
        file["0001/data"].attrs["scale_factor"] = 4 * STEP
    source = open_source(path)
    assert np.array_equal(source.read("data", [0]), unpacked(FRAMES[:1]))
    assert np.array_equal(
        source.read("data", [1, 2]),
        [
            np.round(FRAMES[1] / (4 * STEP)) * 4 * STEP,
            FRAMES[2],
        ],
    )


def test_groups_of_wider_numbers_than_the_first(tmp_path):
    path = pdebench_groups(tmp_path / "a.h5", FRAMES.astype("f4"))
    with h5py.File(path, "a") as file:
        del file["0001/data"]
        file["0001/data"] = FRAMES[1]
    with pytest.raises(ValueError, match="group 0001 holds float64, the first float32"):
        open_source(path).read("data")


def test_a_packing_that_stands_on_the_group(tmp_path):
    path = pdebench_groups(tmp_path / "a.h5", values(3, 4, 6, 5, 2, dtype="i2"))
    with h5py.File(path, "a") as file:
        file["0000"].attrs["scale_factor"] = 0.1
    with pytest.raises(ValueError, match="its group has the attribute scale_factor"):
        open_source(path)


def test_a_reference_with_gaps_is_refused(tmp_path):
    u = U[0].T.copy()
    path = grid(tmp_path / "a.h5", u, centres(6), np.linspace(0, 1, 4))
    with h5py.File(path, "a") as file:
        file["u"].attrs["missing_value"] = u[2, 1]
    with pytest.raises(ValueError, match="u has missing values"):
        read_grid(path)
    with pytest.raises(ValueError, match=r"u holds missing values .* in sample 0"):
        open_source(path).read("u")
