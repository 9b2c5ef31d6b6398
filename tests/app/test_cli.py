"""The command line as a newcomer uses it, good input and bad."""

import errno
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from sgn_sciml import inr, layers, networks, operators, optim, pde, pinn
from sgn_sciml.layouts import read_grid
from sgn_sciml.pde import PROBLEMS
from sgn_sciml.pde.problem import reference_name
from sgn_sciml.runs import BaseTask


def card(path: str) -> dict:
    return json.loads(Path(path).read_text())


def one_line(err: str) -> str:
    """The error output without log lines: one line, no traceback."""
    assert "Traceback" not in err
    lines = [line for line in err.splitlines() if line.startswith("sgn: error:")]
    assert len(lines) == 1, err
    return lines[0]


# -- help ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    [
        "import sgn_sciml.app.cli as c; c.main(['--help'])",
        "import sgn_sciml.benchmark_data.make, sgn_sciml.benchmark_data.inspect",
    ],
    ids=["help", "data"],
)
def test_what_needs_no_torch_does_not_wait_for_it(code):
    code = f"import sys; {code}; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"


@pytest.mark.parametrize("command", ["fit", "validate", "test", "predict"])
def test_help_of_a_command_is_a_page(sgn, command):
    code, out, _ = sgn(command, "--help")
    assert code == 0
    assert f"usage: sgn {command}" in out
    assert len(out.splitlines()) < 70


def test_help_lists_every_class_that_can_be_named(sgn):
    from sgn_sciml.app.registry import SECTIONS, registered

    out = sgn("fit", "--help")[1]
    words = {word.strip(",") for word in out.split()}
    exported = {
        name
        for package in (inr, layers, networks, operators, operators.networks, optim, pde, pinn)
        for name in package.__all__
        if isinstance(kind := getattr(package, name), type)
        and any(issubclass(kind, base) and kind is not base for base in sum(SECTIONS.values(), ()))
        and not inspect.isabstract(kind)
    }
    assert exported - words == set()
    assert {"SineGate", "Continued", "FourierKan", "SSBroyden"} <= words
    assert {"SpectralGate", "Kaf"} <= set(registered(layers.Activation))


def test_version(sgn):
    assert sgn("--version")[1].startswith("sgn-sciml 0.")


def test_module_is_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "sgn_sciml", "--version"], capture_output=True, check=True
    )
    assert done.stdout.startswith(b"sgn-sciml")


# -- a run and what it leaves ----------------------------------------------------------------


@pytest.mark.drawn
def test_a_run_leaves_what_the_readme_says(config, sgn, tmp_path):
    assert sgn("fit", "--config", config)[0] == 0
    code, out, err = sgn("test", "--config", config)
    assert code == 0, err
    assert sgn("predict", "--config", config)[0] == 0
    folder = tmp_path / "runs" / "tiny" / "version_0"
    names = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
    assert {
        "config.yaml",
        "card.json",
        "metrics.csv",
        "spectral_error.csv",
        "predictions.h5",
        "checkpoints/best.ckpt",
        "checkpoints/last.ckpt",
        "figures/gates.png",
        "figures/spectral_error.png",
        "figures/u.png",
    } <= names
    found = card(folder / "card.json")
    assert found["problem"]["law"] == "burgers"
    assert found["steps"] == 8
    assert f"{found['test']['test/relative_l2']:.2e}" in out
    assert list(read_grid(folder / "predictions.h5").fields) == ["residual", "u"]
    metrics = (folder / "metrics.csv").read_text().splitlines()[0]
    assert "gate/network.layers.1/q50" in metrics
    assert "val/spectral_error/high" in metrics


def test_replay_of_the_resolved_config_gives_the_same_numbers(trained, sgn):
    assert sgn("fit", "--config", "runs/tiny/version_0/config.yaml")[0] == 0
    a, b = (
        torch.load(f"runs/tiny/version_{k}/checkpoints/last.ckpt", weights_only=True)["state_dict"]
        for k in (0, 1)
    )
    assert all(torch.equal(a[key], b[key]) for key in a)


def test_a_second_run_gets_a_folder_of_its_own(trained, sgn, tmp_path):
    before = (tmp_path / "runs/tiny/version_0/metrics.csv").read_bytes()
    sgn("fit", "--config", trained)
    assert (tmp_path / "runs/tiny/version_1/card.json").is_file()
    assert (tmp_path / "runs/tiny/version_0/metrics.csv").read_bytes() == before


def test_any_task_reloads_from_its_checkpoint(trained):
    path = "runs/tiny/version_0/checkpoints/best.ckpt"
    task = BaseTask.load_from_checkpoint(path, weights_only=True)
    assert type(task).__name__ == "PINN"
    assert task.network.layers[0].out_features == 8


def test_seed_changes_weights_and_points(config, sgn):
    for seed in (0, 1):
        sgn("fit", "--config", config, "--seed_everything", seed)
    cards = [card(f"runs/tiny/version_{k}/card.json") for k in (0, 1)]
    assert [c["seed"] for c in cards] == [0, 1]
    assert [c["data"]["seed"] for c in cards] == [0, 1]


