"""What all layouts have in common."""

import contextlib
import multiprocessing
import os
import pickle

import h5py
import numpy as np
import pytest

from sgn_sciml.layouts import LAYOUTS, open_source

from .files import centres, mat5, one_of_each, pdebench_scalar, values

LAYOUT_NAMES = (
    "hdf5",
    "hdf5-groups",
    "hdf5-netcdf",
    "pdebench-flat",
    "pdebench-groups",
    "pdebench-incompressible",
    "the-well",
    "fno-mat-5",
    "fno-mat-5-compressed",
    "fno-mat-7.3",
    "neuralop-pt",
    "neuralop-pt-legacy",
    "numpy",
    "numpy-compressed",
    "numpy-array",
    "deeponet",
    "zarr",
    "zarr-zip",
    "safetensors",
    "arrow",
    "arrow-file",
    "sgn-grid-1",
    "sgn-samples-1",
)
CANONICAL = ("sample", "time", "x", "y", "z", "component")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return one_of_each(tmp_path_factory.mktemp("layouts"))


@pytest.fixture(params=LAYOUT_NAMES)
def opened(request, files):
    path, field, u = files[request.param]
    source = open_source(path)
    yield source, field, u
    source.close()


def test_files_and_folders_are_named(opened):
    source, *_ = opened
    assert (source.name, source.files) == (source.path.stem, (source.path,))


def thin(u, field, stride):
    steps = {"x": stride, "y": stride, "z": stride}
    return u[tuple(slice(None, None, steps.get(axis, 1)) for axis in field.axes)]


def test_every_layout_is_tried(files):
    assert tuple(files) == LAYOUT_NAMES
    assert {known.layout for known in LAYOUTS} == {
        open_source(p).layout for p, *_ in files.values()
    }


def test_description_agrees_with_the_file(opened):
    source, name, u = opened
    field = source.fields[name]
    assert (field.name, field.shape, field.dtype) == (name, u.shape, u.dtype)
    assert list(field.axes) == sorted(field.axes, key=CANONICAL.index)
    assert source.num_samples == len(u)
    for axis, points in source.coordinates.items():
        assert points.dtype == np.float64
        assert len(points) == field.lengths["time" if axis == "t" else axis]
    assert all(note and "\n" not in note for note in source.notes)


def test_everything_is_read_as_written(opened):
    source, name, u = opened
    again = source.read(name)
    assert again.dtype == u.dtype
    assert again.flags.c_contiguous
    assert np.array_equal(again, u)


def test_samples_in_any_order(opened):
    source, name, u = opened
    last = len(u) - 1
    for samples in ([last, 0, last, 0], [-1], [0], slice(None, None, -1), slice(1), range(len(u))):
        index = samples if isinstance(samples, slice) else list(samples)
        assert np.array_equal(source.read(name, samples), u[index])
    assert source.read(name, []).shape == (0, *u.shape[1:])
    assert np.array_equal(source.read(name, np.array([last, last])), u[[last, last]])


def test_strides_keep_the_first_point(opened):
    source, name, u = opened
    for stride in (1, 2, 3, 100):
        expected = thin(u, source.fields[name], stride)
        again = source.read(name, stride=stride)
        assert again.flags.c_contiguous
        assert np.array_equal(again, expected)


def test_time_slices(opened):
    source, name, u = opened
    if "time" not in source.fields[name].axes:
        with pytest.raises(ValueError, match="has no time axis"):
            source.read(name, time=slice(1))
        return
    for time in (slice(1), slice(1, 3), slice(None, None, 2), slice(-1, None), slice(3, 1)):
        assert np.array_equal(source.read(name, time=time), u[:, time])
        assert np.array_equal(
            source.read(name, [-1, 0], time, 2), thin(u, source.fields[name], 2)[[-1, 0], time]
        )
    with pytest.raises(ValueError, match="must be positive"):
        source.read(name, time=slice(None, None, -1))


