"""Equations on regions that are not boxes: points, conditions, normals, errors, files, figures."""

import importlib
import math
from dataclasses import dataclass, replace

import h5py
import pytest
import torch
from jsonargparse import ArgumentParser
from lightning import Trainer

from sgn_sciml.geometry import Ball, Box, Cylinder, Difference, Disk, Mesh, Region
from sgn_sciml.jets import Eager, Fused, Nested
from sgn_sciml.layouts import read_grid, write_grid
from sgn_sciml.local_solver import solve
from sgn_sciml.networks import CoordinateMLP
from sgn_sciml.optim import LevenbergMarquardt
from sgn_sciml.pde import Burgers, Condition, Problem, Window
from sgn_sciml.pde.places import inside
from sgn_sciml.pinn import PINN, R3, Collocation, Observations, ResidualAdaptive, Sobol
from sgn_sciml.pinn.figures import solution_figure
from sgn_sciml.pinn.solution import frame_metrics
from tests.conftest import ROOT

HOLED = Box((0, 0), (2, 2), "walls") - Disk((1, 1), 0.5, "hole")


@dataclass(frozen=True)
class Plate(Problem):
    """u = x^2 - y^2 on a plate with a hole, whose normal derivative is known."""

    law = "plate"
    coordinates = ("x", "y")
    grid = (21, 21)
    geometry = HOLED

    def residual(self, d):
        return d.u_xx + d.u_yy

    @property
    def conditions(self):
        return (
            Condition("held", on="walls", residual=lambda d: d.u - (d.x**2 - d.y**2)),
            Condition("flow", on="hole", residual=self.flow),
        )

    def flow(self, d):
        return d.normal("u") - 2 * (d.n_x * d.x - d.n_y * d.y)

    def exact(self, points):
        return (points[:, :1] ** 2 - points[:, 1:] ** 2).double()


@dataclass(frozen=True)
class Cooling(Problem):
    """Heat that leaves a disk."""

    law = "cooling"
    coordinates = ("x", "y", "t")
    grid = (9, 9, 3)
    geometry = Disk((0, 0), 1)
    times = (0.0, 2.0)

    def residual(self, d):
        return d.u_t - d.u_xx - d.u_yy

    @property
    def conditions(self):
        return (
            Condition("initial", {"t": 0.0}, lambda d: d.u - 1),
            Condition("rim", on="disk", residual=lambda d: d.normal("u") + d.u),
        )


def network(problem, **kwargs):
    sizes = len(problem.coordinates), len(problem.fields)
    return CoordinateMLP(*sizes, width=8, depth=2, **kwargs).double()


def test_points_lie_inside_and_on_the_parts_of_conditions():
    points = Collocation(Plate(), num_points=300, num_condition_points=80).draw(0)
    assert points["residual"].shape == (300, 2)
    assert HOLED.contains(points["residual"]).all()
    hole = points["flow"]
    assert hole.shape == (80, 4)
    radial = hole[:, :2] - 1
    assert torch.allclose(radial.norm(dim=1), torch.full((80,), 0.5).double())
    assert torch.allclose(hole[:, 2:], -2 * radial)  # out of the plate is into the hole
    walls = points["held"][:, :2]
    assert ((walls == 0) | (walls == 2)).any(1).all()


@pytest.mark.parametrize("sampler", [None, Sobol()])
def test_points_are_a_function_of_seed_and_redraw(sampler):
    data = Collocation(Plate(), num_points=50, sampler=sampler)
    first, again, other = data.draw(3), data.draw(3), data.draw(4)
    for name in first:
        assert torch.equal(first[name], again[name])
        assert not torch.equal(first[name], other[name])


def test_points_of_a_problem_that_evolves_fill_its_times():
    points = Collocation(Cooling(), num_points=2000, num_condition_points=500).draw(0)
    x = points["residual"]
    assert x.shape == (2000, 3)
    assert (x[:, :2].norm(dim=1) <= 1).all()
    assert x[:, 2].min() < 0.01
    assert x[:, 2].max() > 1.99
    assert float(x[:, 2].mean()) == pytest.approx(1, abs=0.05)
    assert (points["initial"][:, 2] == 0).all()
    assert (points["initial"][:, :2].norm(dim=1) <= 1).all()
    rim = points["rim"]
    assert rim.shape == (500, 5)
    assert torch.allclose(rim[:, :2], rim[:, 3:])
    assert 1.9 < float(rim[:, 2].max()) <= 2


