import h5py
import numpy as np
import pytest

from sgn_sciml.layouts import open_source

from .files import values, well

N, T, SPACE = 3, 4, (6, 5)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.hdf5"


def whole(order, *trailing):
    return order, values(N, T, *SPACE, *trailing), True, True, [True, True]


def test_scalars_vectors_tensors(path):
    fields = {
        "rho": whole(0),
        "v": whole(1, 2),
        "flat": whole(2, 4),
        "square": whole(2, 2, 2),
    }
    source = open_source(well(path, N, T, SPACE, fields))
    assert source.fields["rho"].axes == ("sample", "time", "x", "y")
    for name in ("v", "flat", "square"):
        assert source.fields[name].axes == ("sample", "time", "x", "y", "component")
        expected = fields[name][1].reshape(N, T, *SPACE, -1)
        assert source.fields[name].shape == expected.shape
        assert np.array_equal(source.read(name), expected)
        assert np.array_equal(
            source.read(name, [2, 0], slice(1, 3), 2), expected[[2, 0], 1:3, ::2, ::2]
        )
    assert {k: len(v) for k, v in source.coordinates.items()} == {"t": T, "x": 6, "y": 5}
    assert source.notes == ()


def test_fields_that_do_not_vary(path):
    mask = values(6, 5)
    forcing = values(N, T, 6)
    start = values(N, 6, 5)
    fields = {
        "mask": (0, mask, False, False, [True, True]),
        "forcing": (0, forcing, True, True, [True, False]),
        "start": (0, start, True, False, [True, True]),
        "rho": whole(0),
    }
    source = open_source(well(path, N, T, SPACE, fields))
    assert source.fields["mask"].axes == source.fields["start"].axes == ("sample", "x", "y")
    assert np.array_equal(source.read("mask"), np.broadcast_to(mask, (N, 6, 5)))
    assert np.array_equal(source.read("mask", [2], stride=2), mask[None, ::2, ::2])
    assert np.array_equal(source.read("start", [1]), start[[1]])
    expected = np.broadcast_to(forcing[..., None], (N, T, 6, 5))
    assert np.array_equal(source.read("forcing"), expected)
    assert np.array_equal(
        source.read("forcing", [2, 1], slice(1, 2), 4), expected[[2, 1], 1:2, ::4, ::4]
    )


def test_one_space_dimension(path):
    fields = {"u": (0, values(N, T, 6), True, True, [True])}
    source = open_source(well(path, N, T, (6,), fields))
    assert source.fields["u"].axes == ("sample", "time", "x")


def test_constants(path):
    scalars = [("k", np.float32(0.5), False), ("power", values(T), True)]
    source = open_source(well(path, N, T, SPACE, {"rho": whole(0)}, scalars))
    assert source.parameters["F"] == 0.25
    assert source.parameters["k"] == 0.5
    assert source.parameters["boundary_conditions"] == {"X_boundary": "PERIODIC"}
    assert "power" not in source.parameters
    assert source.notes == ("scalar power varies in time; it is not among the parameters",)


def test_names_of_axes_are_noted(path):
    source = open_source(well(path, N, T, SPACE, {"rho": whole(0)}, names=("theta", "phi")))
    assert set(source.coordinates) == {"t", "x", "y"}
    assert source.notes == ("x, y stand for theta, phi",)


@pytest.mark.parametrize("same", [True, False])
def test_times_per_sample(path, same):
    well(path, N, T, SPACE, {"rho": whole(0)})
    times = np.tile(np.arange(T), (N, 1)) * (1 if same else np.arange(1, N + 1)[:, None])
    with h5py.File(path, "a") as file:
        del file["dimensions/time"]
        file["dimensions/time"] = times
    source = open_source(path)
    assert ("t" in source.coordinates) == same
    assert len(source.notes) == (not same)


def test_parts_that_do_not_fit(path):
    short = (0, values(N, T, 6, 4), True, True, [True, True])
    with pytest.raises(ValueError, match="has 4 along y, coordinate y has 5"):
        open_source(well(path, N, T, SPACE, {"rho": short}))
    with pytest.raises(ValueError, match=r"expected axes \(time, x, y\)"):
        open_source(well(path, N, T, SPACE, {"rho": (0, short[1], False, True, [True, True])}))
    with pytest.raises(ValueError, match="holds no field"):
        open_source(well(path, N, T, SPACE, {}))
    with h5py.File(well(path, N, T, SPACE, {"rho": whole(0)}), "a") as file:
        del file.attrs["n_trajectories"]
    with pytest.raises(ValueError, match="lacks spatial_dims or n_trajectories"):
        open_source(path)


def test_a_scalar_of_each_sample(tmp_path):
    u, nu = values(3, 4, 8), np.array([0.1, 0.2, 0.3])
    path = well(
        tmp_path / "a.h5", 3, 4, (8,), {"u": (0, u, True, True, [True])}, [("nu", nu, False)]
    )
    with h5py.File(path, "a") as file:
        file["scalars/nu"].attrs["sample_varying"] = True
    source = open_source(path)
    assert np.array_equal(source.sample_parameter("nu"), nu)
    assert "nu" not in source.parameters
