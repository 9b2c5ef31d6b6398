"""Windows of time: continuous by construction, and stitched to one solution."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from sgn_sciml.app.march import stitch
from sgn_sciml.callbacks import LastCheckpoint
from sgn_sciml.layouts import GridFields, read_grid
from sgn_sciml.networks import Continued, CoordinateMLP
from sgn_sciml.pde import Burgers, KuramotoSivashinsky, Wave, Window
from sgn_sciml.pde.window import order_in_time
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


def test_a_second_order_window_takes_over_the_velocity_too(float64):
    earlier = [mlp(), Continued(mlp(), [0.25], order=2, begin=0.0)]
    later = Continued(mlp(), [0.25, 0.6], order=2, begin=0.0)
    later.before[0].load_state_dict(earlier[1].before[0].state_dict())
    later.before[1].load_state_dict(earlier[1].network.state_dict())
    points = torch.rand(9, 2).index_fill_(1, torch.tensor(1), 0.6).requires_grad_()
    values = [network(points) for network in (earlier[1], later)]
    slopes = [torch.autograd.grad(value.sum(), points)[0] for value in values]
    assert torch.allclose(*values, atol=1e-13)
    assert torch.allclose(*slopes, atol=1e-13)
    assert not torch.allclose(earlier[1](points + 0.1), later(points + 0.1))
    task = PINN(later, Window(Wave(), 0.6, 1.0))
    inner = task.problem.box_points(torch.rand(7, 2))
    assert torch.allclose(task.residual(inner), task.equation.nested(inner))


def test_orders_in_time_are_read_off_the_residual():
    found = [order_in_time(p) for p in (Burgers(), Wave(), KuramotoSivashinsky())]
    assert found == [1, 2, 1]


def test_a_window_starts_from_the_weights_before_and_a_little_noise(tmp_path, float64):
    checkpoint, before = tmp_path / "a.ckpt", mlp()
    saved = {f"network.{name}": value for name, value in before.state_dict().items()}
    torch.save({"state_dict": saved}, checkpoint)
    drawn = mlp()
    fresh = {name: p.detach().clone() for name, p in drawn.named_parameters()}
    later = Continued(drawn, [0.25], str(checkpoint), noise=0.1)
    for name, weight in before.named_parameters():
        expected = weight + 0.1 * fresh[name]
        assert torch.allclose(later.network.get_parameter(name), expected)
    with pytest.raises(ValueError, match="noise must be 0 or more"):
        Continued(mlp(), [0.25], noise=-1.0)
    with pytest.raises(ValueError, match="order 2 needs begin"):
        Continued(mlp(), [0.25], order=2)


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


class Killed(BaseException):
    """Nobody catches it, as nobody does a signal."""


def test_a_march_is_continuous_and_goes_on_bit_for_bit_where_it_was_killed(
    config, reference, sgn, monkeypatch
):
    words = ["--windows", 2, "--trainer.max_steps", 5, "--trainer.callbacks", "[]"]
    command = ["march", "--config", config, *words]
    code, out, err = sgn(*command)
    assert code == 0, err
    assert "relative L2 of u over all windows" in out
    found, truth = read_grid("runs/tiny/march_0-1.h5"), read_grid(reference)
    assert torch.allclose(found.coordinates["t"], truth.coordinates["t"])
    error = (found.fields["u"] - truth.fields["u"]).norm() / truth.fields["u"].norm()
    about = json.loads(Path("runs/tiny/march_0-1.json").read_text())
    assert about["relative_l2"]["u"] == pytest.approx(error.item())
    assert Path("runs/tiny/march_0-1_u.png").is_file()
    early = truth.coordinates["t"] <= 0.5
    part = (found.fields["u"] - truth.fields["u"])[:, early].norm()
    part = part / truth.fields["u"][:, early].norm()
    assert about["in_window"][0]["u"] == pytest.approx(part.item())
    assert f"0     0.5        {part:.2e}\n" in out
    for before, after in pairwise(about["runs"]):
        ends = read_grid(Path(before, "predictions.h5")), read_grid(Path(after, "predictions.h5"))
        assert ends[0].coordinates["t"][-1] == ends[1].coordinates["t"][0]
        assert torch.allclose(ends[0].fields["u"][:, -1], ends[1].fields["u"][:, 0], atol=1e-14)
    assert not list(Path().glob("*.part.yaml"))
    end, steps = LastCheckpoint.on_train_batch_end, []

    def die(self, trainer, *rest):
        steps.append(trainer.global_step)
        if len(steps) == 5 + 3:  # in the second window, after a checkpoint at step 2
            raise Killed
        end(self, trainer, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(LastCheckpoint, "on_train_batch_end", die)
        with pytest.raises(Killed):
            sgn(*command)
    first = Path("runs/tiny/version_2/checkpoints/last.ckpt").stat().st_mtime_ns
    code, out, err = sgn(*command, "--resume")
    assert code == 0, err
    assert "wrote runs/tiny/march_2-3.h5" in out.replace(f"{Path.cwd()}/", "")
    assert Path("runs/tiny/version_2/checkpoints/last.ckpt").stat().st_mtime_ns == first
    whole, resumed = (read_grid(f"runs/tiny/march_{k}.h5") for k in ("0-1", "2-3"))
    assert torch.equal(whole.fields["u"], resumed.fields["u"])
    code, _, err = sgn("march", "--config", config, "--windows", 3, "--resume")
    assert code == 1
    assert "no march of these 3 windows" in err


def test_a_march_says_what_it_needs(config, sgn):
    code, _, err = sgn("march", "--config", config, "--windows", 1)
    assert code == 1
    assert "2 windows or more" in err
    config.write_text("seed_everything: 0\n")
    code, _, err = sgn("march", "--config", config, "--windows", 2)
    assert code == 1
    assert "not a configuration of a PINN" in err
