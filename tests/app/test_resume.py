"""A killed run goes on to the same weights, bit for bit; Ctrl-C leaves a usable checkpoint."""

import os
import signal
import time
from pathlib import Path

import pytest
import torch

from sgn_sciml.callbacks import LastCheckpoint
from tests.processes import Command

OUTPUT = Path("output.txt")
LAST = Path("runs/tiny/version_0/checkpoints/last.ckpt")
SECOND = {
    "ssbroyden": ("sgn_sciml.optim.SSBroyden", "{max_iter: 2}"),
    "levenberg": ("sgn_sciml.optim.LevenbergMarquardt", "{max_iter: 2}"),
    "soap": ("pytorch_optimizer.SOAP", "{lr: 0.003, precondition_frequency: 3}"),
}
MODEL, DATA = "--model.init_args", "--data.init_args"
OPTIONS = {  # each with a state of its own
    "causal": [
        *(f"{MODEL}.point_weights.class_path", "Causal"),
        *(f"{MODEL}.exact_conditions", "false"),
        *(f"{MODEL}.balancing.class_path", "GradientNorm"),
        *(f"{MODEL}.balancing.init_args.every", "7"),
        *(f"{DATA}.adaptive.class_path", "RAR"),
    ],
    "attention": [
        *(f"{MODEL}.point_weights.class_path", "ResidualAttention"),
        *(f"{MODEL}.balancing.class_path", "NTK"),
        *(f"{MODEL}.balancing.init_args.every", "7"),
        *(f"{MODEL}.balancing.init_args.points", "3"),
        *(f"{MODEL}.unknown", "{nu: 0.1}"),
        *(f"{DATA}.adaptive.class_path", "R3"),
        *(f"{DATA}.observations", "{count: 30, noise: 0.1}"),
    ],
}


def die_at_step_17():
    """Some steps after a checkpoint."""
    end_of_step = LastCheckpoint.on_train_batch_end

    def end(self, trainer, *rest):
        if trainer.global_step >= 17:
            os.kill(os.getpid(), signal.SIGKILL)
        end_of_step(self, trainer, *rest)

    LastCheckpoint.on_train_batch_end = end


def wait_for(process, path, seconds=60):
    end = time.monotonic() + seconds
    while not path.is_file():
        assert process.poll() is None, OUTPUT.read_text()
        assert time.monotonic() < end, "no checkpoint was written"
        time.sleep(0.001)


def weights(path):
    return torch.load(path, weights_only=True)["state_dict"]


def longer(config, steps, adam=4, second=None):
    """The tiny configuration with more steps, and possibly another second phase."""
    text = config.read_text().replace("max_steps: 8", f"max_steps: {steps}")
    text = text.replace("steps: 4", f"steps: {adam}")
    if second:
        line = next(row for row in text.splitlines() if "torch.optim.LBFGS" in row)
        name, settings = second
        text = text.replace(
            line, f"          - optimizer: {{class_path: {name}, init_args: {settings}}}"
        )
        text = text.replace("dropout: 0.1", "dropout: 0.0")
    config.write_text(text)


@pytest.mark.parametrize(
    ("second", "option"), [("soap", None), ("ssbroyden", "causal"), ("levenberg", "attention")]
)
def test_kill_and_resume_is_bit_exact(second, option, config, sgn):
    longer(config, steps=24, adam=1, second=SECOND[second])
    kill_and_resume(config, OPTIONS.get(option, []), sgn)


def test_an_operator_resumes_within_an_epoch(operator_config, sgn):
    text = operator_config.read_text().replace("max_steps: 8", "max_steps: 24")
    operator_config.write_text(text)
    kill_and_resume(operator_config, [], sgn)