def test_overlays_compose(config, sgn, tmp_path):
    (tmp_path / "short.yaml").write_text("trainer: {max_steps: 3}\n")
    sgn("fit", "--config", config, "--config", tmp_path / "short.yaml")
    assert card("runs/tiny/version_0/card.json")["steps"] == 3


def test_data_make(sgn, tmp_path):
    path = tmp_path / "b.h5"
    code, out, _ = sgn("data", "make", "burgers-reference", "-o", path, "--nx", 9, "--nt", 5)
    assert code == 0
    assert str(path) in out
    assert read_grid(path).fields["u"].shape == (9, 5)


def test_data_make_of_a_steady_problem(sgn, tmp_path):
    path = tmp_path / "p.h5"
    words = ["--frequencies", 106, 94, "--amplitudes", 0.5, -0.5, "--nx", 21]
    code, _, err = sgn("data", "make", "poisson-reference", "-o", path, *words)
    assert code == 0, err
    grid = read_grid(path)
    x = grid.coordinates["x"]
    assert torch.allclose(grid.fields["u"], torch.sin(6 * x) * torch.cos(100 * x))
    assert grid.parameters["frequencies"] == (106.0, 94.0)


@pytest.mark.parametrize("law", PROBLEMS)
def test_data_make_explains_the_constants_of_every_problem(law, sgn, capfd):
    with pytest.raises(SystemExit) as stop:
        sgn("data", "make", reference_name(law), "--help")
    assert stop.value.code == 0
    out = capfd.readouterr().out
    assert all(f"--{name}" in out for name in PROBLEMS[law]().parameters)
    assert "--nx" in out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["wave-reference", "--c", -1], "Wave: c must be a positive number"),
        (["wave-reference", "--nx", 1], "at least 2 points"),
        (["poisson-reference", "--frequencies", 3], "1 frequencies and 2 amplitudes"),
    ],
)
def test_bad_references_are_one_line(words, expected, sgn, tmp_path):
    code, _, err = sgn("data", "make", *words, "-o", tmp_path / "a.h5")
    assert code == 1
    assert expected in one_line(err)
    assert list(tmp_path.iterdir()) == []


# -- bad input -------------------------------------------------------------------------------

