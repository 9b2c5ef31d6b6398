"""Coordinates in files that name no axes: in groups, and written once for each sample."""

import h5py
import numpy as np

from sgn_sciml.layouts import Schema, open_source

from .files import values

U = values(4, 5, 8, 6)


def pdearena(path, x):
    """A group of trajectories, each with coordinates and constants of its own."""
    with h5py.File(path, "w") as file:
        group = file.create_group("train")
        group["u"], group["vx"], group["x"] = U, U + 1, x
        group["y"] = np.tile(np.linspace(0, 2, 6), (4, 1))
        group["t"] = np.tile(np.linspace(0, 3, 5), (4, 1))
        group["buo_y"] = np.linspace(0.2, 0.5, 4)
    return path


def test_coordinates_that_are_repeated_for_each_sample(tmp_path):
    x = np.tile(np.linspace(0, 1, 8), (4, 1))
    source = open_source(pdearena(tmp_path / "a.h5", x))
    assert source.fields["train/u"].axes == ("sample", "time", "x", "y")
    for axis, points in {"t": (3, 5), "x": (1, 8), "y": (2, 6)}.items():
        assert np.array_equal(source.coordinates[axis], np.linspace(0, *points))
    assert np.array_equal(source.sample_parameter("train/buo_y"), np.linspace(0.2, 0.5, 4))
    assert np.array_equal(source.read("train/vx", [2]), U[2:3] + 1)
    assert not source.assumed
    named = open_source(tmp_path / "a.h5", Schema(fields={"u": "train/u"}))
    assert np.array_equal(named.read("u"), U)


def test_coordinates_that_differ_by_sample_are_not_one(tmp_path):
    for change in (np.s_[-1], np.s_[1]):
        x = np.tile(np.linspace(0, 1, 8), (4, 1))
        x[change] *= 2
        source = open_source(pdearena(tmp_path / "a.h5", x))
        assert "x" not in source.coordinates
        assert "train/x" in source.fields | source.left_out


def test_coordinates_of_two_groups_are_left_alone(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for name in ("train", "valid"):
            group = file.create_group(name)
            group["u"], group["x"] = U[:, 0], np.linspace(0, 1, 8)
    source = open_source(tmp_path / "a.h5", Schema({"u": "sample x y"}, {"u": "valid/u"}))
    assert "x" not in source.coordinates
