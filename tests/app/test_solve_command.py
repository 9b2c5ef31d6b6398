"""``sgn solve`` and ``sgn data make reference``, as they are typed."""

import json
import os
import resource
import signal
import subprocess
import sys

import h5py
import pytest
import torch

from sgn_sciml.app import reference_command, solve_command, solve_options, solve_progress
from sgn_sciml.app.cli import main
from sgn_sciml.layouts.grid_fields import read_grid
from sgn_sciml.local_solver.dictionary import DICTIONARIES
from sgn_sciml.local_solver.storage import load_slabs
from tests.processes import Command

OWN = """
import math
from dataclasses import dataclass
import torch
from sgn_sciml.pde import Condition, Problem

@dataclass(frozen=True)
class Heat(Problem):
    nu: float = 1.0
    law = "own_heat"
    coordinates = ("x", "t")
    domain = ((0.0, 0.0), (1.0, 0.1))
    conditions = (
        Condition("initial", {"t": 0.0}, lambda d: d.u - torch.sin(math.pi * d.x)),
        Condition("left", {"x": 0.0}, lambda d: d.u),
        Condition("right", {"x": 1.0}, lambda d: d.u),
    )
    def residual(self, d):
        return d.u_t - self.nu * d.u_xx

class Typo(Heat):
    def residual(self, d):
        return d.u_t - d.u_yy

class Along(Heat):
    coordinates = ("s",)
    domain = ((0.0,), (4.0,))
    conditions = (Condition("start", {"s": 0.0}, lambda d: d.u - 1),)
    def residual(self, d):
        return d.u_s + d.u
"""
BURGERS = """
data:
  class_path: Collocation
  init_args: {problem: {class_path: Burgers, init_args: {nu: 0.05}}}
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "own_heat_problem.py").write_text(OWN)
    (tmp_path / "own.yaml").write_text("problem: own_heat_problem.Heat\n")
    (tmp_path / "typo.yaml").write_text("problem: own_heat_problem.Typo\n")
    (tmp_path / "along.yaml").write_text("problem: own_heat_problem.Along\n")
    (tmp_path / "broken.yaml").write_text("problem: own_heat_problem.Heat\nname: [a, b\n")
    (tmp_path / "burgers_pinn.yaml").write_text(BURGERS)
    return tmp_path


def test_a_shipped_problem_leaves_a_run_with_table_and_figures(here, capsys):
    assert main(["solve", "--config", "burgers_pinn.yaml", "--tolerance", "1e-6"]) == 0
    run = here / "runs/burgers_solve/version_0"
    card = json.loads((run / "card.json").read_text())
    assert card["test"]["test/relative_l2"] < 1e-6
    assert card["estimate"] < 2e-6
    assert card["task"] == "local least squares"
    shown = capsys.readouterr().out
    for word in ("solved by", "estimated error", "relative L2", "slabs of time", "cells.png"):
        assert word in shown
    assert sorted(path.name for path in (run / "figures").iterdir()) == ["cells.png", "u.png"]
    found = read_grid(run / "predictions.h5")
    assert found.accuracy == card["estimate"]
    assert "test set,metric,value" in (run / "results.csv").read_text()
    assert len(load_slabs(run / "slabs")[0]) == card["slabs"]


def test_ones_own_equation_becomes_a_reference(here, capsys):
    making = "data make reference --config own.yaml -o out.h5 --tolerance 1e-9 --grid 21 5"
    assert main(making.split()) == 0
    grid = read_grid("out.h5")
    assert (grid.law, dict(grid.parameters)) == ("own_heat", {"nu": 1.0})
    x, t = grid.points.unbind(-1)
    truth = torch.sin(torch.pi * x) * torch.exp(-(torch.pi**2) * t)
    assert (grid.fields["u"] - truth).abs().max() < 1e-8
    with h5py.File("out.h5") as file:
        assert 0 < file.attrs["estimated_relative_error"] < 1e-8
    assert main(["solve", "--config", "own.yaml", "--tolerance", "1e-6"]) == 0
    assert "relative L2" not in capsys.readouterr().out  # there is nothing to compare with


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--config own.yaml --tolerance 1e-20", "below the floor of rounding"),
        ("--config own.yaml --degree 3", "--degree must lie between 4 and 40"),
        ("--config own.yaml --name a/b", "not a path"),
        ("--config own.yaml --resume", "nothing to resume"),
        ("--config typo.yaml", "own_heat_problem.py, line 23: AttributeError: no derivative"),
        ("--config missing.yaml", "missing"),
        ("--config broken.yaml", "broken.yaml, line 3: not YAML: expected ',' or ']'"),
    ],
)
def test_what_cannot_be_solved_is_one_line_and_leaves_nothing(words, message, here, capsys):
    assert main(["solve", *words.split()]) == 1
    shown = capsys.readouterr().err.splitlines()
    assert message in shown[-1]
    assert shown[-1].startswith("sgn: error: ")
    assert not (here / "runs").exists()


def at_slab(number, act):
    """What saves slabs, but does something else in place of one."""
    save = solve_progress.save_slab

    def stop(folder, slab, *rest):
        if slab == number:
            act()
        return save(folder, slab, *rest)

    return stop


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def die_at_the_third_slab():
    solve_progress.save_slab = at_slab(2, die)


def test_a_killed_run_goes_on_with_the_numbers_of_one_that_was_not(here):
    words = ["solve", "--config", "burgers_pinn.yaml", "--tolerance", "1e-6"]
    assert main([*words, "--name", "whole"]) == 0
    whole = here / "runs/whole/version_0/slabs"
    slabs = here / "runs/part/version_0/slabs"
    process = Command([*words, "--name", "part"], first=die_at_the_third_slab)
    assert process.wait() == -signal.SIGKILL
    kept = sorted(slabs.glob("*.pt"))
    assert len(kept) >= 2
    kept[-1].write_bytes(kept[-1].read_bytes()[:100])  # as a full disk leaves it
    assert main([*words, "--name", "part", "--resume"]) == 0
    a, b = (load_slabs(folder)[0] for folder in (whole, slabs))
    assert len(a) == len(b)
    for one, other in zip(a, b, strict=True):
        assert torch.equal(one.coefficients, other.coefficients)
        assert one.error == other.error
    assert main([*words, "--name", "part", "--resume"]) == 1  # it has ended
    assert main([*words[:-1], "1e-8", "--name", "part", "--resume"]) == 1


def interrupt():
    raise KeyboardInterrupt


def interrupted_at_its_second_slab(words, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(solve_progress, "save_slab", at_slab(1, interrupt))
        assert main(words) == 130


def test_an_interrupted_run_says_how_to_go_on(here, capsys, monkeypatch):
    words = ["solve", "--config", "burgers_pinn.yaml", "--tolerance", "1e-6"]
    interrupted_at_its_second_slab(words, monkeypatch)
    assert (
        "1 slab is kept in runs/burgers_solve/version_0; --resume goes on"
        in capsys.readouterr().out
    )
    assert main([*words, "--resume"]) == 0
    assert "going on with runs/burgers_solve/version_0" in capsys.readouterr().out


def full(folder, *rest):
    raise OSError(28, "No space left on device", str(folder / "00000.pt"))


def test_a_full_disk_is_one_line(here, capsys, monkeypatch):
    monkeypatch.setattr(solve_progress, "save_slab", full)
    assert main(["solve", "--config", "burgers_pinn.yaml", "--tolerance", "1e-4"]) == 1
    assert "No space left on device" in capsys.readouterr().err.splitlines()[-1]
    assert not (here / "runs").exists()


def test_a_full_disk_leaves_whole_slabs_and_says_how_to_go_on(here, capsys, monkeypatch):
    words = ["solve", "--config", "burgers_pinn.yaml", "--tolerance", "1e-4"]
    save = solve_progress.save_slab
    monkeypatch.setattr(
        solve_progress,
        "save_slab",
        lambda folder, number, *rest: (save if number < 2 else full)(folder, number, *rest),
    )
    assert main(words) == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert "No space left on device" in last
    assert "(2 slabs are kept in runs/burgers_solve/version_0; --resume goes on with" in last
    assert len(load_slabs(here / "runs/burgers_solve/version_0/slabs")[0]) == 2


@pytest.mark.parametrize(("limit", "lost"), [(1000, "00000.pt"), (30_000, "predictions.h5")])
def test_a_file_that_may_not_grow(limit, lost, here, capsys):
    words = ["solve", "--config", "own.yaml", "--tolerance", "1e-4"]
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        assert main(words) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    last = capsys.readouterr().err.splitlines()[-1]
    assert "File too large" in last
    assert lost in last
    run = here / "runs/own_solve/version_0"
    if lost == "00000.pt":
        assert not (here / "runs").exists()
        return
    assert "kept in runs/own_solve/version_0; --resume goes on with them" in last
    assert sorted(p.name for p in run.iterdir()) == ["config.yaml", "slabs", "solve.json"]
    assert not [p for p in run.rglob("*") if "partial" in p.name]
    assert main([*words, "--resume"]) == 0
    assert (run / "predictions.h5").is_file()


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            RuntimeError(
                "[enforce fail at alloc_cpu.cpp:127] . DefaultCPUAllocator: can't allocate "
                "memory: you tried to allocate 66954578048 bytes. Error code 12"
            ),
            "sgn: error: there is not enough memory: 67.0 GB more were asked for",
        ),
        (MemoryError(), "sgn: error: there is not enough memory"),
        (RuntimeError("of another kind"), "RuntimeError: of another kind"),
    ],
)
def test_too_little_memory_is_one_line_and_leaves_nothing(
    error, message, here, capsys, monkeypatch
):
    def fail(*rest):
        raise error

    monkeypatch.setattr(solve_command, "solve", fail)
    monkeypatch.setattr(reference_command, "solve", fail)
    for words in ("solve --config own.yaml", "data make reference --config own.yaml"):
        assert main(words.split()) == 1
        assert message in capsys.readouterr().err.splitlines()[-1]
    assert not (here / "runs").exists()


def test_a_run_does_not_go_on_with_another_equation(here, capsys, monkeypatch):
    words = ["solve", "--config", "own.yaml", "--tolerance", "1e-6"]
    interrupted_at_its_second_slab(words, monkeypatch)
    there = sys.modules["own_heat_problem"].Heat
    with monkeypatch.context() as patch:
        patch.setattr(there, "residual", lambda self, d: d.u_t - 3 * self.nu * d.u_xx)
        assert main([*words, "--resume"]) == 1
    assert "version_0 was begun with another equation" in capsys.readouterr().err
    monkeypatch.setattr(there, "residual", lambda self, d: -self.nu * d.u_xx + d.u_t)  # the same
    assert main([*words, "--resume"]) == 0


def test_an_ordinary_equation_has_a_bar_and_slabs_too(here, capsys):
    assert main(["solve", "--config", "along.yaml", "--tolerance", "1e-6"]) == 0
    shown = capsys.readouterr()
    assert "s 4 of 4 |" in shown.err
    assert "slabs of s" in shown.out
    card = json.loads((here / "runs/along_solve/version_0/card.json").read_text())
    assert card["slabs"] == len(load_slabs(here / "runs/along_solve/version_0/slabs")[0])


def test_help_is_there_at_once():
    code = "import sys; from sgn_sciml.app.cli import main; main(['solve', '--help'])"
    check = "import atexit, sys; atexit.register(lambda: print('torch' in sys.modules));"
    found = subprocess.run(
        [sys.executable, "-c", check + code],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert "--dictionary {chebyshev,gated,sines,tanh}" in found.stdout
    assert found.stdout.endswith("False\n")
    assert sorted(DICTIONARIES) == list(solve_options.FUNCTIONS)
