"""Observations from a file and from the reference."""

import pytest
import torch

from sgn_sciml.layouts import read_grid
from sgn_sciml.pde import Burgers
from sgn_sciml.pinn import Collocation, Observations
from sgn_sciml.pinn.observations import read_observations

NAMES = ("x", "t"), ("u",)


def test_observations_of_a_grid_are_the_exact_solution(reference):
    grid = read_grid(reference)
    points, values, trained = Observations(count=50, held_out=0.2).draw(grid, *NAMES, seed=3)
    assert len(points) == len(points.unique(dim=0)) == 50
    assert trained == 40
    assert torch.allclose(values, Burgers().exact(points), atol=1e-14)


def test_noise_is_a_fraction_of_the_deviation_of_the_field(reference):
    grid = read_grid(reference)
    clean, noisy = (Observations(noise=n).draw(grid, *NAMES, seed=3) for n in (0.0, 0.1))
    assert torch.equal(clean[0], noisy[0])
    ratio = (noisy[1] - clean[1]).std() / clean[1].std()
    assert ratio.item() == pytest.approx(0.1, rel=0.15)  # 297 numbers: four deviations


def test_a_seed_of_their_own_is_that_of_no_run(reference):
    grid = read_grid(reference)
    own = [Observations(count=20, noise=0.1, seed=5).draw(grid, *NAMES, s)[1] for s in (0, 1)]
    run = [Observations(count=20, noise=0.1).draw(grid, *NAMES, s)[1] for s in (0, 1)]
    assert torch.equal(*own)
    assert not torch.equal(*run)


def test_a_file_gives_columns_by_name_and_nan_where_nothing_was_observed(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("t,v,x\n0.5, ,1\n0.25,7,2\n")
    points, values, trained = Observations(str(path), held_out=0.0).draw(
        None, ("x", "t"), ("u", "v"), 0
    )
    order = points[:, 0].argsort()
    assert points[order].tolist() == [[1, 0.5], [2, 0.25]]
    assert values[order].isnan().tolist() == [[True, True], [True, False]]
    assert values[order][1, 1] == 7
    assert trained == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x,u\n1,2\n", "has columns x, u, expected x, t and some of u"),
        ("x,t\n1,2\n", "has columns x, t, expected"),
        ("x,t,u\n1,2,three\n", "line 2"),
        ("x,t,u\n1,,3\n", "a row without coordinates"),
        ("x,t,u\n", "no rows"),
        ("x,t,u,u\n1,0,2,3\n", "2 columns called u: keep one"),
        ("x,t,x,u\n1,0,2,3\n", "2 columns called x"),
        ("x,t,u\n1,2\n", "line 2: 2 cells where the first line names 3 columns"),
        ("x,t,u\n1,2,3\n0,5,0,25,1,0\n", "line 3: 6 cells .* not commas"),
        ("x,t,u\n1,2,inf\n", "line 2: u is inf"),
    ],
)
def test_damaged_files_are_refused(text, message, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        Observations(str(path)).draw(None, *NAMES, 0)


def test_missing_sources_are_named(reference):
    with pytest.raises(FileNotFoundError, match="no file of observations"):
        Observations("none.csv").draw(None, *NAMES, 0)
    with pytest.raises(ValueError, match="set path or reference"):
        Collocation(Burgers(), observations=Observations()).setup("fit")
    with pytest.raises(ValueError, match="there are 297"):
        Observations(count=1000).draw(read_grid(reference), *NAMES, 0)


@pytest.mark.parametrize("bad", [{"count": 0}, {"noise": -1.0}, {"held_out": 1.0}])
def test_arguments_are_checked(bad):
    with pytest.raises(ValueError, match="Observations: need"):
        Observations(**bad)


def test_held_out_observations_never_train(reference):
    observations = Observations(count=40, held_out=0.25)
    data = Collocation(Burgers(), str(reference), num_points=8, observations=observations)
    data.setup("fit")
    trained, (held_out, *_) = data.draw(5), data.val_dataloader()
    assert [len(part["data"]) for part in (trained, held_out)] == [30, 10]
    assert len(torch.cat([trained["data"], held_out["data"]]).unique(dim=0)) == 40
    assert torch.equal(trained["values"], data.draw(6)["values"])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_spreadsheets_mark_at_the_start_is_no_part_of_a_name(tmp_path, encoding):
    path = tmp_path / "seen.csv"
    path.write_text("x,u\n0.0,0.25\n1.0,0.75\n", encoding=encoding)
    assert read_observations(str(path), ("x",), ("u",)).tolist() == [[0.0, 0.25], [1.0, 0.75]]
    path.write_bytes("x,ü\n".encode("latin-1"))
    with pytest.raises(ValueError, match=r"seen\.csv is not text in UTF-8 or UTF-16"):
        read_observations(str(path), ("x",), ("u",))
    with pytest.raises(ValueError, match="is a folder"):
        read_observations(str(tmp_path), ("x",), ("u",))


@pytest.mark.parametrize("row", ["1.5,0.5,0", "0.5,-0.1,0"])
def test_observations_outside_the_domain_are_refused(row, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f"x,t,u\n-1,1,0\n1,0,0\n{row}\n")
    data = Collocation(Burgers(), observations=Observations(str(path)))
    with pytest.raises(ValueError, match=r"1 of 3 observations lie outside the domain: [xt] = "):
        data.setup("fit")
