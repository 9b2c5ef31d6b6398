"""Samples in several files, and fields that have files of their own."""

import pickle

import h5py
import numpy as np
import pytest

from sgn_sciml.layouts import JoinedFiles, Schema, open_source
from sgn_sciml.layouts.joined import paths_of

from .files import npy, values, zarr_group

NAMES = Schema({"a": "sample component time x", "u": "sample x y"})


def fwi(folder, counts=(3, 2, 4)):
    """As OpenFWI has it: seismic data and maps of velocity, both in numbered files."""
    a, u = values(9, 2, 7, 5), values(9, 6, 8, seed=1)
    for name in ("data", "model"):
        (folder / name).mkdir()
    for k, begin in zip((1, 2, 10), np.cumsum([0, *counts[:2]]), strict=True):
        end = begin + counts[(1, 2, 10).index(k)]
        npy(folder / f"data/data{k}.npy", a[begin:end])
        npy(folder / f"model/model{k}.npy", u[begin:end])
    return {"a": f"{folder}/data/*.npy", "u": f"{folder}/model/model*.npy"}, a, u


def runs(folder, **changed):
    """Files of HDF5, each with a constant and with own numbers of its samples."""
    for k in range(3):
        with h5py.File(folder / f"run_{k}.h5", "w") as file:
            file["u"], file["x"] = values(2, 4, 8, seed=k), np.linspace(0, 1, 8)
            file["t"], file["amplitude"] = np.arange(4.0), np.arange(2.0) + 10 * k
            file.attrs.update(nu=0.1 * k, law="burgers", kind="abc"[k])
    for name, value in changed.items():
        with h5py.File(folder / "run_1.h5", "a") as file:
            del file[name]
            file[name] = value
    return f"{folder}/run_*.h5"


def test_files_follow_in_natural_order_and_fields_have_own_grids(tmp_path):
    place, a, u = fwi(tmp_path)
    source = open_source(place, NAMES)
    assert isinstance(source, JoinedFiles)
    assert source.num_samples == 9
    assert source.fields["a"].axes == ("sample", "time", "x", "component")
    assert [path.name for path in source.files[:3]] == ["data1.npy", "data2.npy", "data10.npy"]
    assert np.array_equal(source.read("u"), u)
    assert np.array_equal(source.read("u", [8, 0, 4, 4], stride=3), u[[8, 0, 4, 4], ::3, ::3])
    got = source.read("a", [7, 2, 3], slice(1, 6, 2), 2)
    assert np.array_equal(got, a[[7, 2, 3], :, 1:6:2, ::2].transpose(0, 2, 3, 1))
    again = pickle.loads(pickle.dumps(source))
    assert np.array_equal(again.read("u", slice(2, 6)), u[2:6])


def test_numbers_of_samples_that_differ_are_told(tmp_path):
    place, *_ = fwi(tmp_path)
    (tmp_path / "data" / "data2.npy").unlink()
    says = r"the numbers of samples differ \(a has 7 in 2 files, u has 9 in 3 files\)"
    with pytest.raises(ValueError, match=says):
        open_source(place, NAMES)


def test_lists_of_their_own_are_coordinates_and_constants(tmp_path):
    place, *_ = fwi(tmp_path)
    nu, x = np.linspace(0, 1, 9), np.linspace(0, 2, 6)
    place = {"u": place["u"], "nu": str(npy(tmp_path / "nu.npy", nu[:, None]))}
    source = open_source(place | {"x": str(npy(tmp_path / "x.npy", x))}, NAMES)
    assert np.array_equal(source.sample_parameter("nu"), nu)
    assert np.array_equal(source.coordinates["x"], x)
    npy(tmp_path / "x.npy", x[1:])
    with pytest.raises(ValueError, match="u has 6 along x, coordinate x has 5"):
        open_source(place | {"x": f"{tmp_path}/x.npy"}, NAMES)
    npy(tmp_path / "nu.npy", nu[:4])
    with pytest.raises(ValueError, match=r"u has 9 in 3 files, nu has 4"):
        open_source(place, NAMES)


