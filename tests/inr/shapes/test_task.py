"""Fitted shapes against exact distances; signs of clouds; what does not go together."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from lightning.pytorch import Trainer

from sgn_sciml.inr import Igr, Occupancy, ShapeData, ShapeINR, SignedDistance, SirenSurface
from sgn_sciml.inr.shapes.losses import Slope
from sgn_sciml.layers import Sine
from sgn_sciml.networks import CoordinateMLP
from sgn_sciml.optim import MuonAdam
from tests.inr.shapes.test_files import ball, saved

trimesh = pytest.importorskip("trimesh")


def network(head_scale):
    sine = partial(Sine, omega=30.0)
    return CoordinateMLP(3, 1, width=24, depth=2, activation=sine, head_scale=head_scale)


def task_of(loss, **options):
    rates = partial(MuonAdam, lr=0.003, matrix_lr=0.01)
    start = network(1.0 if isinstance(loss, Occupancy) else 0.1)
    return ShapeINR(start, rates, loss=loss, **({"frequency": 0.1} | options))


def trainer(steps):
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    options = quiet | {"accelerator": "cpu", "enable_model_summary": False, "max_epochs": -1}
    return Trainer(
        max_steps=steps,
        inference_mode=False,
        num_sanity_val_steps=0,
        check_val_every_n_epoch=None,
        val_check_interval=steps,
        **options,
    )


def fitted(path, loss, steps=60, data=None, **options):
    torch.manual_seed(0)
    task = task_of(loss, **options)
    module = ShapeData(str(path), **({"count": 512, "samples": 4000, "cells": 16} | (data or {})))
    run = trainer(steps)
    run.fit(task, module)
    return task, module, run


def torus_distance(p):
    return np.hypot(np.hypot(p[:, 0], p[:, 1]) - 1, p[:, 2]) - 0.4


def box_distance(p):
    beyond = np.abs(p) - np.array([1, 0.5, 0.7])
    return np.linalg.norm(np.maximum(beyond, 0), axis=1) + np.minimum(beyond.max(1), 0)


MESHES = {
    "sphere": (lambda: trimesh.creation.icosphere(3), lambda p: np.linalg.norm(p, axis=1) - 1),
    "box": (lambda: trimesh.creation.box((2, 1, 1.4)), box_distance),
    "torus": (lambda: trimesh.creation.torus(1, 0.4, major_sections=64), torus_distance),
}


@pytest.mark.parametrize("name", MESHES)
def test_a_fitted_distance_is_the_exact_one(tmp_path, name):
    make, exact = MESHES[name]
    steps = 60 if name == "sphere" else 150
    path = saved(tmp_path / "shape.ply", make().apply_scale(1000).apply_translation([7e3, 0, 0]))
    task, data, run = fitted(path, SignedDistance(), steps, ball=0.5)
    points = np.random.default_rng(0).uniform(-0.9, 0.9, (2000, 3))
    frame = data.description.frame
    true = exact((frame.outward(points) - [7e3, 0, 0]) / 1000)
    with torch.no_grad():
        found = task(torch.from_numpy(points).float())[:, 0].numpy() * frame.half / 1000
    assert np.abs(found - true).mean() < 0.04
    assert run.callback_metrics["val/iou"] > 0.9


def test_a_test_measures_in_the_units_of_the_file(tmp_path):
    path = saved(tmp_path / "ball.ply", trimesh.creation.icosphere(3).apply_scale(10))
    task, data, run = fitted(
        path, Occupancy(), 100, {"unit": "mm", "resolution": 32, "compared": 500}
    )
    (found,) = run.test(task, data, verbose=False)
    assert found["test/iou"] > 0.75  # of few steps of a small network
    share = found["test/chamfer"] / found["test/chamfer_of_diagonal"]
    assert share == pytest.approx(20 * 3**0.5, rel=1e-2)
    assert found["test/chamfer_of_diagonal"] < 0.05
    assert found["test/normal_consistency"] > 0.8
    assert task.about()["engine"].startswith(("kernel", "torch"))


@pytest.mark.parametrize("loss", [Igr(), SirenSurface()], ids=lambda loss: type(loss).__name__)
def test_a_cloud_without_normals_is_negative_inside_alone(tmp_path, loss):
    np.save(tmp_path / "ball.npy", 30 * ball(500))
    task, *_ = fitted(tmp_path / "ball.npy", loss, 60, ball=0.5)
    directions = torch.from_numpy(ball(300, 1)).float()
    with torch.no_grad():
        assert (task(directions * 0.75) < 0).all()
        assert (task(directions * 1.05) > 0).all()
        assert task(directions * 0.9).abs().mean() < 0.03
    assert "derivatives by" in task.about()["engine"]


def test_a_slope_includes_the_ball():
    class Known:
        x, y, z = (torch.tensor([v]) for v in (0.3, 0.0, 0.4))
        f, f_x, f_y, f_z = (torch.zeros(1) for _ in range(4))
        a, b, c = (torch.tensor([v]) for v in (0.6, 0.0, 0.8))

    slope = Slope(Known(), 0.2)
    assert float(slope.value) == pytest.approx(0.3, abs=1e-3)
    assert float(slope.eikonal) == pytest.approx(0, abs=1e-3)
    assert float(slope.off_normal) ** 2 == pytest.approx(0, abs=1e-3)
    assert float(slope.turned) ** 2 == pytest.approx(0, abs=1e-3)


def test_the_engines_give_one_loss(tmp_path):
    path = saved(tmp_path / "ball.ply", trimesh.creation.icosphere(1))
    found = []
    for engine in ("auto", "torch"):
        task, data, _ = fitted(path, SignedDistance(normals=0.1), 1, ball=0.5, engine=engine)
        found.append(task.losses(data.rows(3)))
    torch.testing.assert_close(*found, rtol=1e-4, atol=1e-6)


def test_steps_draw_other_points_and_a_seed_the_same(tmp_path):
    np.save(tmp_path / "ball.npy", ball(60))
    data = ShapeData(str(tmp_path / "ball.npy"), count=8)
    data.setup("fit")
    data.train_dataloader()
    one, same, other = (data.rows(seed)["space"] for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_what_does_not_go_together_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"set model.ball to null"):
        task_of(Occupancy(), ball=0.5)
    with pytest.raises(ValueError, match=r"set model.engine to auto or torch"):
        task_of(Igr(), engine="bf16")
    with pytest.raises(ValueError, match="a radius between 0 and 1"):
        task_of(Igr(), ball=2.0)
    with pytest.raises(ValueError, match="frequency must be positive"):
        task_of(Igr(), frequency=0.0)
    with pytest.raises(ValueError, match="in_features to 3"):
        ShapeINR(CoordinateMLP(2, 1))
    with pytest.raises(ValueError, match="eikonal must not be negative"):
        Igr(eikonal=-1)
    for name, value in {"count": 0, "samples": 1, "cells": 1, "resolution": 1}.items():
        with pytest.raises(ValueError, match=f"{name} must be at least"):
            ShapeData("ball.ply", **{name: value})
    with pytest.raises(ValueError, match="ending is one of"):
        ShapeData("ball.ply", ending="txt")
    np.save(tmp_path / "ball.npy", ball(60))
    with pytest.raises(ValueError, match="must know what is inside"):
        trainer(1).fit(task_of(Occupancy()), ShapeData(str(tmp_path / "ball.npy")))


def test_a_mesh_is_predicted_in_the_frame_of_the_file(tmp_path, sgn, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mesh = trimesh.creation.icosphere(2).apply_scale(5).apply_translation([1e4, 0, 0])
    path = saved(tmp_path / "ball.stl", mesh)
    words = ["--config", "shape_mesh", "--data.path", path, "--data.samples", "2000"]
    words += ["--data.count", "256", "--data.cells", "8", "--data.resolution", "16"]
    words += ["--trainer.max_steps", "20", "--trainer.accelerator", "cpu", "--threads", "1"]
    words += ["--trainer.val_check_interval", "20", "--data.ending", "obj"]
    for command in ("fit", "predict"):
        code, out, err = sgn(command, *words)
        assert code == 0, err
    found = trimesh.load("runs/shape_mesh/version_0/predictions.obj", force="mesh")
    np.testing.assert_allclose(found.centroid, [1e4, 0, 0], atol=1)
    np.testing.assert_allclose(found.extents, [10, 10, 10], atol=2)
    assert Path("runs/shape_mesh/version_0/predictions.png").is_file()
    assert "wrote" in out
    code, _, err = sgn("fit", "--config", "shape_mesh", "--data.path", "none.ply")
    assert code == 1
    assert err.strip().count("\n") == 0
    assert "no mesh or file of points none.ply" in err
