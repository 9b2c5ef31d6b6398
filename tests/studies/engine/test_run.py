"""Running studies: resume, failures, kills, tables, and bad input at the command line."""

import csv
import gzip
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from sgn_sciml.studies.engine.store import StudyFolder
from sgn_sciml.studies.engine.study import read_study
from tests.conftest import ROOT
from tests.processes import Command

CELL = {"class_path": "tests.studies.cells.Power"}


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    return tmp_path / "s.yaml"


def write(path, **keys):
    settings = {"cell": CELL, "axes": {"base": [2.0, 3.0], "seed": [0, 1]}}
    path.write_text(yaml.safe_dump(settings | keys))


def rows(name="cells.csv", folder="runs/studies/s"):
    file = Path(folder, name)
    data = file.read_bytes()
    text = (gzip.decompress(data) if name.endswith(".gz") else data).decode()
    return list(csv.DictReader(text.splitlines()))


def test_a_study_runs_is_resumed_and_grows(path, sgn):
    write(path)
    code, out, err = sgn("study", "run", path)
    assert code == 0, err
    assert "4 cells done" in out
    table = rows()
    assert [(r["base"], r["seed"], r["status"], r["power"]) for r in table] == [
        ("2.0", "0", "done", "2"),
        ("2.0", "1", "done", "2"),
        ("3.0", "0", "done", "3"),
        ("3.0", "1", "done", "3"),
    ]
    assert {r["never"] for r in table} == {"nan"}
    curve = rows("curves/path.csv.gz")
    assert [(r["step"], r["value"]) for r in curve if r["cell"] == table[2]["cell"]] == [
        ("1", "3"),
        ("2", "9"),
        ("3", "27"),
    ]
    cells = Path("runs/studies/s/cells")
    before = {p.name: p.stat().st_mtime_ns for p in cells.iterdir()}
    write(path, axes={"base": [2.0, 3.0, -1.0, 5.0], "seed": [0, 1]})
    code, _, err = sgn("study", "run", path, "--jobs", 2)
    assert code == 1
    line = next(x for x in err.splitlines() if x.startswith("sgn: error"))
    assert "of 8 cells 2 failed, first -1.0 0: of this cell" in line
    assert {p.name: p.stat().st_mtime_ns for p in cells.iterdir() if p.name in before} == before
    table = rows()
    assert [r["status"] for r in table] == ["done"] * 4 + ["failed"] * 2 + ["done"] * 2
    assert table[4]["error"] == "of this cell"
    code, out, _ = sgn("study", "status", path)
    assert "6 done, 2 failed, 0 missing" in out
    assert "-1.0 0 and 1 more: of this cell" in out