def test_constants_that_differ_between_files_are_the_samples_own(tmp_path):
    source = open_source(runs(tmp_path))
    assert source.name == "run"
    assert np.array_equal(source.read("u", slice(1, 4)), np.concatenate(
        [values(2, 4, 8, seed=k) for k in range(3)])[1:4])  # fmt: skip
    assert source.parameters == {"law": "burgers"}
    assert np.array_equal(source.sample_parameter("nu"), np.repeat([0, 0.1, 0.2], 2))
    assert np.array_equal(source.sample_parameter("amplitude"), [0, 1, 10, 11, 20, 21])
    assert np.array_equal(source.coordinates["x"], np.linspace(0, 1, 8))


def test_files_of_a_pattern_hold_the_same(tmp_path):
    pattern = runs(tmp_path, x=np.linspace(0, 2, 8))
    with pytest.raises(ValueError, match=r"run_1.h5 has another grid along x than .*run_0.h5"):
        open_source(pattern)
    runs(tmp_path, u=values(2, 4, 6), x=np.arange(6.0))
    with pytest.raises(ValueError, match=r"run_1.h5 has time 4, x 6, .*run_0.h5 has time 4, x 8"):
        open_source(pattern)
    npy(tmp_path / "run_3.h5", values(2, 4))
    with pytest.raises(ValueError, match=r"another grid|has time 4, x 6|name the field of each"):
        open_source(pattern)


def test_only_so_many_files_are_open(tmp_path, monkeypatch):
    monkeypatch.setattr("sgn_sciml.layouts.field_files.OPEN", 2)
    source = open_source(runs(tmp_path))
    for k in (0, 1, 2, 0):
        source.read("u", [2 * k])
        opened = [each._handle is not None for each in source._series["u"].sources]
        assert sum(opened) <= 2
        assert opened[k]
    source.close()
    assert not any(each._handle for each in source._series["u"].sources)


def test_fields_of_files_of_many_are_named(tmp_path):
    runs(tmp_path)
    u = values(6, 8)
    place = {"a": f"{tmp_path}/run_*.h5", "v": str(zarr_group(tmp_path / "v.zarr", u=u))}
    source = open_source(place)
    assert np.array_equal(source.read("v"), u)
    with h5py.File(tmp_path / "run_2.h5", "a") as file:
        file["w"] = file["u"][...]
    with pytest.raises(ValueError, match=r"run_2.h5 has no field 'a' but u, w: .*fields: {a: u}"):
        open_source(place)
    assert open_source(place, Schema(fields={"a": "u"})).fields["a"].shape == (6, 4, 8)


def test_what_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no file matches .*/\*\.npy"):
        open_source(f"{tmp_path}/*.npy")
    with pytest.raises(FileNotFoundError, match=r"no data file .*a\.npy"):
        open_source({"a": f"{tmp_path}/a.npy"})
    with pytest.raises(ValueError, match="names no file"):
        open_source({})
    (tmp_path / "a[1].npy").touch()  # a file of that name is not a pattern
    with pytest.raises(ValueError, match="nothing in it"):
        open_source(tmp_path / "a[1].npy")


def test_words_of_the_command_line(tmp_path, sgn):
    place, *_ = fwi(tmp_path)
    words = [f"{name}={pattern}" for name, pattern in place.items()]
    axes = [f"--axes={name}={text}" for name, text in NAMES.axes.items()]
    code, out, err = sgn("data", "inspect", *words, *axes)
    assert (code, err) == (0, "")
    assert "joined, 9 samples" in out
    assert 'data.init_args.path: {"a": ' in out
    files = sorted((tmp_path / "data").glob("*.npy"))
    code, out, _ = sgn("data", "inspect", *files, "--axes", "data=sample component time x")
    assert "3 files" in out
    assert "figure     " + str(tmp_path / "data" / "data.png") in out
    with pytest.raises(ValueError, match="name a field for each"):
        paths_of(["a=data/*.npy", "u.npy"])
