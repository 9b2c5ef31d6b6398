"""Axes that the named dimensions of netCDF 4 tell, as xarray and netCDF's library write them."""

import h5py
import numpy as np
import pytest

from sgn_sciml.layouts import Schema, open_source

from .files import netcdf4, values

U = values(4, 6, 7, 9)


def test_dimensions_name_axes_in_any_order(tmp_path):
    path = netcdf4(
        tmp_path / "a.nc",
        {"velocity": ("sample", "lat", "lon", "time")},
        {"lat": np.linspace(-1, 1, 6), "lon": np.linspace(0, 3, 7)},
        velocity=U,
    )
    source = open_source(path)
    assert source.fields["velocity"].axes == ("sample", "time", "x", "y")
    assert np.array_equal(source.read("velocity"), np.transpose(U, (0, 3, 2, 1)))
    assert np.array_equal(source.coordinates["x"], np.linspace(0, 3, 7))
    assert not source.assumed


@pytest.mark.parametrize("names", [("sample", "a", "x", "y"), ("x", "x", "y", "time")])
def test_other_names_and_names_that_stand_twice_tell_nothing(names, tmp_path):
    path = netcdf4(tmp_path / "a.nc", {"u": names}, u=U)
    if len({*names}) == 4:
        with pytest.raises(ValueError, match="may have the axes"):
            open_source(path)
    source = open_source(path, Schema({"u": "sample time x y"}))
    assert np.array_equal(source.read("u"), U)


def test_a_dimension_that_is_missing_tells_nothing(tmp_path):
    path = netcdf4(tmp_path / "a.nc", {"u": ("sample", "time", "x", "y")}, u=U)
    with h5py.File(path, "r+") as file:
        file["u"].dims[1].detach_scale(file["time"])
    with pytest.raises(ValueError, match="may have the axes"):
        open_source(path)
