"""Windows of time: continuous by construction, and stitched to one solution."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from sgn_sciml.app.march import stitch
from sgn_sciml.layouts import GridFields, read_grid
from sgn_sciml.networks import Continued, CoordinateMLP
from sgn_sciml.pde import Burgers, Window
from sgn_sciml.pinn import PINN
from tests.conftest import ROOT


def mlp():
    return CoordinateMLP(2, 1, 6, 1)


def test_a_window_is_its_problem_in_less_time():
    burgers = Burgers(0.1)
    first, later = Window(burgers, 0.0, 0.5), Window(burgers, 0.5, 1.0)
    assert later.domain == ((-1.0, 0.5), (1.0, 1.0))
    assert [c.name for c in first.conditions] == ["initial", "left", "right"]
    assert [c.name for c in later.conditions] == ["left", "right"]
    assert (later.law, later.parameters) == ("burgers", {"nu": 0.1})
    points = later.box_points(torch.rand(5, 2))
    assert torch.equal(later.exact(points), burgers.exact(points))


@pytest.mark.parametrize("times", [(0.5, 0.5), (-0.1, 0.5), (0.5, 1.1)])
def test_windows_outside_are_refused(times):
    with pytest.raises(ValueError, match="Window: need"):
        Window(Burgers(), *times)


def test_a_steady_problem_is_refused(sgn, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = ROOT / "configs" / "poisson_pinn.yaml"
    code, _, err = sgn("march", "--config", config, "--windows", 2)
    assert code == 1
    assert "poisson is steady: it has no windows of time" in err
    assert not Path("runs").exists()


def test_an_inverse_problem_is_refused_by_what_march_does_not_do(sgn, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = ROOT / "configs" / "burgers_inverse.yaml"
    code, _, err = sgn("march", "--config", config, "--windows", 2)
    assert code == 1
    assert "sgn march solves forward problems: it does not find unknown constants" in err
    assert not Path("runs").exists()


def test_a_later_network_begins_where_the_one_before_ended(tmp_path, float64):
    networks, checkpoint = [mlp()], str(tmp_path / "a.ckpt")
    for starts in ([0.25], [0.25, 0.5]):
        tasks = {f"network.{k}": v for k, v in networks[-1].state_dict().items()}
        torch.save({"state_dict": tasks}, checkpoint)
        networks.append(Continued(mlp(), starts, checkpoint))
        points = torch.rand(9, 2)
        points[:, 1] = starts[-1]
        assert torch.allclose(networks[-1](points), networks[-2](points), atol=1e-14)
        assert not torch.allclose(networks[-1](points + 0.1), networks[-2](points + 0.1))
    names = [name for name, p in networks[-1].named_parameters() if p.requires_grad]
    assert names
    assert all(name.startswith("network.") for name in names)


def test_a_continued_network_has_true_derivatives(float64):
    task = PINN(Continued(mlp(), [0.25, 0.5]), Window(Burgers(0.1), 0.5, 1.0))
    points = task.problem.box_points(torch.rand(12, 2))
    assert torch.allclose(task.residual(points), task.equation.nested(points))


def test_checkpoints_of_other_networks_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="of the window before"):
        Continued(mlp(), [0.5], str(tmp_path / "none.ckpt"))
    torch.save({"state_dict": {"network.a": torch.zeros(1)}}, tmp_path / "a.ckpt")
    with pytest.raises(ValueError, match="is of another network"):
        Continued(mlp(), [0.5], str(tmp_path / "a.ckpt"))
    with pytest.raises(ValueError, match="starts must rise"):
        Continued(mlp(), [0.5, 0.5])


def test_stitching_leaves_no_frame_out_and_none_in_twice():
    x, t = torch.linspace(0, 1, 3), torch.linspace(0, 1, 5)
    whole = GridFields({"x": x, "t": t}, {"u": torch.rand(3, 5)}, "law")
    parts = [whole.within((0, a), (1, b)) for a, b in ((0, 0.5), (0.5, 0.75), (0.8, 1))]
    assert [len(part.coordinates["t"]) for part in parts] == [3, 2, 1]
    found = stitch(parts)
    assert torch.equal(found.coordinates["t"], t)
    assert torch.equal(found.fields["u"], whole.fields["u"])
    with pytest.raises(ValueError, match="no point of the grid has t"):
        whole.within((0, 0.3), (1, 0.4))


def test_a_march_is_continuous_and_covers_the_reference(config, reference, sgn):
    words = ["--trainer.max_steps", 3, "--trainer.callbacks", "[]"]
    code, out, err = sgn("march", "--config", config, "--windows", 2, *words)
    assert code == 0, err
    assert "relative L2 of u over all windows" in out
    found, truth = read_grid("runs/tiny/march_0-1.h5"), read_grid(reference)
    assert torch.allclose(found.coordinates["t"], truth.coordinates["t"])
    error = (found.fields["u"] - truth.fields["u"]).norm() / truth.fields["u"].norm()
    about = json.loads(Path("runs/tiny/march_0-1.json").read_text())
    assert about["relative_l2"]["u"] == pytest.approx(error.item())
    for before, after in pairwise(about["runs"]):
        ends = read_grid(Path(before, "predictions.h5")), read_grid(Path(after, "predictions.h5"))
        assert ends[0].coordinates["t"][-1] == ends[1].coordinates["t"][0]
        assert torch.allclose(ends[0].fields["u"][:, -1], ends[1].fields["u"][:, 0], atol=1e-14)
    assert not list(Path().glob("*.part.yaml"))


def test_a_march_says_what_it_needs(config, sgn):
    code, _, err = sgn("march", "--config", config, "--windows", 1)
    assert code == 1
    assert "2 windows or more" in err
    config.write_text("seed_everything: 0\n")
    code, _, err = sgn("march", "--config", config, "--windows", 2)
    assert code == 1
    assert "not a configuration of a PINN" in err
