"""When training ends, what a run that could not begin leaves, and who may go on with a run."""

import csv
import os
from pathlib import Path

import pytest
import torch

from sgn_sciml.system.locks import held
from tests.app.test_cli import one_line

LAST = Path("runs/tiny/version_0/checkpoints/last.ckpt")


def files(folder="runs"):
    return sorted(str(path) for path in Path(folder).rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--trainer.max_steps", 0], "max_steps"),
        (["--trainer.max_epochs", 0], "max_epochs"),
        (["--trainer.limit_train_batches", 0], "limit_train_batches"),
        (["--trainer.max_steps", -1], "never end"),
        (["--trainer.max_steps", -1, "--trainer.max_epochs", 2], "max_steps"),
        (["--trainer.max_steps", -1, "--trainer.max_time", "a day"], "DD:HH:MM:SS"),
        (["--model.optimizer", "torch.optim.Adam", "--model.optimizer.lr", -1], "learning rate"),
    ],
)
def test_what_trains_nothing_or_without_end_is_refused_and_leaves_nothing(
    words, expected, config, sgn
):
    code, _, err = sgn("fit", "--config", config, *words)
    assert code == 1
    assert expected in one_line(err)
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("pinn", ("--budget", "0.5s")),
        ("signal", ("--trainer.max_time", "00:00:00:01")),
        ("operator", ("--budget", "0.5s")),
    ],
)
def test_a_time_alone_is_a_budget(kind, words, request, sgn):
    name = {"pinn": "config", "signal": "signal_config", "operator": "operator_config"}[kind]
    path = request.getfixturevalue(name)
    more = ["--trainer.callbacks", "null", "--trainer.val_check_interval", 1000]
    if kind == "pinn":  # however many steps there is time for, they do not diverge
        more += ["--model.init_args.optimizer", "torch.optim.Adam"]
    code, _, err = sgn("fit", "--config", path, "--trainer.max_steps", -1, *words, *more)
    assert code == 0, err
    assert torch.load(LAST, weights_only=True)["global_step"] > 0


def test_a_checkpoint_of_another_task_is_named(trained, signal_config, sgn):
    code, _, err = sgn("predict", "--config", signal_config, "--ckpt_path", LAST)
    assert code == 1
    assert "is of the task PINN, the configuration is of INR" in one_line(err)


def test_an_error_within_training_leaves_nothing_without_a_checkpoint(config, sgn):
    code, _, err = sgn("fit", "--config", config, "--data.problem", "Poisson")
    assert code == 1, err
    assert not Path("runs").exists()


def test_two_processes_do_not_go_on_with_one_run(trained, sgn):
    before = files()
    with held("runs/tiny/version_0/.lock", "", remove=True):
        words = ["fit", "--config", trained, "--ckpt_path", "last", "--trainer.max_steps", 10]
        code, _, err = sgn(*words)
    assert code == 1
    assert "another process is training" in one_line(err)
    assert files() == before
    assert sgn(*words)[0] == 0
    assert not Path("runs/tiny/version_0/.lock").exists()


@pytest.mark.parametrize("schedule", ["OneCycle", "Cosine"])
def test_a_schedule_of_fewer_steps_does_not_go_on_to_more(schedule, operator_config, sgn):
    words = ["fit", "--config", operator_config, "--model.schedule", schedule]
    words += ["--trainer.callbacks", "null", "--trainer.val_check_interval", 2]
    assert sgn(*words, "--trainer.max_steps", 4)[0] == 0
    table = Path("runs/tiny/version_0/metrics.csv").read_text()
    more = ["--ckpt_path", "best", "--trainer.max_steps", 6]
    code, _, err = sgn(*words, *more)
    assert code == 1
    assert f"the schedule {schedule} of the checkpoint ends after 4 steps" in one_line(err)
    assert Path("runs/tiny/version_0/metrics.csv").read_text() == table


def test_points_planned_for_fewer_steps_do_not_go_on_to_more(signal_config, sgn):
    words = ["fit", "--config", signal_config, "--trainer.callbacks", "null"]
    words += ["--data.batch", "ErrorDriven", "--model.schedule", "StepDecay"]
    words += ["--model.schedule.every", 3]
    assert sgn(*words, "--trainer.max_steps", 3)[0] == 0
    code, _, err = sgn(*words, "--trainer.max_steps", 6, "--ckpt_path", "last")
    assert code == 1
    assert "were planned for 3 steps" in one_line(err)


def test_the_best_checkpoint_of_a_moved_run_stays_the_best(trained, sgn):
    best = Path("runs/tiny/version_0/checkpoints/best.ckpt")
    state = torch.load(LAST, weights_only=True)
    (kept,) = (v for k, v in state["callbacks"].items() if k.startswith("ModelCheckpoint"))
    kept["best_model_score"] = torch.zeros(())  # no step to come is as good
    kept["best_k_models"] = dict.fromkeys(kept["best_k_models"], torch.zeros(()))
    kept["kth_value"] = torch.zeros(())
    torch.save(state, LAST)
    before = best.read_bytes()
    words = ["--ckpt_path", "last", "--trainer.max_steps", 12]
    code, _, err = sgn("fit", "--config", trained, *words)
    assert code == 0, err
    assert best.read_bytes() == before


def test_the_table_of_a_run_that_cannot_be_written_is_printed(trained, sgn, monkeypatch):
    before = files()
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK and access(path, mode))
    code, out, err = sgn("test", "--config", trained)
    assert code == 0, err
    assert "relative L2" in out
    assert "cannot be written" in out
    assert files() == before


AVERAGE = '[{"class_path": "EMAWeightAveraging", "init_args": {"decay": 0.5%s}}]'


def test_an_average_follows_until_it_begins(operator_config, sgn):
    words = ["fit", "--config", operator_config, "--trainer.val_check_interval", 2]
    late = AVERAGE % ', "update_starting_at_step": 100'
    for name, callbacks in (("late", late), ("plain", "null")):
        found = sgn(*words, "--name", name, "--trainer.callbacks", callbacks)
        assert found[0] == 0, found[2]
    late, plain = (
        Path(f"runs/{name}/version_0/metrics.csv").read_text().splitlines()
        for name in ("late", "plain")
    )
    losses = [[row["val/loss"] for row in csv.DictReader(table)] for table in (late, plain)]
    assert losses[0] == losses[1]
    a, b = (
        torch.load(f"runs/{name}/version_0/checkpoints/last.ckpt", weights_only=True)["state_dict"]
        for name in ("late", "plain")
    )
    assert all(torch.equal(a[key], b[key]) for key in a)


def test_an_average_has_the_digits_of_the_run_and_goes_on_with_them(config, sgn):
    words = ["fit", "--config", config, "--trainer.callbacks", AVERAGE % ""]
    for name, steps, *rest in (("whole", 6), ("tiny", 3), ("tiny", 6, "--ckpt_path", "last")):
        code, _, err = sgn(*words, "--name", name, "--trainer.max_steps", steps, *rest)
        assert code == 0, err
    a, b = (
        torch.load(f"runs/{name}/version_0/checkpoints/last.ckpt", weights_only=True)["state_dict"]
        for name in ("whole", "tiny")
    )
    assert all(torch.equal(a[key], b[key]) for key in a)
    weight = next(value for value in a.values() if value.ndim == 2)
    assert weight.dtype == torch.float64
    assert not torch.equal(weight, weight.float().double())
