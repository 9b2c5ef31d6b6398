"""A run on two processes measures what one process measures, and leaves one folder."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from sgn_sciml.layouts import open_source
from tests.processes import Command

SMALL = Path(__file__).parents[2] / "data" / "small" / "burgers_r10_64.h5"
RUN = Path("tiny/version_0")
CARD = Path("runs") / RUN / "card.json"
LAST = Path("runs") / RUN / "checkpoints" / "last.ckpt"
OUTPUT = Path("output.txt")
ONE = {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
TWO = ("--trainer.devices", "2", "--trainer.strategy", "ddp")


def on_two_processes(command, config, *more):
    words = [command, "--config", config, *TWO, "--trainer.max_steps", "6", *more]
    assert Command(words, OUTPUT, **ONE).wait() == 0, OUTPUT.read_text()


def test_two_processes_train_together_and_measure_exactly(config, sgn):
    text = config.read_text().replace("torch.optim.LBFGS", "sgn_sciml.optim.SSBroyden")
    config.write_text(text)
    for command in ("fit", "test"):
        on_two_processes(command, config)
    assert [path.name for path in Path("runs/tiny").iterdir()] == ["version_0"]
    card = json.loads(CARD.read_text())
    assert card["world_size"] == 2
    assert sgn("test", "--config", config)[0] == 0  # the same checkpoint in one process
    again = json.loads(CARD.read_text())
    assert card["test"].keys() == again["test"].keys()
    for name, value in card["test"].items():
        if isinstance(value, float):
            rel = 1e-6 if name == "test/loss" else 1e-12  # torchmetrics' mean is float32
            assert again["test"][name] == pytest.approx(value, rel=rel)


def test_a_signal_on_two_processes_is_measured_exactly(signal_config, sgn):
    on_two_processes("fit", signal_config, "--trainer.val_check_interval", "6")
    card = json.loads(CARD.read_text())
    assert card["world_size"] == 2
    code, _, err = sgn("test", "--config", signal_config, "--ckpt_path", "last")  # on one
    assert code == 0, err
    alone, compared = json.loads(CARD.read_text())["test"], 0
    for name, value in card["training"]["final"].items():
        metric = name.replace("val/", "test/")
        if metric in alone and not name.endswith("/loss"):  # what is known, and the truth
            assert alone[metric] == pytest.approx(value, rel=1e-6), name
            compared += 1
    assert compared > 5


def settings(text, batch):
    """Two batches an epoch, without dropout; what tests and validates is odd."""
    for old, now in (
        ("batch_size: 9", f"batch_size: {batch}"),
        (", dropout: 0.1", ""),
        ("val: 20, test: 60", "val: 21, test: 61"),
    ):
        assert old in text
        text = text.replace(old, now)
    return text


def test_two_nodes_told_by_torchrun_train_and_measure_as_one_process(operator_config, sgn):
    original = operator_config.read_text()
    operator_config.write_text(settings(original, batch=11))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    words = ["fit", "--config", operator_config, "--trainer.num_nodes", "2"]
    words += ["--trainer.devices", "1", "--trainer.strategy", "ddp"]
    told = ONE | {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": "2"}
    told |= {"TORCHELASTIC_RUN_ID": "none", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "1"}
    outputs = [Path(f"{rank}.txt") for rank in "01"]
    jobs = [
        Command(words, output, RANK=rank, GROUP_RANK=rank, **told)
        for rank, output in zip("01", outputs, strict=True)
    ]
    try:
        for job, output in zip(jobs, outputs, strict=True):
            assert job.wait() == 0, output.read_text()
    finally:
        for job in jobs:
            job.kill()
    assert json.loads(CARD.read_text())["world_size"] == 2
    operator_config.write_text(settings(original, batch=22))
    assert sgn("fit", "--config", operator_config, "--runs", "alone")[0] == 0
    a, b = (
        torch.load(Path(runs) / RUN / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
        for runs in ("runs", "alone")
    )
    assert a.keys() == b.keys()
    for name, value in a.items():
        torch.testing.assert_close(value, b[name], rtol=1e-6, atol=1e-6, msg=name)
    a, b = (
        np.genfromtxt(Path(runs) / RUN / "spectral_error.csv", delimiter=",")[1:]
        for runs in ("runs", "alone")
    )
    np.testing.assert_allclose(a, b, rtol=1e-6)


def test_a_killed_process_ends_the_run_which_can_go_on(operator_config):
    words = ["fit", "--config", operator_config, *TWO]
    words += ["--model.init_args.schedule", "null"]  # one that ends would not let it go on
    job = Command([*words, "--trainer.max_steps", "100000"], OUTPUT, **ONE)
    try:
        end = time.monotonic() + 300
        while not LAST.is_file():
            assert job.poll() is None, OUTPUT.read_text()
            assert time.monotonic() < end, "no checkpoint was written"
            time.sleep(0.01)
        (child,) = Path(f"/proc/{job.pid}/task/{job.pid}/children").read_text().split()
        os.kill(int(child), signal.SIGKILL)
        assert job.wait() != 0
    finally:
        job.kill()
    lines = OUTPUT.read_text().splitlines()
    (told,) = (line for line in lines if line.startswith("sgn: error: another process"))
    assert "--ckpt_path last" in told
    assert "Traceback" not in OUTPUT.read_text()
    reached = torch.load(LAST, weights_only=True)["global_step"]
    again = [*words, "--ckpt_path", "last", "--trainer.max_steps", str(reached + 4)]
    assert Command(again, OUTPUT, **ONE).wait() == 0, OUTPUT.read_text()
    assert torch.load(LAST, weights_only=True)["global_step"] == reached + 4


SCRIPT = """
import sys
import torch
from lightning.pytorch import LightningModule, Trainer
from sgn_sciml.operators import FnoSplit, OperatorData


