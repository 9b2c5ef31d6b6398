import pytest
import torch

from sgn_sciml.benchmark_data.solution import reference as reference_grid
from sgn_sciml.layouts import write_grid
from sgn_sciml.pde import AllenCahn, Burgers, Helmholtz, Poisson
from sgn_sciml.pinn import Collocation


def test_points_lie_where_they_belong():
    points = Collocation(Burgers(), num_points=100, num_condition_points=30).draw(0)
    x, t = points["residual"].T
    assert ((x >= -1) & (x <= 1) & (t >= 0) & (t <= 1)).all()
    assert points["residual"].shape == (100, 2)
    assert (points["initial"][:, 1] == 0).all()
    assert (points["left"][:, 0] == -1).all()
    assert (points["right"][:, 0] == 1).all()


def test_redraws_differ_and_repeat():
    data = Collocation(Burgers(), num_points=10)
    assert torch.equal(data.draw(3)["residual"], data.draw(3)["residual"])
    assert not torch.equal(data.draw(3)["residual"], data.draw(4)["residual"])


def test_seeds_give_other_points():
    a, b = (Collocation(Burgers(), num_points=10, seed=s).draw(0)["residual"] for s in (0, 1))
    assert not torch.equal(a, b)


def test_evaluation_covers_the_grid_once(reference):
    data = Collocation(Burgers(), str(reference), frames_per_batch=4)
    data.setup("fit")
    held_out, *frames = data.val_dataloader()
    assert set(held_out) == {"residual", "initial", "left", "right"}
    assert [len(batch["fields"]) for batch in frames] == [4, 4, 1]
    points = torch.cat([batch["points"] for batch in frames]).reshape(-1, 2)
    fields = torch.cat([batch["fields"] for batch in frames]).movedim(1, -1).reshape(-1, 1)
    assert torch.allclose(fields, Burgers().exact(points), atol=1e-14)
    assert len(points.unique(dim=0)) == 33 * 9


@pytest.mark.parametrize("problem", [Poisson(), Helmholtz()], ids=["line", "square"])
def test_a_steady_problem_is_one_frame(problem, tmp_path):
    shape = (9, 7)[: len(problem.coordinates)]
    path = write_grid(tmp_path / "a.h5", reference_grid(problem, shape))
    data = Collocation(problem, str(path))
    data.setup("fit")
    held_out, frame = data.val_dataloader()
    assert held_out["residual"].shape[1] == len(shape)
    assert frame["points"].shape == (1, *shape, len(shape))
    assert frame["fields"].shape == (1, 1, *shape)
    exact = problem.exact(frame["points"].reshape(-1, len(shape)))
    assert torch.equal(exact.reshape(frame["fields"].shape), frame["fields"])


def test_the_hint_names_a_command(tmp_path):
    data = Collocation(AllenCahn(), str(tmp_path / "none.h5"))
    with pytest.raises(FileNotFoundError, match="sgn data make allen-cahn-reference -o"):
        data.setup("fit")


def test_held_out_points_are_not_training_points():
    data = Collocation(Burgers(), num_points=50)
    (held_out,) = data.val_dataloader()
    trained = torch.cat([data.draw(k)["residual"] for k in range(20)])
    assert torch.cdist(held_out["residual"], trained).min() > 0


def test_missing_reference_says_how_to_make_it(tmp_path):
    data = Collocation(Burgers(), str(tmp_path / "none.h5"))
    with pytest.raises(FileNotFoundError, match="sgn data make burgers-reference -o"):
        data.setup("fit")


def test_reference_of_another_viscosity_is_refused(reference):
    with pytest.raises(ValueError, match="the problem is burgers"):
        Collocation(Burgers(0.5), str(reference)).setup("fit")


@pytest.mark.parametrize("bad", [{"num_points": 0}, {"redraw_every": -1}, {"frames_per_batch": 0}])
def test_counts_are_checked(bad):
    with pytest.raises(ValueError, match="must be >= 1"):
        Collocation(Burgers(), **bad)