def test_a_window_keeps_geometry_and_conditions():
    later = Window(Cooling(), 1.0, 2.0)
    assert later.geometry == Disk((0, 0), 1)
    points = Collocation(later, num_points=100).draw(0)
    assert set(points) == {"residual", "rim"}
    assert points["residual"][:, 2].min() >= 1


def test_points_in_space():
    @dataclass(frozen=True)
    class Solid(Problem):
        law = "solid"
        coordinates = ("x", "y", "z")
        geometry = Cylinder((0, 0), 1, 0, 2) - Ball((0, 0, 1), 0.5, "void")

        def residual(self, d):
            return d.u_xx + d.u_yy + d.u_zz

        @property
        def conditions(self):
            return (
                Condition("ends", on=("lid", "floor"), residual=lambda d: d.u),
                Condition("void", on="void", residual=lambda d: d.normal("u") - d.n_z),
            )

    points = Collocation(Solid(), num_points=100, num_condition_points=40).draw(0)
    assert points["void"].shape == (40, 6)
    losses = PINN(network(Solid()), Solid()).losses(points)
    assert all(torch.isfinite(value) for value in losses.values())


@pytest.mark.parametrize("engine", [Nested(), Eager(), Fused()])
def test_normals_are_known_to_every_engine(engine):
    problem = Plate()
    task = PINN(network(problem), problem, engine=engine)
    batch = Collocation(problem, num_points=20, num_condition_points=30).draw(0)
    points, normals = batch["flow"].split(2, 1)
    points.requires_grad_()
    (slope,) = torch.autograd.grad(task(points).sum(), points)
    expected = (slope * normals).sum(1) - 2 * (normals * points * torch.tensor([1, -1])).sum(1)
    equation = task.loss_terms.equations["flow"]
    found = engine.residuals(equation, batch["flow"].detach())[0]
    assert torch.allclose(found, expected)


def test_a_solution_has_no_residual_on_a_curved_boundary():
    problem = Plate()

    class Known(torch.nn.Module):
        def forward(self, points):
            return points[..., :1] ** 2 - points[..., 1:] ** 2

    task = PINN(Known(), problem)
    batch = Collocation(problem, num_points=50, num_condition_points=50).draw(0)
    assert max(float(v.detach()) for v in task.losses(batch).values()) < 1e-12


def test_a_field_called_n_keeps_its_derivatives():
    @dataclass(frozen=True)
    class Density(Plate):
        fields = ("n",)

        def residual(self, d):
            return d.n_xx + d.n_yy

        @property
        def conditions(self):
            return (Condition("slope", on="hole", residual=lambda d: d.n_x),)

    task = PINN(network(Density()), Density())
    batch = Collocation(Density(), num_points=5, num_condition_points=9).draw(0)["slope"]
    points = batch[:, :2].clone().requires_grad_()
    (slope,) = torch.autograd.grad(task(points).sum(), points)
    found = Nested().residuals(task.loss_terms.equations["slope"], batch)
    assert torch.allclose(found[0], slope[:, 0])


# -- conditions that are built in ------------------------------------------------------------


@dataclass(frozen=True)
class BuiltIn(Plate):
    imposed = frozenset({"held", "hole"})

    @property
    def conditions(self):
        def residual(d):
            return d.u - (d.x**2 - d.y**2)

        return tuple(
            Condition(n, on=p, residual=residual) for n, p in (("held", "walls"), ("hole", "hole"))
        )

    def impose(self, points, raw):
        x, y = points[..., :1], points[..., 1:]
        return x**2 - y**2 + self.geometry.approximate_distance(points) * raw


@pytest.mark.parametrize("engine", [Eager(), Fused()])
def test_conditions_are_built_in_by_the_approximate_distance(engine):
    problem = BuiltIn()
    task = PINN(network(problem), problem, engine=engine)
    assert task.terms == ("residual",)
    batch = Collocation(problem, num_points=40, num_condition_points=40).draw(0)
    for name in ("held", "hole"):
        points = batch[name][:, :2]
        assert torch.allclose(task(points), problem.exact(points), atol=1e-12)
    found = engine.residuals(task.equation, batch["residual"])
    assert torch.allclose(found, Nested().residuals(task.equation, batch["residual"]))