def test_small_blocks_change_nothing(opened, monkeypatch):
    monkeypatch.setattr("sgn_sciml.layouts.boxes.BLOCK", 64)
    monkeypatch.setattr("sgn_sciml.layouts.source.BLOCK", 64)
    monkeypatch.setattr("sgn_sciml.layouts.boxes.GAP", 1)
    source, name, u = opened
    assert np.array_equal(source.read(name), u)
    assert np.array_equal(source.read(name, stride=2), thin(u, source.fields[name], 2))
    assert np.array_equal(source.read(name, slice(None, None, -1)), u[::-1])
    if "time" in source.fields[name].axes:
        for time in (slice(1, 4), slice(0, None, 2), slice(1, None, 3)):
            assert np.array_equal(source.read(name, time=time), u[:, time])


def test_bad_requests_are_one_clear_line(opened):
    source, name, u = opened
    with pytest.raises(ValueError, match=f"no field 'w'; it has .*{name}"):
        source.read("w")
    with pytest.raises(ValueError, match=f"there is no sample {len(u)}"):
        source.read(name, [0, len(u)])
    with pytest.raises(ValueError, match="there is no sample -9"):
        source.read(name, [-9])
    with pytest.raises(ValueError, match="flat sequence of integers"):
        source.read(name, [0.5])
    with pytest.raises(ValueError, match="flat sequence of integers"):
        source.read(name, [True])
    with pytest.raises(ValueError, match="stride must be at least 1"):
        source.read(name, stride=0)


def test_closed_source_opens_again(opened):
    source, name, u = opened
    source.read(name)
    source.close()
    source.close()
    assert np.array_equal(source.read(name, [0]), u[:1])


def test_opening_reads_no_field(files, monkeypatch):
    """Fields lie in data sets of more than one axis; a scalar or coordinate may be read."""
    whole = h5py.Dataset.__getitem__

    def small(data, *args, **kwargs):
        assert data.ndim < 2 or data.size == 1 or data.name == "/t", data.name
        return whole(data, *args, **kwargs)

    monkeypatch.setattr(h5py.Dataset, "__getitem__", small)
    monkeypatch.setattr(h5py.Dataset, "read_direct", None)
    monkeypatch.setattr("scipy.io.loadmat", None)
    for path, *_ in files.values():
        open_source(path)


def test_forty_gigabytes_open_without_being_read(tmp_path):
    path = tmp_path / "large.hdf5"
    with h5py.File(path, "w") as file:
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        plist.set_fill_time(h5py.h5d.FILL_TIME_NEVER)  # leaves a hole in the file
        space = h5py.h5s.create_simple((50_000, 201, 1024))
        h5py.h5d.create(file.id, b"tensor", h5py.h5t.IEEE_F32LE, space, plist)
        file["x-coordinate"] = centres(1024)
        file["t-coordinate"] = np.linspace(0, 2, 202)
    assert path.stat().st_size > 40e9
    source = open_source(path)
    assert source.num_samples == 50_000
    assert not source.read("tensor", [49_999], stride=4).any()


def test_mat_variables_load_one_at_a_time(files, monkeypatch):
    import scipy.io

    whole, loaded = scipy.io.loadmat, []

    def loadmat(path, variable_names, **kwargs):
        loaded.extend(variable_names)
        return whole(path, variable_names=variable_names, **kwargs)

    monkeypatch.setattr("scipy.io.loadmat", loadmat)
    source = open_source(files["fno-mat-5"][0])
    source.read("sol", [0])
    source.read("sol", [1])
    assert loaded == ["sol"]
    again = pickle.loads(pickle.dumps(source))
    again.read("sol", [1])
    assert loaded == ["sol", "sol"]


def test_pickle_carries_no_handle_and_no_values(opened):
    source, name, u = opened
    fresh = len(pickle.dumps(source))
    source.read(name)
    assert len(pickle.dumps(source)) == fresh
    again = pickle.loads(pickle.dumps(source))
    assert np.array_equal(again.read(name), u)
    again.close()


def _shares(source, name, repeats):
    return [float(source.read(name, [i % source.num_samples]).sum()) for i in range(repeats)]