BAD = {
    "unknown key": (["--trainer.max_stepz", 3], "max_stepz"),
    "unknown model key": (["--model.init_args.widht", 3], "widht"),
    "wrong class path": (["--model.init_args.network", "sgn_sciml.networks.Nonesuch"], "Nonesuch"),
    "a layer as network": (
        ["--model.init_args.network", "sgn_sciml.layers.FeedForward"],
        "FeedForward",
    ),
    "negative viscosity": (["--data.init_args.problem.init_args.nu", -1], "nu must be a positive"),
    "wrong input size": (["--model.init_args.network.init_args.in_features", 3], "in_features=2"),
    "missing reference": (["--data.init_args.reference", "none.h5"], "sgn data make"),
    "bad gate": (
        ["--model.init_args.network.init_args.activation.init_args.gate", "blue"],
        "gate",
    ),
    "no threads": (["--threads", 0], "threads"),
    "missing device": (["--trainer.accelerator", "mps"], "MPS"),
    "missing checkpoint": (["--ckpt_path", "last"], "no last checkpoint"),
    "missing config": (["--config", "none.yaml"], "none.yaml"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line(case, config, sgn, tmp_path):
    words, expected = BAD[case]
    code, _, err = sgn("fit", "--config", config, *words)
    assert code != 0
    line = one_line(err)
    assert expected in line
    assert len(line) < 600
    left = [p for p in tmp_path.rglob("*") if p != config]
    assert left == [], "nothing half-written"


@pytest.mark.parametrize("damage", ["truncated", "not hdf5"])
def test_damaged_reference_is_one_line(damage, config, sgn, reference, tmp_path):
    path = tmp_path / "bad.h5"
    path.write_bytes(reference.read_bytes()[:2000] if damage == "truncated" else b"hello")
    code, _, err = sgn("fit", "--config", config, "--data.init_args.reference", path)
    assert code != 0
    assert "bad.h5 is damaged or no HDF5 file" in one_line(err)


def test_nan_is_one_line_and_keeps_the_last_good_checkpoint(config, sgn):
    poisoned = "tests.pinn.test_training.Poisoned"  # the initial term is NaN at the third step
    words = ["--checkpoint_every", 1, "--model.init_args.exact_conditions", "false"]
    code, _, err = sgn("fit", "--config", config, "--model", poisoned, *words)
    assert code == 1
    line = one_line(err)
    assert "the loss term 'initial' became NaN or infinite at step 3" in line
    assert "last.ckpt" in line
    kept = torch.load("runs/tiny/version_0/checkpoints/last.ckpt", weights_only=True)
    assert kept["global_step"] == 2
    assert all(v.isfinite().all() for v in kept["state_dict"].values())


def test_another_problem_than_the_checkpoints_is_refused(trained, sgn):
    nu = ["--data.init_args.problem.init_args.nu", 0.1, "--data.init_args.reference", "null"]
    code, _, err = sgn("test", "--config", trained, *nu)
    assert code == 1
    assert "the configuration asks for {'law': 'burgers', 'nu': 0.1}" in one_line(err)


@pytest.mark.parametrize("content", [b"", b"hello", None], ids=["empty", "foreign", "truncated"])
def test_damaged_checkpoint_is_one_line(content, trained, sgn):
    path = Path("runs/tiny/version_0/checkpoints/last.ckpt")
    path.write_bytes(path.read_bytes()[:9000] if content is None else content)
    code, _, err = sgn("fit", "--config", trained, "--ckpt_path", "last")
    assert code == 1
    assert "last.ckpt is damaged or no checkpoint" in one_line(err)


def test_without_a_logger_nothing_is_written(config, sgn, tmp_path):
    assert sgn("fit", "--config", config, "--trainer.logger", "false")[0] == 0
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.yaml"]


def test_a_test_without_a_logger_prints_the_metrics_only(trained, sgn):
    before = Path("runs/tiny/version_0/card.json").read_text()
    code, out, _ = sgn("test", "--config", trained, "--trainer.logger", "false")
    assert code == 0
    assert "test/relative_l2" in out
    assert Path("runs/tiny/version_0/card.json").read_text() == before


def test_a_resumed_run_keeps_the_configuration_it_began_with(config, sgn):
    sgn("fit", "--config", config, "--trainer.max_steps", 2)
    before = Path("runs/tiny/version_0/config.yaml").read_text()
    sgn("fit", "--config", config, "--ckpt_path", "last", "--trainer.max_steps", 4)
    assert Path("runs/tiny/version_0/config.yaml").read_text() == before
    assert "max_steps: 4" in Path("runs/tiny/version_0/config_resumed.yaml").read_text()


def test_resuming_a_finished_run_says_so(config, sgn):
    sgn("fit", "--config", config, "--trainer.max_steps", 2)
    words = ["--ckpt_path", "last", "--trainer.max_steps", 2]
    code, out, _ = sgn("fit", "--config", config, *words)
    assert code == 0
    assert "nothing left to train: the checkpoint is at step 2" in out


def test_a_checkpoint_from_elsewhere_is_tested_in_a_folder_of_its_own(trained, sgn, tmp_path):
    shutil.copy("runs/tiny/version_0/checkpoints/best.ckpt", tmp_path / "theirs.ckpt")
    assert sgn("test", "--config", trained, "--ckpt_path", tmp_path / "theirs.ckpt")[0] == 0
    step = torch.load("theirs.ckpt", weights_only=True)["global_step"]
    told = card("runs/tiny/version_1/card.json")["test"]["checkpoint"]
    assert told == f"theirs.ckpt of step {step}"


def test_unwritable_run_folder_is_one_line(config, sgn, tmp_path):
    (tmp_path / "file").write_text("")
    code, _, err = sgn("fit", "--config", config, "--runs", tmp_path / "file")
    assert code != 0
    assert "file" in one_line(err)


def test_full_disk_is_one_line_and_keeps_the_checkpoint_before(config, sgn, monkeypatch):
    save, full = torch.save, []

    def disk(checkpoint, file):
        if checkpoint["global_step"] > 4:
            file.write(b"half")
            full.append(checkpoint["global_step"])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        save(checkpoint, file)

    monkeypatch.setattr(torch, "save", disk)
    code, _, err = sgn("fit", "--config", config)
    assert code == 1
    assert full == [6]
    assert re.search(r"No space left on device: '.*\.ckpt'", one_line(err))
    folder = Path("runs/tiny/version_0/checkpoints")
    assert sorted(path.name for path in folder.iterdir()) == ["best.ckpt", "last.ckpt"]
    assert torch.load(folder / "last.ckpt", weights_only=True)["global_step"] == 4


def test_unknown_command(sgn):
    code, _, err = sgn("fti")
    assert code == 1
    assert "no command 'fti'" in one_line(err)


def test_unknown_law(sgn):
    with pytest.raises(SystemExit) as stop:
        sgn("data", "make", "burgers")
    assert stop.value.code == 2


@pytest.mark.parametrize("name", ["a/../../b", "..", "/b", "a\\b"])
def test_the_name_of_a_run_is_no_path(name, config, sgn, tmp_path):
    before = set(tmp_path.rglob("*"))
    code, _, err = sgn("fit", "--config", config, "--name", name)
    assert code == 1
    assert "--name names a folder within --runs" in one_line(err)
    assert set(tmp_path.rglob("*")) == before


def test_a_folder_in_place_of_a_file_is_called_a_folder(config, sgn, tmp_path):
    (tmp_path / "place").mkdir()
    for words in (
        ("fit", "--config", config, "--data.init_args.reference", "place"),
        ("data", "make", "burgers-r10", "-n", "4", "-o", "place"),
        ("data", "inspect", "place"),
        ("fit", "--config", config, "--data.init_args.observations", "{path: place}"),
    ):
        code, _, err = sgn(*words)
        assert code == 1
        assert "place is a folder" in one_line(err)
    assert not list((tmp_path / "place").iterdir())
