"""A run on two processes measures what one process measures, and leaves one folder."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CARD = Path("runs/tiny/version_0/card.json")


def test_two_processes_train_together_and_measure_exactly(config, sgn):
    environment = os.environ | {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    text = config.read_text().replace("torch.optim.LBFGS", "sgn_sciml.optim.SSBroyden")
    config.write_text(text)
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
