import h5py
import pytest
import torch

from sgn_sciml.benchmark_data.solution import burgers_reference, reference
from sgn_sciml.layouts import GridFields, read_grid, write_grid
from sgn_sciml.pde import Advection, Burgers, Poisson2D


@pytest.fixture
def grid():
    x, t = torch.linspace(-1, 1, 5).double(), torch.linspace(0, 1, 3).double()
    return GridFields({"x": x, "t": t}, {"u": torch.rand(5, 3).double()}, "burgers", {"nu": 0.1})


def test_round_trip_is_exact(grid, tmp_path):
    again = read_grid(write_grid(tmp_path / "a.h5", grid))
    assert torch.equal(again.fields["u"], grid.fields["u"])
    assert list(again.coordinates) == ["x", "t"]
    assert (again.law, again.parameters) == ("burgers", {"nu": 0.1})


def test_same_content_gives_the_same_bytes(grid, tmp_path):
    a, b = (write_grid(tmp_path / name, grid).read_bytes() for name in ("a.h5", "b.h5"))
    assert a == b


def test_reference_holds_the_exact_solution():
    grid = reference(Burgers(0.1), (9, 4))
    exact = Burgers(0.1).exact(grid.points.reshape(-1, 2)).reshape(9, 4)
    assert torch.equal(grid.fields["u"], exact)


def test_a_period_is_shown_once():
    x, t = reference(Advection(), (8, 5)).coordinates.values()
    assert torch.allclose(x, torch.arange(8).double() * torch.pi / 4)
    assert (t[0], t[-1]) == (0, 1)


def test_constants_that_are_tuples_come_back(tmp_path):
    problem = Poisson2D((2, 6))
    again = read_grid(write_grid(tmp_path / "a.h5", reference(problem, (9, 9))))
    assert again.parameters == problem.parameters == {"halves": (2, 6)}


def test_failed_write_leaves_nothing_and_keeps_the_old_file(grid, tmp_path, monkeypatch):
    path = write_grid(tmp_path / "a.h5", grid)
    before = path.read_bytes()

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(h5py.Group, "create_dataset", full)
    with pytest.raises(OSError, match="No space left"):
        write_grid(path, grid)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.h5"]


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="no data file"):
        read_grid(tmp_path / "none.h5")


@pytest.mark.parametrize("keep", [0, 100, 0.5, 0.95])
def test_truncated_file_is_refused(tmp_path, keep):
    path = burgers_reference(tmp_path / "a.h5", nx=17, nt=5)
    content = path.read_bytes()
    path.write_bytes(content[: int(keep if keep >= 1 else keep * len(content))])
    with pytest.raises(ValueError, match="damaged or no HDF5 file"):
        read_grid(path)


def test_foreign_hdf5_is_refused(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["u"] = [1.0]
    with pytest.raises(ValueError, match="not a sgn-grid-1 file"):
        read_grid(tmp_path / "a.h5")


def test_nan_is_refused(grid, tmp_path):
    grid.fields["u"][2, 1] = torch.nan
    with pytest.raises(ValueError, match="u holds NaN"):
        read_grid(write_grid(tmp_path / "a.h5", grid))


def test_shape_mismatch_is_refused(grid, tmp_path):
    path = write_grid(tmp_path / "a.h5", grid)
    with h5py.File(path, "a") as file:
        del file["x"]
        file["x"] = [0.0, 1.0]
    with pytest.raises(ValueError, match="grid"):
        read_grid(path)


def test_a_falling_coordinate_is_turned_round_with_the_fields(grid, tmp_path):
    for axis, name in enumerate(("x", "t")):
        falling = {**grid.coordinates, name: grid.coordinates[name].flip(0)}
        fields = {"u": grid.fields["u"].flip(axis)}
        turned = GridFields(falling, fields, grid.law, grid.parameters)
        again = read_grid(write_grid(tmp_path / "a.h5", turned))
        assert torch.equal(again.coordinates[name], grid.coordinates[name])
        assert torch.equal(again.fields["u"], grid.fields["u"])


@pytest.mark.parametrize("kind", [">f8", ">f4", "longdouble"])
def test_other_floats_are_read(grid, tmp_path, kind):
    path = write_grid(tmp_path / "a.h5", grid)
    with h5py.File(path, "a") as file:
        for name in ("x", "t", "u"):
            values, about = file[name][()], dict(file[name].attrs)
            del file[name]
            file[name] = values.astype(kind)
            for key in ("CLASS", "NAME", "DIMENSION_LABELS"):
                if key in about:
                    file[name].attrs[key] = about[key]
    again = read_grid(path)
    torch.testing.assert_close(again.fields["u"].double(), grid.fields["u"], rtol=1e-6, atol=1e-6)


def test_a_coordinate_that_turns_back_is_refused(grid, tmp_path):
    grid.coordinates["x"].abs_()
    with pytest.raises(ValueError, match="coordinate x does not increase"):
        read_grid(write_grid(tmp_path / "a.h5", grid))


def test_grid_needs_two_points_per_coordinate():
    with pytest.raises(ValueError, match="at least 2 points"):
        reference(Burgers(), (1, 5))