@pytest.mark.parametrize("steps", [4, 5, 7])  # batches of an epoch: 5
def test_an_operator_that_ended_goes_on_where_it_was_in_its_epoch(steps, operator_config, sgn):
    words = ["fit", "--config", operator_config, "--data.batch_size", 4]
    words += ["--data.split", "FnoSplit", "--data.split.train", 20]
    words += ["--model.schedule", "null", "--trainer.val_check_interval", 3]
    for name, limit, *rest in (
        ("whole", 12),
        ("tiny", steps),
        ("tiny", 12, "--ckpt_path", "last"),
    ):
        code, _, err = sgn(*words, "--name", name, "--trainer.max_steps", limit, *rest)
        assert code == 0, err
    paths = (LAST, Path(str(LAST).replace("tiny", "whole")))
    parts, whole = (torch.load(path, weights_only=True) for path in paths)
    assert (parts["global_step"], parts["epoch"]) == (whole["global_step"], whole["epoch"])
    assert all(torch.equal(a, whole["state_dict"][k]) for k, a in parts["state_dict"].items())


def test_a_signal_resumes(signal_config, sgn):
    text = signal_config.read_text().replace("max_steps: 8", "max_steps: 24")
    signal_config.write_text(text)
    kill_and_resume(signal_config, [], sgn)


def kill_and_resume(config, words, sgn):
    """Kill a run of 24 steps, resume it, and compare it with one that was left alone."""
    process = Command(["fit", "--config", config, *words], OUTPUT, first=die_at_step_17)
    assert process.wait() == -signal.SIGKILL, OUTPUT.read_text()
    assert 0 < torch.load(LAST, weights_only=True)["global_step"] < 17
    code, _, err = sgn("fit", "--config", config, *words, "--ckpt_path", "last")
    assert code == 0, err
    assert sgn("fit", "--config", config, *words, "--runs", "whole")[0] == 0
    folder, whole = LAST.parent.parent, Path("whole/tiny/version_0")
    for name in ("last.ckpt", "best.ckpt"):
        a, b = (weights(path / "checkpoints" / name) for path in (folder, whole))
        assert a.keys() == b.keys()
        assert [key for key in a if not torch.equal(a[key], b[key])] == []
    tables = [(path / "spectral_error.csv").read_text() for path in (folder, whole)]
    assert tables[0] == tables[1], "every validation once"
    assert not Path("runs/tiny/version_1").exists()
    steps = [
        row.split(",") for row in Path("runs/tiny/version_0/metrics.csv").read_text().splitlines()
    ]
    column, loss = steps[0].index("step"), steps[0].index("train/loss")
    logged = [int(row[column]) for row in steps[1:] if row[loss]]
    assert logged == list(range(24)), "every step once"


def test_ctrl_c_leaves_a_checkpoint_and_says_how_to_go_on(config, sgn):
    longer(config, steps=100_000, adam=100_000)
    process = Command(["fit", "--config", config], OUTPUT)
    wait_for(process, LAST)
    process.send_signal(signal.SIGINT)
    code = process.wait(timeout=60)
    out = OUTPUT.read_text()
    assert code == 130, out
    assert "Traceback" not in out
    assert "--ckpt_path last" in out
    reached = torch.load(LAST, weights_only=True)["global_step"]
    words = ["--trainer.max_steps", reached + 2]
    assert sgn("fit", "--config", config, "--ckpt_path", "last", *words)[0] == 0
    assert torch.load(LAST, weights_only=True)["global_step"] == reached + 2


def test_a_finished_run_goes_on_as_if_it_had_not_stopped(config, sgn):
    longer(config, steps=20, adam=100)
    assert sgn("fit", "--config", config, "--trainer.max_steps", 9)[0] == 0
    assert sgn("fit", "--config", config, "--ckpt_path", "last")[0] == 0
    assert sgn("fit", "--config", config, "--runs", "whole")[0] == 0
    a, b = weights(LAST), weights(Path("whole/tiny/version_0/checkpoints/last.ckpt"))
    assert [key for key in a if not torch.equal(a[key], b[key])] == []
