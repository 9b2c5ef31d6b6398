"""DeepONet's archives: aligned and unaligned data, and pickles that hold anything but arrays."""

import os
import pickle
import zipfile

import numpy as np
import pytest

from sgn_sciml.layouts import open_source

from ..files import npz, objects, values

A = values(6, 9, dtype="float64")
Y = values(6, 9, dtype="float64", seed=1)
X = np.linspace(0, 1, 9)
MIXED = np.random.default_rng(0).permutation(9)


def aligned(path, source, points, target):
    """As DeepXDE writes it: one array of two arrays."""
    return npz(path, X=objects(source, points), y=target)


def test_aligned_data_are_fields_in_the_order_of_the_points(tmp_path):
    path = aligned(tmp_path / "a.npz", A[:, MIXED], X[MIXED, None], Y[:, MIXED])
    source = open_source(path)
    assert source.layout == "deeponet"
    assert np.array_equal(source.read("X0", [4, 0]), A[[4, 0]])
    assert np.array_equal(source.read("y"), Y)
    assert np.array_equal(source.coordinates["x"], X)
    apart = npz(tmp_path / "b.npz", X_train0=A, X_train1=X[:, None], y_train=Y)
    assert np.array_equal(open_source(apart).read("y_train", stride=2), Y[:, ::2])


def test_points_in_the_plane_are_a_product_of_lines(tmp_path):
    plane = np.stack(np.meshgrid([0.0, 1, 3], [5.0, 6, 8], indexing="xy"), -1).reshape(9, 2)
    source = open_source(aligned(tmp_path / "a.npz", A, plane, Y))
    assert source.fields["y"].axes == ("sample", "x", "y")
    assert np.array_equal(source.read("y"), Y.reshape(6, 3, 3).swapaxes(1, 2))
    assert np.array_equal(source.coordinates["y"], [5, 6, 8])
    plane[4] += 0.1
    with pytest.raises(ValueError, match="9 points in 2 dimensions are not a grid"):
        open_source(aligned(tmp_path / "a.npz", A, plane, Y))


def test_other_sensors_than_points_are_told(tmp_path):
    source = open_source(aligned(tmp_path / "a.npz", A[:, :5], X[:, None], Y))
    assert source.fields["X0"].shape == (6, 5)
    assert "X0 has 5 sensors, which the file does not place" in source.notes[0]
    again = pickle.loads(pickle.dumps(source))
    assert np.array_equal(again.read("y"), Y)


def test_unaligned_rows_are_read_if_all_functions_have_the_same_points(tmp_path):
    order = np.random.default_rng(1).permutation(54)
    rows = {
        "X_train0": np.repeat(A, 9, 0)[order],
        "X_train1": np.tile(X, 6)[order, None],
        "y_train": Y.reshape(-1, 1)[order],
    }
    source = open_source(npz(tmp_path / "a.npz", **rows))
    functions = np.argsort(A[:, 0])  # sorted by their first values
    assert np.array_equal(source.read("y_train"), Y[functions])
    assert np.array_equal(source.read("X_train0"), A[functions])
    points = np.random.default_rng(2).random((6, 1))
    with pytest.raises(ValueError, match="6 functions with 1 to 1 points each, not the same for"):
        open_source(npz(tmp_path / "a.npz", X_train0=A, X_train1=points, y_train=Y[:, :1]))


class Call:
    def __init__(self, what, *args):
        self.what, self.args = what, args

    def __reduce__(self):
        return self.what, self.args


@pytest.mark.parametrize("bad", [Call(os.system, "touch called"), Call(pytest.fail, "called"),
                                 Call(np.load, "a.npy"), {"a": A}, "text", None])  # fmt: skip
def test_nothing_but_arrays_is_unpickled(bad, tmp_path, monkeypatch, sgn):
    monkeypatch.chdir(tmp_path)
    path = aligned(tmp_path / "a.npz", A, bad, Y)
    with pytest.raises(ValueError, match=r"X holds (more than arrays \(|objects that are not)"):
        open_source(path)
    assert not (tmp_path / "called").exists()
    code, _, err = sgn("data", "inspect", path)
    assert (code != 0, len(err.splitlines())) == (True, 1)


@pytest.mark.parametrize("protocol", [2, 3])
def test_pickles_of_numpy_1_are_read(tmp_path, protocol):
    path = aligned(tmp_path / "a.npz", A, X[:, None], Y)
    old = pickle.dumps(objects(A, X[:, None]), protocol).replace(b"cnumpy._core.", b"cnumpy.core.")
    assert b"cnumpy.core.multiarray" in old
    with zipfile.ZipFile(path) as archive:
        head, y = archive.read("X.npy")[:128], archive.read("y.npy")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("X.npy", head + old)
        archive.writestr("y.npy", y)
    source = open_source(path)
    assert np.array_equal(source.read("X0"), A)
    assert np.array_equal(source.read("y"), Y)


def test_shapes_that_do_not_fit_are_told(tmp_path):
    with pytest.raises(ValueError, match=r"y of shape \(6, 8\) does not fit 6 functions and 9"):
        open_source(aligned(tmp_path / "a.npz", A, X[:, None], Y[:, 1:]))
    with pytest.raises(ValueError, match=r"X should hold an input .* it has \(9,\), \(9,\), \(6,"):
        open_source(aligned(tmp_path / "a.npz", X, X, Y))
