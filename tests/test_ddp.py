"""A run on two processes measures what one process measures, and leaves one folder."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from sgn_sciml.layouts import open_source

SMALL = Path(__file__).parent.parent / "data" / "small" / "burgers_r10_64.h5"
CARD = Path("runs/tiny/version_0/card.json")


def test_two_processes_train_together_and_measure_exactly(config, sgn):
    text = config.read_text().replace("torch.optim.LBFGS", "sgn_sciml.optim.SSBroyden")
    config.write_text(text)
    train_together_and_measure(config, sgn)


def test_an_operator_on_two_processes_is_measured_exactly(operator_config, sgn):
    train_together_and_measure(operator_config, sgn)


def test_a_signal_on_two_processes_is_measured_exactly(signal_config, sgn):
    train_together_and_measure(signal_config, sgn)


def train_together_and_measure(config, sgn):
    """Train and test on two processes, then test the same checkpoint on one."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    two = ["--trainer.devices", "2", "--trainer.strategy", "ddp", "--trainer.max_steps", "6"]
    for command in ("fit", "test"):
        done = subprocess.run(
            [sys.executable, "-m", "sgn_sciml", command, "--config", config, *two],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
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


SCRIPT = """
import sys
import torch
from lightning.pytorch import LightningModule, Trainer
from sgn_sciml.data import FnoSplit, OperatorData


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
        env=os.environ | {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"},
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