@pytest.mark.parametrize("start", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork.*:DeprecationWarning")
def test_processes_read_at_the_same_time(files, start):
    """As the workers of a DataLoader do, with the parent's handle open and in use."""
    names = ["pdebench-flat", "pdebench-groups", "fno-mat-7.3", "fno-mat-5", "neuralop-pt"]
    sources = [open_source(files[name][0]) for name in names]
    expected = [_shares(s, files[n][1], 40) for s, n in zip(sources, names, strict=True)]
    with multiprocessing.get_context(start).Pool(2) as pool:
        jobs = [
            [pool.apply_async(_shares, (s, files[n][1], 40)) for _ in range(2)]
            for s, n in zip(sources, names, strict=True)
        ]
        own = [_shares(s, files[n][1], 40) for s, n in zip(sources, names, strict=True)]
        assert own == expected
        assert [[job.get(60) for job in pair] for pair in jobs] == [[e, e] for e in expected]


def _holds(path):
    """Whether this process has the file open."""
    held = []
    for fd in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):  # the descriptor of the listing itself
            held.append(os.readlink(f"/proc/self/fd/{fd}"))
    return str(path) in held


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork.*:DeprecationWarning")
def test_no_handle_survives_a_fork(files):
    path, name, u = files["pdebench-flat"]
    source = open_source(path)
    source.read(name)
    assert _holds(path)
    child = os.fork()
    if child == 0:
        try:
            os._exit(int(_holds(path)))
        finally:
            os._exit(2)  # whatever happens, the child must not go on as a second pytest
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert np.array_equal(source.read(name), u)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_sample_that_is_not_finite_is_named(tmp_path, bad):
    u = values(30, 5, 8)
    u[17, 2, 3] = bad
    flat = open_source(pdebench_scalar(tmp_path / "a.hdf5", u))
    packed = open_source(mat5(tmp_path / "a.mat", u=u, t=np.arange(5.0)))
    for source, name in ((flat, "tensor"), (packed, "u")):
        for samples in (slice(None), [3, 17, 2], range(10, 20)):
            with pytest.raises(ValueError, match=f"{name} holds NaN or infinity in sample 17$"):
                source.read(name, samples)
        assert np.array_equal(source.read(name, [16, 18]), u[[16, 18]])
        assert np.array_equal(source.read(name, [17], slice(2)), u[[17], :2])


@pytest.mark.parametrize("falling", ["x", "t", "xt"])
def test_falling_coordinates_are_read_from_their_end(tmp_path, falling):
    """Values and coordinates turn together, in any part and at any stride."""
    u, grid = values(7, 6, 8), {"x": centres(8).astype("f8"), "t": np.linspace(0, 1, 6)}
    stored, points = u, dict(grid)
    for axis in falling:
        stored = np.flip(stored, {"t": 1, "x": 2}[axis])
        points[axis] = grid[axis][::-1]
    flat = pdebench_scalar(tmp_path / "a.h5", stored)
    with h5py.File(flat, "a") as file:
        for axis in "xt":
            del file[f"{axis}-coordinate"]
            file[f"{axis}-coordinate"] = points[axis]
    packed = mat5(tmp_path / "a.mat", u=stored.transpose(0, 2, 1), **points)
    for source, name in ((open_source(flat), "tensor"), (open_source(packed), "u")):
        assert np.array_equal(source.read(name), u)
        for part in (slice(1, 5), slice(0, None, 2), slice(5, 5), slice(-1, None)):
            again = source.read(name, [2, 0, 2], part, 3)
            assert np.array_equal(again, u[[2, 0, 2], part, ::3])
        for axis in "xt":
            assert np.array_equal(source.coordinates[axis], grid[axis])
        assert any(note.startswith(f"{falling[0]} falls") for note in source.notes)


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="no data file"):
        open_source(tmp_path / "none.hdf5")
    with pytest.raises(ValueError, match="is a folder, not a data file"):
        open_source(tmp_path)
    source = open_source(pdebench_scalar(tmp_path / "a.hdf5", values(2, 3, 4)))
    source.path.unlink()
    with pytest.raises(FileNotFoundError):
        source.read("tensor")


def test_read_only_folder(tmp_path):
    path = pdebench_scalar(tmp_path / "a.hdf5", values(2, 3, 4))
    path.chmod(0o400)
    tmp_path.chmod(0o500)
    try:
        assert open_source(path).read("tensor").shape == (2, 3, 4)
    finally:
        tmp_path.chmod(0o700)
