import h5py
import numpy as np
import pytest

from sgn_sciml.layouts import open_source

from .files import (
    centres,
    pdebench_cfd,
    pdebench_darcy,
    pdebench_groups,
    pdebench_incompressible,
    pdebench_scalar,
    values,
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.hdf5"


@pytest.fixture
def u():
    return values(4, 5, 8)


def test_scalar_law(path, u):
    source = open_source(pdebench_scalar(path, u, Nu=0.01))
    assert source.fields["tensor"].axes == ("sample", "time", "x")
    assert source.parameters == {"Nu": 0.01}
    assert np.array_equal(source.coordinates["x"], centres(8).astype(np.float64))
    assert np.allclose(source.coordinates["t"], [0, 0.4, 0.8, 1.2, 1.6])
    assert source.notes == ("6 times for 5 frames: the last is not used",)


def test_as_many_times_as_frames(path, u):
    source = open_source(pdebench_scalar(path, u, extra=0))
    assert len(source.coordinates["t"]) == 5
    assert source.notes == ()


def test_early_vintage_is_noted(path, u):
    source = open_source(pdebench_scalar(path, u, low=-1.0))
    assert any("(-1, 1): early PDEBench vintage" in note for note in source.notes)
    assert source.coordinates["x"][0] < 0


def test_darcy(path):
    nu, u = values(4, 8, 6), values(4, 1, 8, 6, seed=1)
    source = open_source(pdebench_darcy(path, nu, u))
    assert source.fields["nu"].axes == source.fields["tensor"].axes == ("sample", "x", "y")
    assert np.array_equal(source.read("nu", [2]), nu[[2]])
    assert np.array_equal(source.read("tensor", [3, 1], stride=2), u[[3, 1], 0, ::2, ::2])
    assert set(source.coordinates) == {"x", "y"}
    assert source.parameters == {"beta": 1.0}


@pytest.mark.parametrize("shape", [(8,), (8, 6), (8, 6, 4)])
def test_compressible_flow(path, shape):
    names = ["density", "pressure", "Vx", "Vy", "Vz"][: 2 + len(shape)]
    fields = {name: values(3, 2, *shape, seed=i) for i, name in enumerate(names)}
    source = open_source(pdebench_cfd(path, **fields))
    assert set(source.fields) == set(names)
    assert source.fields["Vx"].axes == ("sample", "time", *"xyz"[: len(shape)])
    for name, u in fields.items():
        assert np.array_equal(source.read(name), u)
    assert source.parameters == {"M": 0.1, "eta": 0.01, "zeta": 0.01}


@pytest.mark.parametrize("name", ["Vx", "Vy", "Vz"])
def test_dimension_without_coordinates_is_told_from_names(path, name):
    d = "xyz".index(name[1]) + 1
    with h5py.File(path, "w") as file:
        file[name] = values(2, 3, *(4, 5, 6)[:d])
        file["Vx" if name != "Vx" else "density"] = values(2, 3, *(4, 5, 6)[:d])
    source = open_source(path)
    assert source.fields[name].axes == ("sample", "time", *"xyz"[:d])
    assert source.coordinates == {}
    assert source.notes[0] == "no coordinates in the file"
    assert f"{name}: axes taken for sample, time" in "; ".join(source.assumed)


def edit(path, **datasets):
    with h5py.File(path, "a") as file:
        for name, data in datasets.items():
            name = name.replace("_", "-")
            del file[name]
            if data is not None:
                file[name] = data


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x_coordinate": np.arange(7.0)}, "tensor has 8 along x, coordinate x has 7"),
        ({"t_coordinate": np.arange(9.0)}, "tensor has 5 along time, coordinate t has 9"),
        ({"x_coordinate": np.abs(np.arange(8.0) - 3)}, "coordinate x does not increase strictly"),
        ({"x_coordinate": np.zeros(8)}, "coordinate x does not increase strictly"),
        ({"x_coordinate": [0, 1, 2, np.nan, 4, 5, 6, 7]}, "coordinate x holds NaN or infinity"),
        ({"x_coordinate": np.zeros((8, 2))}, r"x-coordinate has shape \(8, 2\), not one axis"),
        ({"x_coordinate": np.bytes_("no")}, "x-coordinate does not hold numbers"),
        ({"tensor": np.zeros((0, 5, 8))}, r"tensor is empty, its shape is \(0, 5, 8\)"),
        ({"tensor": np.zeros((2, 2, 2, 5, 8))}, "expected axes"),
        ({"tensor": np.zeros(8)}, "expected axes"),
        ({"tensor": np.zeros((4, 5, 8), complex)}, "does not hold numbers"),
        ({"tensor": None}, "holds no field"),
    ],
)
def test_parts_that_do_not_fit(path, u, changes, message):
    pdebench_scalar(path, u)
    edit(path, **changes)
    with pytest.raises(ValueError, match=message):
        open_source(path)