class Recorder(LightningModule):
    seen = []

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()))

    def training_step(self, batch, index):
        self.seen.append(batch["target"][:, 0, 0])
        return (batch["target"] * self.weight).mean()

    def test_step(self, batch, index):
        self.seen.append(batch["target"][:, 0, 0])

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1)

    def write(self, stage):
        torch.save(torch.cat(self.seen), f"{stage}{self.global_rank}.pt")
        self.seen.clear()

    def on_train_end(self):
        self.write("train")

    def on_test_end(self):
        self.write("test")


if __name__ == "__main__":
    silent = dict(logger=False, enable_checkpointing=False, enable_progress_bar=False)
    trainer = Trainer(accelerator="cpu", devices=2, strategy="ddp", max_epochs=1, **silent)
    data = OperatorData(sys.argv[1], split=FnoSplit(1080, 110), cache="0", batch_size=20)
    model = Recorder()
    trainer.fit(model, data)
    trainer.test(model, data, verbose=False)
    torch.distributed.destroy_process_group()  # gloo's threads abort at times without
"""


def test_two_processes_see_every_sample_once(tmp_path):
    (tmp_path / "run.py").write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "run.py", SMALL],
        cwd=tmp_path,
        env=os.environ | ONE,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    stored = torch.from_numpy(open_source(SMALL).read("u")[:, 0])
    for stage, part, sizes in (
        ("train", stored[:1080], {540}),
        ("test", stored[1090:], {50, 60}),
    ):
        shares = [torch.load(tmp_path / f"{stage}{rank}.pt") for rank in (0, 1)]
        assert {len(share) for share in shares} == sizes
        seen = torch.cat(shares)
        # Scaling is monotone, so the order of the values tells which samples were seen.
        order = torch.corrcoef(torch.stack([seen.sort().values, part.sort().values]))
        assert order[0, 1] > 1 - 1e-6
        assert len(seen.unique()) == len(part.unique())
