"""Commit, versions and trees that a number was computed with."""

import runpy
import subprocess

import pytest
import torch

from sgn_sciml.system import machine
from tests.conftest import ROOT


def test_packages_that_are_not_installed_are_left_out(monkeypatch):
    monkeypatch.setattr(machine, "PACKAGES", ("torch", "no-such-package"))
    found = machine.describe_machine(torch.device("cpu"))["packages"]
    assert found == {"torch": torch.__version__}


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A repository with a package, configurations and a page."""

    def git(*words):
        who = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
        done = subprocess.run(
            ["git", *who, *words], cwd=tmp_path, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    for file in ("sgn_sciml/gate.py", "configs/burgers.yaml", "README.md"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text("first\n")
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "first")
    monkeypatch.setattr(machine, "ROOT", tmp_path)
    return git


def test_trees_are_those_of_package_and_configurations_whatever_else_changes(checkout, tmp_path):
    first = machine.git_trees()
    assert first == {
        "trees": {name: checkout("rev-parse", f"HEAD:{name}") for name in machine.MEASURED}
    }
    (tmp_path / "README.md").write_text("second\n")
    assert machine.git_trees() == first
    assert machine.git_commit().endswith("-dirty")
    checkout("commit", "-qam", "second")
    assert machine.git_trees() == first


def test_changed_and_new_files_of_the_package_are_named(checkout, tmp_path):
    (tmp_path / "sgn_sciml" / "gate.py").write_text("second\n")
    (tmp_path / "configs" / "own.yaml").write_text("new\n")
    assert machine.git_trees()["changed"] == ["configs/own.yaml", "sgn_sciml/gate.py"]


def test_nothing_is_said_outside_a_checkout(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "ROOT", tmp_path)
    assert machine.git_trees() == {}
    assert machine.git_commit() is None


def test_a_benchmark_does_not_keep_a_card_of_a_changed_package(tmp_path):
    keep = runpy.run_path(str(ROOT / "benchmarks" / "runs.py"))["keep"]
    (tmp_path / "runs" / "own").mkdir(parents=True)
    card = {"machine": {"git": "abc", "changed": ["sgn_sciml/gate.py"]}}
    with pytest.raises(SystemExit, match=r"sgn_sciml/gate\.py differed from the commit"):
        keep("own", card, tmp_path / "cards", tmp_path / "runs")
    assert not (tmp_path / "cards").exists()
    keep("own", {"machine": {"git": "abc-dirty"}}, tmp_path / "cards", tmp_path / "runs")
    assert (tmp_path / "cards" / "own.json").exists()
