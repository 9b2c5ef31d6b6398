"""``sgn export``: what it writes is what it says, and bad input leaves nothing behind."""

import csv
import errno
import json
import os
import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from sgn_sciml.app.cli import main
from sgn_sciml.inr.description import cell_centres
from sgn_sciml.inr.export import onnx_file
from sgn_sciml.inr.export.fitted_run import open_fitted
from sgn_sciml.inr.export.onnx_file import write_onnx
from sgn_sciml.inr.export.weights import read_weights
from sgn_sciml.inr.measurements import grid_points
from sgn_sciml.layers import ActivationEncoding, Chebyshev, FourierKan
from sgn_sciml.networks import CoordinateMLP
from tests.conftest import ROOT

QUICK = {
    "data.size": 24,
    "model.network.width": 16,
    "model.network.depth": 2,
    "trainer.max_steps": 20,
    "trainer.val_check_interval": 20,
    "trainer.accelerator": "cpu",
    "trainer.enable_progress_bar": "false",
    "trainer.callbacks": "[]",
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """A run of seconds."""
    runs = tmp_path_factory.mktemp("export") / "runs"
    words = [str(word) for k, v in QUICK.items() for word in (f"--{k}", v)]
    config = str(ROOT / "configs" / "image_inr.yaml")
    assert main(["fit", "--config", config, "--runs", str(runs), "--name", "tiny", *words]) == 0
    return runs / "tiny" / "version_0"


@pytest.fixture
def run(trained, tmp_path) -> Path:
    """A copy of the run, without what other tests exported."""
    folder = tmp_path / "runs" / "tiny" / "version_0"
    shutil.copytree(trained, folder, ignore=shutil.ignore_patterns("export"))
    return folder


def listed(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def told(folder: Path) -> dict:
    return json.loads((folder / "export" / "export.json").read_text())


def one_line(err: str) -> str:
    assert "Traceback" not in err
    (line,) = (line for line in err.splitlines() if line.startswith("sgn: error:"))
    return line


# -- what is written ---------------------------------------------------------------------------


def test_the_command_starts_without_torch():
    code = "import sys, sgn_sciml.app.export_command; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_by_default_there_are_two_files_and_their_numbers(run, sgn):
    code, out, err = sgn("export", run)
    assert (code, err) == (0, "")
    export = run / "export"
    assert listed(export) == {"weights_16bit.npz", "weights_8bit.npz", "export.json"}
    found = told(run)
    assert [each["bits"] for each in found["files"]] == [16, 8]
    for each in found["files"]:
        size = (export / each["file"]).stat().st_size
        assert each["bytes"] == size
        assert each["rate"] == pytest.approx(8 * size / 24**2)
        assert f"{size:>10}{each['rate']:>18.3f}{each['psnr']:>12.2f}" in out
    assert "this is not compression: " in out  # more numbers than pixels
    assert found["verdict"] in out
    assert str(export) in out


def test_the_psnr_before_rounding_is_that_of_validation(run, sgn):
    sgn("export", run, "--bits", 16)
    with (run / "metrics.csv").open() as file:
        (measured,) = (float(row["val/psnr"]) for row in csv.DictReader(file) if row["val/psnr"])
    assert told(run)["trained"]["psnr"] == pytest.approx(measured, abs=1e-3)


def test_the_psnr_is_that_of_the_image_in_the_file(run, sgn):
    sgn("export", run, "--bits", 5)
    network, signal = read_weights((run / "export" / "weights_5bit.npz").read_bytes())
    points = grid_points([cell_centres(n).float() for n in signal["grid"]])
    image = ((network(points).detach() + 1) / 2).clamp(signal["low"], signal["high"])
    truth = open_fitted(run, "last").signal.values
    mse = np.mean((image.numpy().reshape(24, 24) - truth[0].numpy()).astype(float) ** 2)
    assert told(run)["files"][0]["psnr"] == pytest.approx(-10 * np.log10(mse), abs=1e-3)


def test_more_bits_come_closer(run, sgn):
    sgn("export", run, "--bits", 2, 12, 2)
    found = told(run)
    assert [each["bits"] for each in found["files"]] == [2, 12]
    coarse, fine = (abs(each["psnr"] - found["trained"]["psnr"]) for each in found["files"])
    assert fine < 0.01 < 0.1 < coarse


def test_the_curve_is_a_table_and_a_figure(run, sgn):
    code, _, err = sgn("export", run, "--bits", 8, "--curve")
    assert (code, err) == (0, "")
    with (run / "export" / "rate_distortion.csv").open() as file:
        rows = list(csv.DictReader(file))
    ours = [row for row in rows if row["method"] == "network"]
    assert [int(row["setting"]) for row in ours] == list(range(4, 17))
    (eight,) = (row for row in ours if row["setting"] == "8")
    assert float(eight["psnr"]) == pytest.approx(told(run)["files"][0]["psnr"], abs=1e-3)
    assert float(eight["bits_per_pixel"]) == pytest.approx(8 * int(eight["bytes"]) / 24**2)
    assert {row["method"] for row in rows} == {"network", "JPEG"}
    assert (run / "export" / "rate_distortion.png").read_bytes().startswith(b"\x89PNG")
    assert listed(run / "export") == {
        *("weights_8bit.npz", "export.json", "rate_distortion.csv", "rate_distortion.png")
    }


@pytest.mark.parametrize("where", ["versions", "checkpoint", "--ckpt"])
def test_a_run_has_several_names(where, run, sgn, tmp_path):
    best = run / "checkpoints" / "best.ckpt"
    foreign = shutil.copy(best, tmp_path / "foreign.ckpt")
    words = {"versions": [run.parent], "checkpoint": [best], "--ckpt": [run, "--ckpt", foreign]}
    code, _, err = sgn("export", *words[where], "--bits", 8)
    assert (code, err) == (0, "")
    name = {"versions": "last.ckpt", "checkpoint": "best.ckpt", "--ckpt": "foreign.ckpt"}[where]
    assert told(run)["checkpoint"] == name


# -- ONNX --------------------------------------------------------------------------------------


def test_onnx_computes_the_signal_in_its_own_units(run, sgn):
    pytest.importorskip("onnxscript")
    runtime = pytest.importorskip("onnxruntime")
    code, out, err = sgn("export", run, "--bits", 8, "--onnx")
    assert (code, err) == (0, "")
    path = run / "export" / "network.onnx"
    assert told(run)["onnx"]["largest_difference"] < 1e-4
    assert "network.onnx" in out
    session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
    fitted = open_fitted(run, "last")
    for count in (1, 300):
        points = 2 * torch.rand(count, 2) - 1
        (values,) = session.run(["values"], {"points": points.numpy()})
        np.testing.assert_allclose(values, fitted.task.render(points), atol=1e-4)
    assert str(ROOT).encode() not in path.read_bytes()
    assert b".py" not in path.read_bytes()


def test_onnx_says_what_is_missing_before_it_begins(run, sgn, monkeypatch):
    monkeypatch.setattr(onnx_file, "find_spec", lambda name: None)
    code, _, err = sgn("export", run, "--onnx")
    assert code == 1
    assert "--onnx needs onnx and onnxscript: pip install 'sgn-sciml[export]'" in one_line(err)
    assert not (run / "export").exists()


class Branching(CoordinateMLP):
    """Asks for a value while it computes, which no graph can hold."""

    def forward(self, x):
        return super().forward(x) if float(x.sum()) > 0 else super().forward(-x)


class Counting(CoordinateMLP):
    """Asks for the number of points while it computes."""

    def forward(self, x):
        return super().forward(x) if len(x) < 100 else super().forward(-x)


def test_onnx_takes_any_number_of_points():
    pytest.importorskip("onnxscript")
    runtime = pytest.importorskip("onnxruntime")
    encoding = ActivationEncoding(2, partial(FourierKan, harmonics=2))
    bases = partial(Chebyshev, degree=2)
    network = CoordinateMLP(2, 1, width=8, depth=1, encoding=encoding, activation=bases)
    content, difference = write_onnx(network, -1.0, 1.0)
    assert difference < 1e-4
    session = runtime.InferenceSession(content, providers=["CPUExecutionProvider"])
    points = 2 * torch.rand(5, 2) - 1
    (values,) = session.run(["values"], {"points": points.numpy()})
    np.testing.assert_allclose(values, network(points).detach().clamp(-1, 1), atol=1e-4)


def test_a_network_for_some_numbers_of_points_is_refused(monkeypatch):
    pytest.importorskip("onnxscript")
    monkeypatch.setattr(onnx_file, "_compare", lambda *_: None)  # without onnxruntime
    with pytest.raises(ValueError, match="for any number of points: it asks for their number"):
        write_onnx(Counting(2, 1, width=4, depth=1), 0.0, 1.0)


def test_what_onnxruntime_cannot_compute_is_one_line(monkeypatch):
    runtime = pytest.importorskip("onnxruntime")

    def refuse(*args, **kwargs):
        raise RuntimeError("first\nsecond")

    monkeypatch.setattr(runtime, "InferenceSession", refuse)
    with pytest.raises(ValueError, match=r"^onnxruntime cannot compute the network: first$"):
        onnx_file._compare(b"", CoordinateMLP(2, 1, width=4, depth=1), 2)


def test_a_network_that_is_no_graph_is_one_line(capfd):
    pytest.importorskip("onnxscript")
    with pytest.raises(ValueError, match="cannot be written as ONNX") as error:
        write_onnx(Branching(2, 1, width=4, depth=1), 0.0, 1.0)
    assert "\n" not in str(error.value)
    assert capfd.readouterr().err == ""
    assert "data-dependent" in str(error.value)  # not that a step of the exporter failed


# -- bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [1, 0, -3, 17])
def test_bits_out_of_range(bits, run, sgn):
    code, _, err = sgn("export", run, "--bits", 8, bits)
    assert code == 1
    assert f"--bits takes numbers from 2 to 16, got {bits}" in one_line(err)
    assert not (run / "export").exists()


BAD = {
    "no run": (lambda run: shutil.rmtree(run.parent), "no run"),
    "no checkpoint": (lambda run: (run / "checkpoints/last.ckpt").unlink(), "no last checkpoint"),
    "damaged checkpoint": (
        lambda run: (run / "checkpoints/last.ckpt").write_bytes(b"hello"),
        "last.ckpt is damaged or no checkpoint",
    ),
    "other checkpoint": (
        lambda run: torch.save({"global_step": 1}, run / "checkpoints/last.ckpt"),
        "was not trained by `sgn fit`",
    ),
    "no configuration": (lambda run: (run / "config.yaml").unlink(), "config.yaml"),
    "empty configuration": (
        lambda run: (run / "config.yaml").write_text(""),
        "config.yaml is not a configuration of a run",
    ),
    "no signal": (
        lambda run: change(run, "path: camera", "path: gone.png"),
        "no image gone.png",
    ),
    "other data": (lambda run: change(run, "ImageData", "Collocation"), "Collocation"),
    "another signal": (
        lambda run: change(run, "path: camera", "path: cat"),
        "maps 2 coordinates to 1 channels, but the signal of",
    ),
    "a file in the way": (lambda run: (run / "export").write_text(""), "export"),
}


def change(run: Path, old: str, new: str) -> None:
    config = run / "config.yaml"
    text = config.read_text()
    assert old in text
    config.write_text(text.replace(old, new))


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line(case, run, sgn):
    damage, expected = BAD[case]
    damage(run)
    code, _, err = sgn("export", run)
    assert code == 1
    line = one_line(err)
    assert expected in line
    assert len(line) < 500
    assert not (run / "export").is_dir()


def test_a_checkpoint_of_no_run_asks_for_the_run(run, sgn, tmp_path):
    lost = shutil.copy(run / "checkpoints" / "best.ckpt", tmp_path / "lost.ckpt")
    code, _, err = sgn("export", lost)
    assert code == 1
    assert f"name the run as well: sgn export RUN --ckpt {lost}" in one_line(err)


def test_another_task_is_refused(run, sgn):
    path = run / "checkpoints" / "last.ckpt"
    content = torch.load(path, weights_only=True)
    content["hyper_parameters"]["_class_path"] = "sgn_sciml.pinn.PINN"
    torch.save(content, path)
    code, _, err = sgn("export", run)
    assert code == 1
    assert "last.ckpt holds a PINN; only an INR can be exported" in one_line(err)


@pytest.mark.parametrize("stage", ["write", "rename"])
def test_a_full_disk_leaves_the_old_file(stage, run, sgn, monkeypatch):
    sgn("export", run, "--bits", 8)
    before = (run / "export" / "weights_8bit.npz").read_bytes()
    change(run, "size: 24", "size: 25")  # another header
    write = Path.write_bytes

    def full(path, content=b""):
        if stage == "write":
            write(path, content[:10])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes" if stage == "write" else "replace", full)
    code, _, err = sgn("export", run, "--bits", 8)
    assert code == 1
    assert re.search(r"No space left on device: '.*weights_8bit\.npz'", one_line(err))
    assert (run / "export" / "weights_8bit.npz").read_bytes() == before
    assert listed(run / "export") == {"weights_8bit.npz", "export.json"}