def test_who_watches_a_study_does_not_wait_for_torch(path, sgn):
    write(path)
    StudyFolder(Path("runs/studies/s")).create(read_study([str(path)]))
    code = (
        "import sys; from sgn_sciml.app.cli import main; "
        "sys.exit(main(sys.argv[1:]) or 'torch' in sys.modules)"
    )
    words = [sys.executable, "-c", code, "study", "status", "--config"]
    done = subprocess.run([*words, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "0 done, 0 failed, 4 missing" in done.stdout
    write(path, axes={"base": [2.0], "seed": [0]})  # other cells: the plan does not hold
    assert "0 done, 0 failed, 1 missing" in sgn("study", "status", "--config", path)[1]


def test_a_process_that_dies_takes_its_group_only(path, sgn):
    write(path, axes={"base": [-2.0, 3.0], "seed": [0]})
    code, _, err = sgn("study", "run", path)
    assert code == 1
    assert "1 failed, first -2.0 0: the process died" in err
    assert [r["status"] for r in rows()] == ["failed", "done"]


def test_a_killed_study_ends_its_processes_and_goes_on(path, sgn, tmp_path):
    axes = {"base": [2.0], "exponent": [1, 2], "way": {"a": {}, "b": {"wait": str(tmp_path)}}}
    write(path, axes=axes)
    run = Command(["study", "run", path], PYTHONPATH=os.environ["PYTHONPATH"])
    cells = tmp_path / "runs/studies/s/cells"
    deadline = time.monotonic() + 120
    while not list(cells.glob("[!.]*.json")):
        assert run.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)
    run.send_signal(signal.SIGKILL)
    run.wait()
    folder = StudyFolder(tmp_path / "runs/studies/s")
    assert not folder.is_locked()
    kept = {p: p.stat().st_mtime_ns for p in cells.glob("[!.]*.json")}
    time.sleep(1.5)  # orphans look twice a second
    (tmp_path / "go").touch()
    time.sleep(0.5)
    assert set(cells.glob("[!.]*.json")) == set(kept), "the orphan has left"
    code, _, err = sgn("study", "run", path)
    assert code == 0, err
    assert {p: p.stat().st_mtime_ns for p in kept} == kept
    assert {r["status"] for r in rows()} == {"done"}


def test_two_runs_of_one_study_exclude_each_other(path, sgn):
    write(path)
    folder = StudyFolder(Path("runs/studies/s"))
    folder.cells.mkdir(parents=True)
    (folder.path / "study.yaml").write_text(yaml.safe_dump({"name": "s", "cell": CELL}))
    with folder.lock():
        code, _, err = sgn("study", "run", path)
        assert code == 1
        assert "is being run by another process" in err
        assert "being run" in sgn("study", "status", path)[1]


BAD = {
    "missing file": ("none.yaml", "none.yaml"),
    "broken YAML": ("a: [1", "is not YAML"),
    "empty file": ("", "holds no mapping"),
    "unknown class": ("cell: {class_path: Nonesuch}\naxes: {seed: [0]}", "Nonesuch"),
    "empty axis": ("cell: {class_path: Tones}\naxes: {seed: []}", "the axis seed is empty"),
}


@pytest.mark.parametrize("verb", ["run", "status", "report"])
@pytest.mark.parametrize("case", BAD)
def test_bad_studies_are_one_line(case, verb, path, sgn, tmp_path):
    text, expected = BAD[case]
    if not text.endswith(".yaml"):
        path.write_text(text)
    code, _, err = sgn("study", verb, text if text.endswith(".yaml") else path)
    assert code == 1
    assert expected in err
    assert len(err.strip().splitlines()) == 1, err
    assert not (tmp_path / "runs").exists()


def test_foreign_folders_are_refused(path, sgn, tmp_path):
    write(path)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").touch()
    code, _, err = sgn("study", "run", path, "--folder", "other")
    assert code == 1
    assert "holds files but no study" in err
    (tmp_path / "other" / "study.yaml").write_text("name: t\ncell: {class_path: Power}\n")
    code, _, err = sgn("study", "run", path, "--folder", "other")
    assert code == 1
    assert "holds another study, 't'" in err
    (tmp_path / "file").touch()
    code, _, err = sgn("study", "run", path, "--folder", "file/s")
    assert code == 1
    assert err.startswith("sgn: error:")


@pytest.mark.parametrize("words", [["--jobs", 0], ["--gpus", -1], ["--time", 0], ["--steps"]])
def test_bad_options_are_one_line(words, path, sgn):
    write(path)
    code, _, err = sgn("study", "run", path, *words)
    assert code == 1
    assert words[0] in err


def test_without_slurm_one_line(path, sgn, monkeypatch, tmp_path):
    write(path)
    monkeypatch.setenv("PATH", str(tmp_path))
    code, _, err = sgn("study", "run", path, "--executor", "slurm")
    assert code == 1
    assert "no sbatch on this machine" in err


@pytest.mark.parametrize(
    ("squeue", "words"), [("exit 1", "does squeue work?"), ("echo 7", "in the queue still")]
)
def test_slurm_that_does_not_answer_or_is_at_work(squeue, words, path, sgn, monkeypatch, tmp_path):
    write(path)
    for name, script in (("sbatch", "exit 1"), ("squeue", squeue)):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    code, _, err = sgn("study", "run", path, "--executor", "slurm")
    assert code == 1
    assert words in err
