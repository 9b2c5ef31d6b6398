"""Files of any layout as one of ours: the same values, axes, coordinates and constants."""

import h5py
import numpy as np
import pytest

from sgn_sciml.benchmark_data.convert import convert
from sgn_sciml.layouts import Schema, open_source
from tests.layouts.files import npy, npz, one_of_each, values
from tests.layouts.test_published import CASES
from tests.layouts.test_source import LAYOUT_NAMES


def same(source, found):
    """Whether two sources hold the same, but for groups and for fields called like an axis."""
    names = {name: name.rpartition("/")[2] for name in source.fields}
    names |= {name: f"field_{name}" for name in {"x", "y"} & {*names}}
    assert found.layout == "sgn-samples-1"
    assert {*found.fields} == {*names.values()}
    for name, field in source.fields.items():
        again = found.fields[names[name]]
        assert (again.axes, again.shape) == (field.axes, field.shape)
        exact = source.read(name).astype(np.result_type(np.float32, field.dtype))
        assert np.array_equal(found.read(names[name]), exact)
    assert {*found.coordinates} == {*source.coordinates}
    for axis, points in source.coordinates.items():
        assert np.array_equal(found.coordinates[axis], points)
    for name in source.sample_parameters:
        last = name.rpartition("/")[2]
        assert np.array_equal(found.sample_parameter(last), source.sample_parameter(name))
    plain = {k: v for k, v in source.parameters.items() if isinstance(v, int | float | str)}
    assert plain.items() <= found.parameters.items()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return one_of_each(tmp_path_factory.mktemp("layouts"))


@pytest.mark.parametrize("layout", LAYOUT_NAMES)
def test_every_layout(layout, files, tmp_path):
    source = open_source(files[layout][0])
    same(source, open_source(convert(source, tmp_path / "ours.h5")))


@pytest.mark.parametrize("name", CASES)
def test_published_layouts(name, tmp_path):
    make, _, schema, _ = CASES[name]
    source = open_source(make(tmp_path), schema)
    same(source, open_source(convert(source, tmp_path / "ours.h5")))


def test_fields_on_grids_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setattr("sgn_sciml.benchmark_data.convert.BLOCK", 4000)
    schema = Schema({"a": "sample component time x", "u": "sample component x y"})
    place = {
        "a": str(npy(tmp_path / "a.npy", values(5, 3, 20, 7))),
        "u": str(npy(tmp_path / "u.npy", values(5, 1, 6, 8))),
        "nu": str(npy(tmp_path / "nu.npy", np.linspace(0, 1, 5))),
    }
    source = open_source(place, schema)
    same(source, open_source(convert(source, tmp_path / "ours.h5")))


def test_the_command(tmp_path, sgn):
    path = npz(tmp_path / "a.npz", u=values(6, 5, 8, dtype="float64"), nu=np.linspace(0, 1, 6))
    ours = tmp_path / "ours.h5"
    words = ("data", "convert", path, "--axes", "u=sample time x", "-o", ours)
    code, out, err = sgn(*words)
    assert (code, err) == (0, "")
    assert "u: float64 (sample 6, time 5, x 8)" in out
    for again, says in (
        (words, "is there already"),
        ((*words[:-1], path, "--force"), "is what is to be converted"),
        ((*words[:3], "-o", tmp_path / "b.h5"), "may have the axes"),
        ((*words[:2], tmp_path / "none.npz", "-o", ours), "no data file"),
        (("data", "convert", path, "--fields", "v=w", "-o", tmp_path / "b.h5"), "no array 'w'"),
    ):
        code, _, err = sgn(*again)
        assert code != 0
        assert says in err
        assert len(err.splitlines()) == 1
    assert not (tmp_path / "b.h5").exists()
    assert sgn(*words, "--force")[0] == 0


def test_what_is_not_finite_is_not_written(tmp_path):
    u = values(6, 8)
    u[4, 2] = np.nan
    with pytest.raises(ValueError, match="u holds NaN or infinity in sample 4"):
        convert(open_source(npz(tmp_path / "a.npz", u=u)), tmp_path / "b.h5")
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]


def test_xarray_reads_dimensions_by_name(tmp_path):
    source = open_source(npz(tmp_path / "a.npz", u=values(6, 1, 8)))
    path = convert(source, tmp_path / "ours.h5")
    with h5py.File(path) as file:
        names = [dimension[0].name for dimension in file["u"].dims]
    assert names == ["/sample", "/x", "/component"]
