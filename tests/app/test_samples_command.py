"""``sgn data make samples``, as it is typed, and an operator that trains on what it makes."""

import json
import math
import re
from concurrent.futures import Executor, Future
from contextlib import contextmanager

import h5py
import numpy as np
import pytest
import yaml

from sgn_sciml.benchmark_data import make as making
from sgn_sciml.layouts import open_source
from tests.conftest import ROOT

SHIPPED = ROOT / "configs" / "samples" / "burgers.yaml"
SMALL = ["--grid", 17, "--frames", 3, "--tolerance", 1e-3, "--workers", 1, "-o", "made.h5"]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def at_once(monkeypatch):
    """No worker processes, which take their time to start."""

    @contextmanager
    def pool(count):
        yield AtOnce()

    monkeypatch.setattr(making, "worker_processes", pool)


class AtOnce(Executor):
    def submit(self, function, *args):
        future = Future()
        try:
            future.set_result(function(*args))
        except ValueError as error:
            future.set_exception(error)
        return future


def written(**more):
    """A configuration that is made in seconds."""
    content = yaml.safe_load(SHIPPED.read_text()) | {"problem": "Burgers"} | more
    with open("own.yaml", "w") as file:
        yaml.safe_dump(content, file)
    return "own.yaml"


def test_the_shipped_ensemble_trains_an_operator_that_is_told_its_constants(sgn, monkeypatch):
    words = ["data", "make", "samples", "--config", "samples/burgers", "-n", 4, *SMALL]
    code, out, err = sgn(*words)
    assert code == 0, err
    for word in ("4 samples", "nu: from 0.0", "estimated_relative_error: from", "solver     diff"):
        assert word in out
    assert re.search(r"field +u: float32 \(sample 4, time 3, x 17\)", out)
    source = open_source("made.h5")
    assert source.sample_parameters == ("estimated_relative_error", "nu", "redrawn")
    assert source.sample_parameter("estimated_relative_error").max() < 3e-3
    with h5py.File("made.h5") as file:
        assert file["nu"].dtype == np.float64
        assert file["nu"].attrs["axes"] == b"sample"
    split = {"class_path": "FnoSplit", "init_args": {"train": 2, "val": 1, "test": 1}}
    smaller = {
        "data.init_args.path": "made.h5",
        "data.init_args.split": split,
        "data.init_args.batch_size": 2,
        "model.init_args.network.init_args.modes": [4],
        "model.init_args.network.init_args.width": 4,
        "trainer.max_steps": 2,
        "trainer.val_check_interval": 1,
        "trainer.log_every_n_steps": 1,
        "trainer.accelerator": "cpu",
    }
    files = ["--config", "burgers_fno", "--config", "samples/burgers_fno"]
    more = [word for key, value in smaller.items() for word in (f"--{key}", json.dumps(value))]
    for command in ("fit", "test"):
        code, out, err = sgn(command, *files, *(word.strip('"') for word in more))
        assert code == 0, err
    found = re.search(r"relative L2\D+([\d.e+-]+)", out)
    assert math.isfinite(float(found[1]))
    # a second run finds the file, another one does not replace it
    monkeypatch.setattr(making, "_solve", None)
    assert sgn(*words)[0] == 0
    code, _, err = sgn(*words, "--seed", 1)
    assert code == 1
    assert "made differently; use --force" in err


def test_an_interrupted_command_goes_on(sgn, at_once, here, monkeypatch):
    config = written(grid=9, frames=None, tolerance="1e-2", n=2, output="own.h5")
    words = ["data", "make", "samples", "--config", config, "--workers", 1]
    with monkeypatch.context() as patch:
        patch.setattr(making, "as_completed", halfway)
        code, out, err = sgn(*words)
    assert code == 130
    assert "1 of 2 samples are kept: the same command goes on" in out + err
    assert len(list(here.glob(".own.h5.parts/*.npz"))) == 2  # each as it was solved
    assert sgn(*words, "--tolerance", 1e-3)[0] == 1  # another file is not mixed in
    monkeypatch.setattr(making, "make_part", None)  # nothing is left to solve
    code, out, err = sgn(*words)
    assert code == 0, err
    assert re.search(r"field +a: float32 \(sample 2, x 9\)", out)


def halfway(futures):
    yield next(iter(futures))
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("words", "change", "message"),
    [
        ("--config none.yaml", {}, "no configuration none.yaml"),
        ("--config own.yaml", {"vray": {}}, "no setting 'vray'; did you mean vary?"),
        ("--config own.yaml", {"problem": None}, "names no problem"),
        ("--config own.yaml", {"n": "many"}, "n must be of type int, got 'many'"),
        ("--config own.yaml", {"grid": 1.5}, "grid is a number of points"),
        ("--config own.yaml", {"tolerance": "small"}, "tolerance must be of type float"),
        ("--config own.yaml", {"problem": "Burgerz"}, "Burgerz"),
        ("--config own.yaml --grid 1", {}, "at least 2 points"),
        ("--config own.yaml -n 0", {}, "number of samples must be >= 1"),
        ("--config own.yaml -o .", {}, "is a folder"),
        ("--config own.yaml", {"vary": {"nu": {"log": [1]}}}, "vary.nu takes linear"),
        (
            "--config own.yaml",
            {"initial": {"class_path": "GaussianField", "init_args": {"lenght": 1}}},
            "GaussianField takes no lenght; did you mean length?",
        ),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(words, change, message, sgn, here):
    written(**change)
    code, _, err = sgn("data", "make", "samples", *words.split())
    assert code == 1
    assert message in err.splitlines()[-1]
    assert err.splitlines()[-1].startswith("sgn: error: ")
    assert [path.name for path in here.iterdir()] == ["own.yaml"]


def test_a_sample_that_is_not_solved_ends_it_with_one_line(sgn, at_once):
    walls = {"class_path": "GaussianField", "init_args": {"walls": "free"}}
    config = written(initial=walls, n=1, output="own.h5", frames=None)
    code, _, err = sgn("data", "make", "samples", "--config", config, "--workers", 1)
    assert code == 1
    last = err.splitlines()[-1]
    assert "sample 0 (nu = 0.0" in last
    assert "contradict each other" in last
    assert "--redraw" in last
