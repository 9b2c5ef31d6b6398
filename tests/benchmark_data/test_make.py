import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from types import SimpleNamespace

import h5py
import numpy as np
import pytest

from sgn_sciml.benchmark_data import make as module
from sgn_sciml.benchmark_data import workers
from sgn_sciml.benchmark_data.blocks import (
    Recipe,
    discard_damaged,
    held_parts,
    part_files,
    part_path,
)
from sgn_sciml.benchmark_data.make import make
from sgn_sciml.laws import BurgersR10
from sgn_sciml.layouts.samples import SgnSamples

LAW = BurgersR10(res=32, grid=64, steps=10)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make(LAW, tmp_path_factory.mktemp("made") / "a.h5", 60, seed=1, progress=False)


def test_file_says_what_it_holds(made):
    with h5py.File(made) as file:
        assert file.attrs["law"] == b"burgers-r10"
        assert file.attrs["seed"] == 1
        assert dict(file["parameters"].attrs) == LAW.parameters()
        assert set(file["versions"].attrs) == {"sgn-sciml", "numpy", "scipy", "h5py"}
        assert file["u"].dims[1][0].name == "/x"


def test_file_holds_the_samples_of_its_law_in_float32(made):
    source = SgnSamples(made)
    exact = LAW.samples(1, range(60))
    for name in ("a", "u"):
        assert np.array_equal(source.read(name), exact[name].astype("f4"))
    assert np.array_equal(source.coordinates["x"], np.arange(32) / 32)


def test_statistics_are_those_of_the_fields(made):
    source = SgnSamples(made)
    u = source.read("u").astype(float)
    about = source.about("u")
    assert about["std"] == pytest.approx(u.std(), rel=1e-12)
    assert about["mean"] == pytest.approx(u.mean(), abs=1e-12)
    assert (about["min"], about["max"]) == (u.min(), u.max())


def test_convergence_is_the_solvers(made):
    found = SgnSamples(made).about("convergence")
    assert found["relative_difference"] == LAW.self_convergence(1)
    assert found["against"] == "grid = 128, steps = 20"


@pytest.mark.parametrize("workers", [1, 3])
def test_workers_change_no_byte(made, tmp_path, workers):
    again = make(LAW, tmp_path / "a.h5", 60, seed=1, workers=workers, progress=False)
    assert again.read_bytes() == made.read_bytes()


def test_a_longer_file_begins_with_the_shorter_one(made, tmp_path):
    longer = make(LAW, tmp_path / "b.h5", 77, seed=1, progress=False)
    assert np.array_equal(SgnSamples(longer).read("u")[:60], SgnSamples(made).read("u"))


def test_nothing_is_left_beside_the_file(made):
    assert [path.name for path in made.parent.iterdir()] == ["a.h5"]


def test_a_second_run_does_nothing(made, monkeypatch):
    monkeypatch.setattr(module, "_solve", None)
    before = made.stat().st_mtime_ns
    assert make(LAW, made, 60, seed=1, progress=False) == made
    assert made.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    "change", [{"seed": 2}, {"samples": 61}, {"dtype": "float64"}, {"law": replace(LAW, nu=0.2)}]
)
def test_a_different_file_is_not_replaced(made, change):
    wanted = {"law": LAW, "samples": 60, "seed": 1} | change
    before = made.read_bytes()
    with pytest.raises(FileExistsError, match="use --force"):
        make(path=made, progress=False, **wanted)
    assert made.read_bytes() == before


def test_force_replaces(tmp_path):
    path = make(LAW, tmp_path / "a.h5", 2, progress=False)
    make(LAW, path, 3, force=True, progress=False)
    assert SgnSamples(path).num_samples == 3


def test_a_solution_that_is_not_finite_is_named(tmp_path):
    unstable = replace(LAW, nu=1e-9, time=1e6)
    with pytest.raises(ValueError, match="u of sample 0 is NaN or infinite; the solver needs"):
        make(unstable, tmp_path / "a.h5", 30, progress=False)
    assert not list(tmp_path.glob("*.h5"))


def test_two_makers_of_one_file(tmp_path):
    with (
        held_parts(tmp_path / "a.h5", Recipe(LAW, 0, "float32"), restart=False),
        pytest.raises(OSError, match="another process is making"),
    ):
        make(LAW, tmp_path / "a.h5", 2, progress=False)