def test_fields_that_do_not_agree(path):
    pdebench_cfd(path, Vx=values(3, 2, 8), density=values(4, 2, 8))
    with pytest.raises(ValueError, match=r"density has 4 along sample, Vx has 3|Vx has 3.*has 4"):
        open_source(path)


def test_big_endian_and_half_precision(path, u):
    pdebench_scalar(path, u.astype(">f4"))
    assert open_source(path).read("tensor").dtype == np.dtype("=f4")
    pdebench_scalar(path, u.astype("f2"))
    assert np.array_equal(open_source(path).read("tensor"), u.astype("f2"))


def test_samples_that_were_never_written(path, u):
    """HDF5 would give zeros; what was written can still be read."""
    with h5py.File(path, "w") as file:
        data = file.create_dataset("tensor", (8, 5, 8), "f4", chunks=(1, 5, 8))
        data[:3] = u[:3]
        file["x-coordinate"] = centres(8)
    source = open_source(path)
    assert np.array_equal(source.read("tensor", slice(3)), u[:3])
    with pytest.raises(ValueError, match=r"tensor was never written at \(3, 0, 0\)"):
        source.read("tensor", slice(4))
    source.close()
    with h5py.File(path, "w") as file:
        file.create_dataset("tensor", (8, 5, 8), "f4")
    with pytest.raises(ValueError, match="tensor was never written"):
        open_source(path)


