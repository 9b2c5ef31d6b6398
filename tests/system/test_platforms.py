"""What users do works where Unix's own calls are missing, as on Windows."""

import ast
import csv
import json
import os
import subprocess
import sys

import pytest

from sgn_sciml.layouts import open_source
from tests.conftest import ROOT
from tests.test_imports import PACKAGE

# Python runs it as every process starts. The module random and torch, which go by the platform's
# name, would insist on the first of the calls.
WITHOUT = """\
import os, random, sys, types
sys.modules["fcntl"] = None
del os.register_at_fork, os.sched_getaffinity
forks = sys.modules["torch.multiprocessing._atfork"] = types.ModuleType("forks")
forks.register_after_fork = id
"""
CODE = "import sys; from tests.system.platforms import everything; everything(*sys.argv[1:])"
LACKING = {"fcntl": True, "register_at_fork": True, "sched_getaffinity": True}
UNIX = {"fcntl", "register_at_fork", "sched_getaffinity", "sysconf", "getuid", "fork"}


@pytest.fixture(scope="module")
def elsewhere(once, tmp_path_factory, reference):
    """A folder in which all of it was done without these calls."""
    site = tmp_path_factory.mktemp("site")
    (site / "sitecustomize.py").write_text(WITHOUT)
    path = os.pathsep.join(map(str, (site, ROOT)))

    def do(folder):
        words = [sys.executable, "-c", CODE, str(folder), str(reference)]
        environment = os.environ | {"PYTHONPATH": path}
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        (folder / "out.txt").write_text(done.stdout)

    return once("elsewhere", do)


@pytest.fixture
def found(elsewhere):
    return json.loads((elsewhere / "found.json").read_text())


@pytest.fixture
def cell(elsewhere):
    """The row of the study's one cell."""
    lines = (elsewhere / "runs" / "studies" / "study" / "cells.csv").read_text().splitlines()
    return next(csv.DictReader(lines))


def test_the_calls_are_missing_in_every_process(found, cell):
    assert found["here"] == found["worker"] == LACKING
    assert {name: cell[name] for name in LACKING} == dict.fromkeys(LACKING, "1")


def test_a_file_is_made_inspected_and_read(found, elsewhere):
    assert (found["make"], found["inspect"]) == (0, 0)
    assert open_source(elsewhere / "made.h5").num_samples == 4
    assert "layout     sgn-samples-1, 4 samples" in (elsewhere / "out.txt").read_text()
    assert found["read"] == [2, 1, 32]


def test_a_study_runs(found, cell):
    assert found["study"] == 0
    assert (cell["status"], cell["power"]) == ("done", "3")


def test_a_network_is_trained(found, elsewhere):
    assert found["fit"] == 0
    (card,) = (elsewhere / "runs").rglob("version_0/card.json")
    assert json.loads(card.read_text())["steps"] == 2


def calls(path):
    """What a module imports, and attributes of ``os`` that it names."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.name for alias in node.names)
            yield from [node.module] if isinstance(node, ast.ImportFrom) else []
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield from [node.attr] if node.value.id == "os" else []


def test_only_the_folder_system_makes_such_calls():
    found = {path for path in PACKAGE.rglob("*.py") if UNIX & set(calls(path))}
    assert {path.parent.name for path in found} == {"system"}, found