def test_a_full_disk_keeps_the_parts(tmp_path, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(h5py.Group, "create_dataset", full)
        with pytest.raises(OSError, match="No space left"):
            make(LAW, tmp_path / "a.h5", 60, progress=False)
    assert [path.name for path in tmp_path.iterdir()] == [".a.h5.parts"]
    assert len(list((tmp_path / ".a.h5.parts").glob("*.npz"))) == 3
    make(LAW, tmp_path / "a.h5", 60, progress=False)
    assert [path.name for path in tmp_path.iterdir()] == ["a.h5"]


def test_too_little_room_is_said_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(module.shutil, "disk_usage", lambda path: SimpleNamespace(free=1000))
    with pytest.raises(OSError, match="not enough room"):
        make(LAW, tmp_path / "a.h5", 60, progress=False)


def start(path, *options):
    law = ["--res", "256", "--steps", "1000"]
    words = ["data", "make", "burgers-r10", "-n", "125", "-o", str(path), *law, *options]
    return subprocess.Popen(
        [sys.executable, "-m", "sgn_sciml", *words],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def wait_for_a_part(path):
    parts = path.with_name(f".{path.name}.parts")
    until = time.monotonic() + 60
    while not list(parts.glob("[0-9]*.npz")):
        assert time.monotonic() < until
        time.sleep(0.02)
    return parts


def test_a_killed_run_goes_on_and_its_workers_die(tmp_path):
    path = tmp_path / "a.h5"
    process = start(path)
    parts = wait_for_a_part(path)
    process.send_signal(signal.SIGKILL)
    process.communicate()  # returns when the workers have closed the pipes too
    assert not path.exists()
    kept = {part.name: part.stat().st_mtime_ns for part in parts.glob("*.npz")}
    resumed = start(path)
    out, err = resumed.communicate()
    assert resumed.returncode == 0, err
    assert "125 samples" in out
    assert kept
    law = BurgersR10(res=256, steps=1000)
    first = SgnSamples(path).read("u", slice(2))
    assert np.array_equal(first, law.samples(0, [0, 1])["u"].astype("f4"))
    assert not parts.exists()


def test_ctrl_c_is_one_line_and_keeps_the_parts(tmp_path):
    path = tmp_path / "a.h5"
    process = start(path)
    parts = wait_for_a_part(path)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == 130
    assert err.splitlines()[-1].endswith("sgn: interrupted")
    assert "Traceback" not in err
    assert list(parts.glob("*.npz"))


def test_parts_of_another_plan_are_not_mixed(tmp_path):
    path = tmp_path / "a.h5"
    parts = tmp_path / ".a.h5.parts"
    parts.mkdir()
    (parts / "plan.json").write_text(json.dumps({"law": "other"}))
    (parts / "0000000.npz").write_bytes(b"no part of this file")
    with pytest.raises(FileExistsError, match="use --restart"):
        make(LAW, path, 2, progress=False)
    make(LAW, path, 2, restart=True, progress=False)
    assert SgnSamples(path).num_samples == 2


def test_halves_of_parts_are_no_parts(tmp_path):
    parts = tmp_path / ".a.h5.parts"
    parts.mkdir()
    (parts / "plan.json").write_text(json.dumps({"law": "other"}))
    (parts / ".0000000.1.partial.npz").write_bytes(b"half a part, left by a kill")
    with held_parts(tmp_path / "a.h5", Recipe(LAW, 0, "float32"), restart=False) as found:
        assert found == parts
        assert [path.name for path in parts.iterdir()] == ["plan.json"]
    assert list(tmp_path.iterdir()) == []


def test_no_more_workers_are_started_than_windows_waits_for(monkeypatch):
    monkeypatch.setattr(workers, "MOST", 2)
    with workers.worker_processes(100) as pool:
        assert pool._max_workers == 2


def test_damaged_parts_are_thrown_away(tmp_path):
    for first, content in enumerate([b"", b"no archive"]):
        part_path(tmp_path, first).write_bytes(content)
    np.savez(part_path(tmp_path, 2), u=np.arange(100.0))
    raw = bytearray(part_path(tmp_path, 2).read_bytes())
    part_path(tmp_path, 3).write_bytes(raw)
    raw[len(raw) // 2] ^= 1
    part_path(tmp_path, 4).write_bytes(raw)
    (tmp_path / "convergence.json").write_bytes(b"")
    discard_damaged(tmp_path)
    assert part_files(tmp_path) == [part_path(tmp_path, k) for k in (2, 3)]
    assert not (tmp_path / "convergence.json").exists()