def test_absurd_shape_is_refused_before_anything_is_allocated(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("tensor", (2**30, 201, 1024), "f4", chunks=(1, 201, 1024))
    with pytest.raises(ValueError, match="not wholly in the file"):
        open_source(path)


def test_damaged_chunk(path, u):
    with h5py.File(path, "w") as file:
        data = file.create_dataset("tensor", data=u, chunks=(1, 5, 8), compression="gzip")
        file["x-coordinate"] = centres(8)
        place = data.id.get_chunk_info_by_coord((2, 0, 0)).byte_offset
    content = bytearray(path.read_bytes())
    content[place : place + 8] = b"\xff" * 8
    path.write_bytes(content)
    source = open_source(path)
    assert np.array_equal(source.read("tensor", [1, 3]), u[[1, 3]])
    with pytest.raises(ValueError, match="damaged or incomplete"):
        source.read("tensor", [2])


def test_groups(path):
    u = values(3, 4, 6, 5, 2)
    source = open_source(pdebench_groups(path, u))
    field = source.fields["data"]
    assert field.axes == ("sample", "time", "x", "y", "component")
    assert (field.shape, field.chunks) == (u.shape, (1, *u.shape[1:]))
    assert {k: len(v) for k, v in source.coordinates.items()} == {"x": 6, "y": 5, "t": 4}
    assert source.parameters == {"config": "sim:\n  seed: 0\n"}
    assert np.array_equal(
        source.read("data", [2, 0], slice(1, 4, 2), 3), u[[2, 0], 1:4:2, ::3, ::3]
    )


def test_groups_in_one_dimension_without_grid(path):
    u = values(3, 4, 6, 1)
    pdebench_groups(path, u)
    with h5py.File(path, "a") as file:
        for name in file:
            del file[name]["grid"]
    source = open_source(path)
    assert source.fields["data"].axes == ("sample", "time", "x", "component")
    assert source.notes == (
        "no coordinates in the file",
        "config of the first sample; others may differ",
    )
    assert np.array_equal(source.read("data"), u)


def test_groups_are_counted_not_visited(path, monkeypatch):
    with h5py.File(path, "w") as file:
        for i in range(10_001):
            file.create_group(f"{i:04d}")
        for i in (0, 9_999, 10_000):
            file[f"{i:04d}/data"] = np.full((2, 3, 1), i, "f4")
    visited = []
    whole = h5py.Group.__getitem__
    monkeypatch.setattr(
        h5py.Group, "__getitem__", lambda self, name: visited.append(name) or whole(self, name)
    )
    source = open_source(path)
    assert len(visited) < 20
    assert source.num_samples == 10_001
    assert source.read("data", [-1, 9_999])[:, 0, 0, 0].tolist() == [10_000, 9_999]
    with pytest.raises(ValueError, match="no data set 5000/data"):
        source.read("data", [5_000])


def test_group_of_another_shape(path):
    pdebench_groups(path, values(3, 4, 6, 5, 2))
    with h5py.File(path, "a") as file:
        del file["0001/data"]
        file["0001/data"] = values(3, 6, 5, 2)
    source = open_source(path)
    source.read("data", [0, 2])
    with pytest.raises(ValueError, match=r"group 0001 has shape \(3, 6, 5, 2\)"):
        source.read("data")


def test_incompressible_flow(path):
    v, p, f = values(2, 4, 6, 5, 2), values(2, 4, 6, 5, 1), values(2, 6, 5, 2)
    source = open_source(pdebench_incompressible(path, v, p, f))
    assert source.fields["velocity"].axes == ("sample", "time", "x", "y", "component")
    assert source.fields["force"].axes == ("sample", "x", "y", "component")
    assert np.array_equal(source.read("velocity", [1], slice(2, 3)), v[[1], 2:3])
    assert np.array_equal(source.read("particles"), p)
    assert np.array_equal(source.read("force", stride=2), f[:, ::2, ::2])
    assert source.coordinates.keys() == {"t"}
    assert source.parameters == {"config": "NU: 0.01\n", "latestIndex": 1}
    assert source.notes == ("no space coordinates in the file",)


def test_incompressible_flow_with_times_per_sample(path):
    v, p, f = values(2, 4, 6, 5, 2), values(2, 4, 6, 5, 1), values(2, 6, 5, 2)
    t = np.array([[0, 1, 2, 3], [0, 2, 4, 6]], "f4")
    source = open_source(pdebench_incompressible(path, v, p, f, t))
    assert source.coordinates == {}
    assert "every sample has times of its own; they are not given" in source.notes
    with pytest.raises(ValueError, match=r"t has shape \(2, 3\)"):
        open_source(pdebench_incompressible(path, v, p, f, t[:, :3]))


def test_one_run_has_no_axis_of_samples(path):
    u = values(5, 8, 6)
    with h5py.File(path, "w") as file:
        file["density"], file["x-coordinate"] = u, centres(8)
        file["y-coordinate"], file["t-coordinate"] = centres(6), np.linspace(0, 1, 6)
    source = open_source(path)
    assert source.fields["density"].axes == ("sample", "time", "x", "y")
    assert np.array_equal(source.read("density"), u[None])
    source.close()
    with h5py.File(path, "a") as file:
        del file["t-coordinate"]
    with pytest.raises(ValueError, match=r"density .* axes \(sample, x, y\) or \(time, x, y\)"):
        open_source(path)


def test_a_constant_of_each_sample(path, u):
    pdebench_scalar(path, u)
    with h5py.File(path, "a") as file:
        file["visc"] = np.arange(4.0)
    assert open_source(path).sample_parameter("visc").tolist() == [0, 1, 2, 3]


def test_objects_that_are_no_fields_are_left_out(path):
    """Of every layout of PDEBench: the fields are read, the rest is named with the reason."""
    extras = {"seed": np.arange(9), "spectrum": values(4, 5, 8) * 1j, "config": "a: 1"}
    v, p, f = values(2, 4, 6, 5, 2), values(2, 4, 6, 5, 1), values(2, 6, 5, 2)
    u = values(4, 5, 8)
    for name, right, write in (
        ("tensor", u, lambda: pdebench_scalar(path, u)),
        ("data", v, lambda: pdebench_groups(path, v)),
        ("velocity", v, lambda: pdebench_incompressible(path, v, p, f)),
    ):
        write()
        with h5py.File(path, "a") as file:
            for extra, content in extras.items():
                file[extra] = content
            file["gone"] = h5py.SoftLink("/nowhere")
            file.create_group("meta")
        source = open_source(path)
        assert np.array_equal(source.read(name), right)
        assert set(source.left_out) == {*extras, "gone", "meta"}
        assert set(source.fields) <= {"tensor", "data", "velocity", "particles", "force"}
        with pytest.raises(ValueError, match="spectrum cannot be read as a field: it"):
            source.read("spectrum")
        source.close()


def test_a_field_of_other_lengths_is_left_out_beside_the_known_ones(path):
    u = values(4, 5, 8)
    pdebench_scalar(path, u)
    with h5py.File(path, "a") as file:
        file["mean"] = u.mean(0, keepdims=True)
    source = open_source(path)
    assert np.array_equal(source.read("tensor"), u)
    assert source.left_out == {"mean": "has 1 along sample, tensor has 4"}


def test_a_netcdf_dimension_is_passed_over(path):
    u = values(4, 5, 8)
    pdebench_scalar(path, u)
    with h5py.File(path, "a") as file:
        sample = file.create_dataset("sample", (4,), ">f4")
        sample.make_scale(f"This is a netCDF dimension but not a netCDF variable.{4:10d}")
        file["tensor"].dims[0].attach_scale(sample)
    source = open_source(path)
    assert np.array_equal(source.read("tensor"), u)
    assert not source.left_out
