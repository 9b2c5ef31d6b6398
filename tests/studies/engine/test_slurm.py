"""A study on a real SLURM of one machine: an array, tasks requeued, a task cancelled."""

import csv
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
import yaml

from tests.studies.engine.slurm import ask, available, slurm

pytestmark = [
    pytest.mark.slurm,
    pytest.mark.skipif(not available(), reason="SLURM is not installed, or we are not root"),
]


def table(folder):
    with Path(folder, "cells.csv").open() as file:
        rows = list(csv.DictReader(file))
    return [{k: v for k, v in row.items() if "seconds" not in k} for row in rows]


def wait_for(what, seconds=900):
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline
        time.sleep(0.3)
    return found


def requeued(task, env):
    """Whether a task was requeued and waits."""
    told = ask(["scontrol", "show", "job", task], env)
    return "Restarts=1" in told and "JobState=PENDING" in told


def test_an_array_survives_requeues_and_a_cancelled_task(tmp_path, monkeypatch, sgn):
    monkeypatch.chdir(tmp_path)
    path, gate = tmp_path / "s.yaml", tmp_path / "gate"
    gate.mkdir()
    cell = {"class_path": "tests.studies.cells.Power", "init_args": {"wait": str(gate)}}
    axes = {"base": [float(n) for n in range(1, 9)]}
    path.write_text(yaml.safe_dump({"cell": cell, "axes": axes}))
    command = [sys.executable, "-m", "sgn_sciml", "study", "run", str(path)]
    command += ["--executor", "slurm", "--folder", "there", "--time", "5", "--partition", "all"]
    with slurm(cpus=2) as env:
        run = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)
        wait_for(lambda: len(list(gate.iterdir())) == 2)  # two cells are at work
        queue = ["squeue", "--noheader", "--array", "--format", "%i"]
        tasks = sorted(ask(queue, env).split())
        assert len(tasks) == 8
        # As before a time limit. The command would go on asking after the task for a while.
        ask(["timeout", "3", "scancel", "--signal", "USR2", tasks[0]], env)
        ask(["scontrol", "requeue", tasks[1]], env)  # as after a pre-emption
        ask(["scancel", tasks[7]], env)
        for task in tasks[:2]:
            wait_for(partial(requeued, task, env))
            # SLURM would hold it back for two minutes.
            ask(["scontrol", "update", f"JobId={task}", "StartTime=now"], env)
        (gate / "go").touch()
        _, err = run.communicate(timeout=1500)
        assert run.returncode == 1, err
        assert "of 8 cells 1 were lost" in err
        assert [row["status"] for row in table("there")].count("done") == 7
        again = subprocess.run(command, env=env, capture_output=True, text=True, timeout=900)
        assert again.returncode == 0, again.stderr
    assert sgn("study", "run", path, "--folder", "here")[0] == 0
    assert table("there") == table("here")
