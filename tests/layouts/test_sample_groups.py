"""Files of a group for each sample: constants and grids of their own."""

import h5py
import numpy as np
import pytest

from sgn_sciml.layouts import open_source

from .files import centres, pdebench_groups, sample_groups, values


@pytest.fixture
def path(tmp_path):
    return pdebench_groups(tmp_path / "a.h5", values(3, 4, 6, 5, 2))


def edit(path, change):
    with h5py.File(path, "a") as file:
        for i, group in enumerate(file.values()):
            change(group, i)
    return open_source(path)


def test_constants_of_each_sample(path):
    def change(group, i):
        group.attrs["nu"], group["data"].attrs["k"], group["Re"] = 0.1 * i, i, [100.0 * i]

    source = edit(path, change)
    assert sorted(source.sample_parameters) == ["Re", "k", "nu"]
    assert np.allclose(source.sample_parameter("nu"), [0, 0.1, 0.2])
    assert np.allclose(source.sample_parameter("Re"), [0, 100, 200])
    assert "nu" not in source.parameters
    with pytest.raises(ValueError, match="has no constant 'mu' by sample; it has"):
        source.sample_parameter("mu")


@pytest.mark.parametrize(("bad", "message"), [(None, "group 0001 has no"), (np.nan, "sample 1")])
def test_a_constant_that_is_not_there(path, bad, message):
    def change(group, i):
        if i != 1 or bad is not None:
            group.attrs["nu"] = bad if i == 1 else 0.1

    source = edit(path, change)
    with pytest.raises(ValueError, match=message):
        source.sample_parameter("nu")


@pytest.mark.parametrize("axis", ["x", "t"])
def test_a_grid_that_differs_is_refused_where_it_is_read(path, axis):
    def change(group, i):
        points = group[f"grid/{axis}"][()] * (1 + (i == 2))
        del group[f"grid/{axis}"]
        group[f"grid/{axis}"] = points

    source = edit(path, change)
    assert np.array_equal(source.read("data", slice(2)), values(3, 4, 6, 5, 2)[:2])
    with pytest.raises(ValueError, match=f"group 0002 has another grid along {axis}"):
        source.read("data")


def test_falling_grids_are_compared_as_they_are(path):
    def change(group, _):
        del group["grid/x"]
        group["grid/x"] = centres(6)[::-1]

    source = edit(path, change)
    assert np.array_equal(source.read("data"), values(3, 4, 6, 5, 2)[:, :, ::-1])


def test_arrays_of_any_name(tmp_path):
    a, u = values(12, 8), values(12, 5, 8, seed=1)
    source = open_source(sample_groups(tmp_path / "runs.h5", a, u))
    assert source.fields["a"].axes == ("sample", "x")
    assert source.fields["u"].axes == ("sample", "time", "x")
    assert np.array_equal(source.read("u", [11, 2]), u[[11, 2]])  # run_11 comes after run_2
    assert np.allclose(source.sample_parameter("nu"), 0.1 * np.arange(12))
    assert len(source.coordinates["x"]) == 8