def test_one_that_is_not_met_is_refused():
    class Half(BuiltIn):
        def impose(self, points, raw):
            return self.geometry.approximate_distance(points, "walls") * raw

    with pytest.raises(ValueError, match="'held' is in imposed, but impose leaves"):
        PINN(network(Half()), Half())


# -- errors, files, figures ------------------------------------------------------------------


def evaluated(problem, data):
    task = PINN(network(problem), problem)
    data.setup("fit")
    _, *frames = data.val_dataloader()
    for frame in frames:
        task.evaluate(frame, "val")
    return task, frames


def test_errors_count_inside_only():
    data = Collocation(Plate(), num_points=10)
    task, (frame,) = evaluated(Plate(), data)
    points = frame["points"].reshape(-1, 2)
    points = points[HOLED.contains(points)]
    assert frame["fields"].isnan().sum() == 21 * 21 - len(points) > 0
    truth = Plate().exact(points)
    error = (task(points) - truth).detach()
    found = task.metrics("val").compute()
    assert not any("spectral" in name for name in found)
    values = {name.rpartition("/")[2]: float(value) for name, value in found.items()}
    assert values["relative_l2"] == pytest.approx(float(error.norm() / truth.norm()))
    assert values["max_error"] == pytest.approx(float(error.abs().max()))
    points.requires_grad_()
    (slope,) = torch.autograd.grad(task(points).sum(), points)
    exact = 2 * points.detach() * torch.tensor([1, -1])
    square = error.square().sum() + (slope - exact).square().sum()
    norm = truth.square().sum() + exact.square().sum()
    assert values["relative_h1"] == pytest.approx(float((square / norm).sqrt()))


def test_slopes_are_compared_where_the_exact_solution_has_them():
    class Cone(Plate):
        def exact(self, points):
            return points.double().square().sum(-1, keepdim=True).sqrt()  # not at the origin

    class ByNumPy(Plate):
        def exact(self, points):
            return torch.from_numpy(points.numpy())[:, :1]

    task, (frame,) = evaluated(Cone(), Collocation(Cone(), num_points=10))
    assert (frame["points"] == 0).all(-1).any()
    assert float(task.metrics("val").compute()["val/relative_h1"]) > 0
    assert not any("h1" in name for name in frame_metrics(ByNumPy()))
    assert not any("h1" in name for name in frame_metrics(Cooling()))


def test_a_reference_file_is_read_inside_only(tmp_path):
    data = Collocation(Plate())
    data.setup("fit")
    path = write_grid(tmp_path / "a.h5", data.grid)
    with pytest.raises(ValueError, match="u holds NaN or infinity"):
        read_grid(path)  # without a mask
    whole = {k: v.nan_to_num(7.0) for k, v in data.grid.fields.items()}
    file = Collocation(Plate(), str(write_grid(path, replace(data.grid, fields=whole))))
    file.setup("fit")
    assert torch.equal(file.grid.fields["u"].isnan(), data.grid.fields["u"].isnan())
    mask = inside(Plate(), data.grid.points)
    masked = replace(data.grid, fields={**data.grid.fields, "mask": mask.to(torch.uint8)})
    file = Collocation(Plate(), str(write_grid(path, masked)))
    file.setup("fit")
    assert torch.equal(file.grid.fields["u"].nan_to_num(), data.grid.fields["u"].nan_to_num())
    other = Collocation(replace_geometry(Plate, Disk((1, 1), 1)), str(path))
    with pytest.raises(ValueError, match="the problem is plate"):
        other.setup("fit")


def replace_geometry(kind, region):
    return type("Other", (kind,), {"geometry": region})()


def test_a_reference_without_values_inside_is_refused(tmp_path):
    data = Collocation(Plate())
    data.setup("fit")
    mask = inside(Plate(), data.grid.points)
    u, mask = data.grid.fields["u"].clone(), mask.clone()
    u[0, 0], mask[0, 0] = math.nan, False
    fields = {"u": u, "mask": mask.to(torch.uint8)}
    path = write_grid(tmp_path / "a.h5", replace(data.grid, fields=fields))
    with pytest.raises(ValueError, match=r"u has no value at 1 of \d+ points inside the geom"):
        Collocation(Plate(), str(path)).setup("fit")


