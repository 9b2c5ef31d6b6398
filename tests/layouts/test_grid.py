import h5py
import numpy as np
import pytest
import torch

from sgn_sciml.layouts import GridFields, open_source, write_grid

from .files import values


def written(path, u, **coordinates):
    tensors = {k: torch.from_numpy(np.asarray(v)) for k, v in coordinates.items()}
    return write_grid(
        path, GridFields(tensors, {"u": torch.from_numpy(u)}, "burgers", {"nu": 0.1})
    )


@pytest.mark.parametrize("order", ["xt", "tx"])
def test_one_sample_in_canonical_order(tmp_path, order):
    x, t = np.linspace(-1, 1, 9), np.linspace(0, 1, 4)
    u = values(4, 9, dtype="f8")
    points = {"x": x, "t": t}
    path = written(
        tmp_path / "a.h5", u.T.copy() if order == "xt" else u, **{k: points[k] for k in order}
    )
    source = open_source(path)
    assert source.fields["u"].axes == ("sample", "time", "x")
    assert source.num_samples == 1
    assert np.array_equal(source.read("u"), u[None])
    assert np.array_equal(source.read("u", [0, 0], slice(1, 3), 4), u[None, 1:3, ::4][[0, 0]])
    assert np.array_equal(source.coordinates["x"], x)
    assert np.array_equal(source.coordinates["t"], t)
    assert source.parameters == {"law": "burgers", "nu": 0.1}


def test_without_time(tmp_path):
    u = values(4, 9, dtype="f8")
    path = written(tmp_path / "a.h5", u, x=np.arange(4.0), y=np.arange(9.0))
    source = open_source(path)
    assert source.fields["u"].axes == ("sample", "x", "y")
    assert np.array_equal(source.read("u"), u[None])


def test_one_coordinate(tmp_path):
    path = written(tmp_path / "a.h5", values(4, dtype="f8"), x=np.arange(4.0))
    assert open_source(path).fields["u"].axes == ("sample", "x")


def test_other_axes_are_refused(tmp_path):
    path = written(tmp_path / "a.h5", values(4, dtype="f8"), r=np.arange(4.0))
    with pytest.raises(ValueError, match=r"u has axes r; known are x, y, z, t"):
        open_source(path)
    path = written(tmp_path / "a.h5", values(4, dtype="f8"), x=np.arange(4.0))
    with h5py.File(path, "a") as file:
        del file["u"].attrs["DIMENSION_LABELS"]
    with pytest.raises(ValueError, match="u has no labels of its axes"):
        open_source(path)