def test_observations_lie_inside(tmp_path):
    data = Collocation(Plate(), observations=Observations(count=60))
    data.setup("fit")
    points = data.draw(0)["data"]
    assert HOLED.contains(points).all()
    file = tmp_path / "seen.csv"
    file.write_text("x,y,u\n0.1,0.1,0\n1,1,0\n")
    data = Collocation(Plate(), observations=Observations(str(file)))
    with pytest.raises(ValueError, match="1 of 2 observations lie outside the geometry"):
        data.setup("fit")


def test_predictions_are_nan_outside_and_figures_white():
    data = Collocation(Plate())
    data.setup("predict")
    (batch,) = data.predict_dataloader()
    found = PINN(network(Plate()), Plate()).predict_step(batch, 0)
    outside = batch["fields"][0, 0].isnan()
    assert torch.equal(found["fields"][0, 0].isnan(), outside)
    assert torch.equal(found["residual"][0].isnan(), outside)
    axes = list(data.grid.coordinates.values())
    each = batch["fields"][0, 0], found["fields"][0, 0], found["residual"][0]
    figure = solution_figure(Plate(), axes, *each, "u")
    for axis in figure.axes[:4]:
        (image,) = axis.collections
        assert image.get_array().mask.sum() == outside.sum()
    assert figure.axes[0].collections[0].get_clim() == (-4, 4)


@pytest.mark.parametrize("adaptive", [ResidualAdaptive(), R3()])
def test_adaptive_points_stay_inside(adaptive):
    data = Collocation(Plate(), num_points=60, num_condition_points=9, adaptive=adaptive)
    task = PINN(network(Plate()), Plate())
    for redraw in range(3):
        points = data._draw_for(task, redraw)["residual"]
        data._redraw = redraw
        assert points.shape == (60, 2)
        assert HOLED.contains(points).all()


# -- what is refused -------------------------------------------------------------------------


def asked(*conditions, **kwargs):
    kind = type("Asked", (Plate,), {"conditions": conditions, **kwargs})
    return PINN(network(kind()), kind())


WRONG = {
    "plate: the condition 'a': the boundary has no part 'hle'; its parts are hole, walls": (
        Condition("a", on="hle", residual=lambda d: d.u),
        {},
    ),
    "'a' fixes 'x': with a geometry it lies on a part": (
        Condition("a", {"x": 0.0}, lambda d: d.u),
        {},
    ),
    "'a' lies nowhere: say on which part": (Condition("a", residual=lambda d: d.u), {}),
    "lies on 'hole', but there is no geometry": (
        Condition("a", on="hole", residual=lambda d: d.u),
        {"geometry": None, "domain": ((0.0, 0.0), (1.0, 1.0))},
    ),
    "its geometry has 3 dimensions, its space 2: x, y": (
        Condition("a", on="ball", residual=lambda d: d.u),
        {"geometry": Ball((0, 0, 0), 1)},
    ),
    "a coordinate of a geometry cannot be periodic": (
        Condition("a", on="hole", residual=lambda d: d.u),
        {"periodic": frozenset({"x"})},
    ),
}


@pytest.mark.parametrize("message", WRONG)
def test_what_is_wrong_is_said_in_one_line(message):
    condition, more = WRONG[message]
    with pytest.raises(ValueError, match=message) as error:
        asked(condition, **more)
    assert "\n" not in str(error.value)


def test_a_condition_needs_a_residual_and_a_problem_a_domain():
    with pytest.raises(TypeError, match="the condition 'a' needs a residual"):
        Condition("a", on="hole")
    with pytest.raises(NotImplementedError, match="plate: state its domain, or its geometry"):
        _ = replace_geometry(Plate, None).domain


def test_local_least_squares_refuses_what_is_no_box():
    with pytest.raises(ValueError, match="plate has a geometry: local least squares") as error:
        solve(Plate())
    assert "\n" not in str(error.value)


# -- boxes and configurations ----------------------------------------------------------------


def test_points_of_boxes_are_what_they_were():
    data = Collocation(Burgers(), num_points=4, num_condition_points=2)
    points = data.draw(0)
    assert torch.equal(points["residual"][0], EARLIER["residual"])
    assert torch.equal(points["left"][1], EARLIER["left"])


EARLIER = {  # of the version before regions
    "residual": torch.tensor([0.6386060632050832, 0.4246912398998218], dtype=torch.float64),
    "left": torch.tensor([-1.0, 0.08442340520984648], dtype=torch.float64),
}


def test_a_region_is_read_from_a_configuration_and_written_back():
    parser = ArgumentParser(exit_on_error=False)
    parser.add_argument("--region", type=Region)
    disk = {"class_path": "Disk", "init_args": {"center": [1, 1], "radius": 0.5, "name": "hole"}}
    box = {"class_path": "Box", "init_args": {"lower": [0, 0], "upper": [2, 2], "name": "walls"}}
    init_args = {"region": box, "holes": [disk]}
    parsed = parser.parse_object({"region": {"class_path": "Difference", "init_args": init_args}})
    assert parser.instantiate_classes(parsed).region == HOLED
    again = parser.parse_string(parser.dump(parsed))
    assert parser.instantiate_classes(again).region == Difference(HOLED.region, HOLED.holes)


# -- examples --------------------------------------------------------------------------------

EXAMPLES = {"two_holes": "TwoHoles", "l_shape": "LShape", "bracket": "Bracket"}


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_are_short_solved_by_their_solution_and_train(name, monkeypatch, tmp_path):
    folder = ROOT / "examples"
    for end, most in (("py", 40), ("yaml", 20)):
        assert len((folder / f"{name}.{end}").read_text().splitlines()) <= most
    monkeypatch.syspath_prepend(str(folder))
    problem = getattr(importlib.import_module(name), EXAMPLES[name])()

    class Known(torch.nn.Module):
        def forward(self, points):
            return problem.exact(points)

    task = PINN(Known().double(), problem, exact_conditions=False, engine=Nested())
    batch = Collocation(problem, num_points=50, num_condition_points=50).draw(0)
    assert max(float(v.detach()) for v in task.losses(batch).values()) < 1e-20


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_train_predict_and_draw(name, monkeypatch, tmp_path, capsys):
    from sgn_sciml.app.cli import main

    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    monkeypatch.chdir(tmp_path)
    config = ["--config", str(ROOT / "examples" / f"{name}.yaml")]
    small = ["--trainer.max_steps", "2", "--trainer.val_check_interval", "1"]
    small += ["--data.init_args.num_points", "40", "--data.init_args.num_condition_points", "20"]
    small += ["--model.init_args.network.init_args.width", "4"]
    main(["fit", *config, *small])
    main(["predict", *config, *small, "--ckpt_path", "best"])
    (path,) = tmp_path.rglob("predictions.h5")
    with h5py.File(path) as file:
        mask, u = file["mask"][()], file["u"][()]
    assert (mask == 0).any()
    assert ((mask == 0) == (u != u)).all()
    assert read_grid(path).fields.keys() == {"u", "residual"}


# -- solids from mesh files ------------------------------------------------------------------


def test_poissons_equation_in_a_ball_from_a_file(tmp_path):
    trimesh = pytest.importorskip("trimesh")
    trimesh.creation.icosphere(2).export(tmp_path / "ball.off")

    @dataclass(frozen=True)
    class InBall(Problem):
        law = "in_ball"
        coordinates = ("x", "y", "z")
        grid = (9, 9, 9)
        geometry = Mesh(tmp_path / "ball.off")
        conditions = (Condition("held", on="mesh", residual=lambda d: d.u - d.x * d.y - d.z**2),)

        def residual(self, d):
            return d.u_xx + d.u_yy + d.u_zz - 2

        def exact(self, points):
            x, y, z = points.double().split(1, -1)
            return x * y + z**2

    task = PINN(network(InBall()), InBall(), LevenbergMarquardt)
    data = Collocation(InBall(), num_points=100, num_condition_points=60, redraw_every=0)
    options = {"max_steps": 8, "accelerator": "cpu", "logger": False, "precision": "64-true"}
    options |= {"enable_checkpointing": False, "enable_progress_bar": False}
    trainer = Trainer(**options, enable_model_summary=False, default_root_dir=tmp_path)
    trainer.fit(task, data)
    (found,) = trainer.test(task, data, verbose=False)
    assert found["test/relative_l2"] < 1e-3
    (frame,) = trainer.predict(task, data)
    inside = InBall().geometry.contains(frame["points"].reshape(-1, 3))
    assert torch.equal(~frame["fields"].isnan().flatten(), inside)
    assert 0.3 < float(inside.double().mean()) < 0.6
