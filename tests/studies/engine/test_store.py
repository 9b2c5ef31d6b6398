"""The folder of a study: who runs it, and what is left when something goes wrong."""

import errno
import gzip
import os

import numpy as np
import pytest

from sgn_sciml.studies import Curve, Outcome, StudyFolder
from sgn_sciml.studies.engine.specs import CellSpec
from sgn_sciml.studies.engine.study import make_study
from sgn_sciml.system import locks, writing

CELL = {"class_path": "tests.studies.cells.Power"}


@pytest.fixture
def study():
    return make_study({"name": "s", "cell": CELL, "axes": {"base": [2.0], "seed": [0, 1]}})


@pytest.fixture
def folder(tmp_path, study):
    made = StudyFolder(tmp_path / "s")
    made.create(study)
    return made


def test_a_run_is_known_by_its_word_until_it_ends(folder):
    assert not folder.is_locked()
    with folder.lock() as word:
        assert folder.is_locked()
        assert folder.is_run_by(word)
        assert not folder.is_run_by("1 2")
    assert not folder.is_locked()
    assert not folder.is_run_by(word)
    assert not (folder.path / "owner").exists()
    with folder.lock() as successor:
        assert folder.is_run_by(successor)
        assert not folder.is_run_by(word)


def test_a_run_that_was_killed_is_gone(folder):
    (folder.path / "lock").touch()
    (folder.path / "owner").write_text("1 2")
    assert not folder.is_run_by("1 2")


def test_where_there_are_no_locks_a_word_tells_a_run_from_its_successor(folder, monkeypatch):
    def refuse(descriptor, **options):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(locks, "lock_descriptor", refuse)
    with folder.lock() as first:
        assert not folder.is_locked(), "as far as is known"
        assert folder.is_run_by(first)
        with folder.lock() as second:
            assert not folder.is_run_by(first)
        assert not folder.is_run_by(second)


def test_a_damaged_record_counts_as_missing(folder, study):
    (spec, other) = study.cells
    (folder.cells / f"{spec.id}.json").write_bytes(b'{"status": "done"')
    (folder.cells / f"{other.id}.json").write_bytes(b"\xff\xfe")
    assert [folder.record(s).status for s in study.cells] == ["missing", "missing"]


def test_a_full_disk_names_the_file_and_leaves_no_half(folder, study, monkeypatch):
    def full(path, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(writing.Path, "write_bytes", full)
    with pytest.raises(OSError, match=rf"No space left.*{study.cells[0].id}\.json'$"):
        folder.write_failure(study.cells[0], "of this cell", {})
    assert os.listdir(folder.cells) == []


def test_tables_of_curves_are_replaced_when_all_are_written(folder, study, monkeypatch):
    axes = {"step": [1.0, 2.0]}
    for spec in study.cells:
        curves = {name: Curve(axes, np.array([3.0, 4.0])) for name in ("down", "up")}
        folder.write_outcome(spec, Outcome({"power": 1.0}, curves), {})
    folder.write_tables(study)
    tables = sorted((folder.path / "curves").iterdir())
    assert [path.name for path in tables] == ["down.csv.gz", "up.csv.gz"]
    first, second = study.cells
    text = gzip.decompress(tables[0].read_bytes()).decode()
    assert text.splitlines() == [
        "cell,base,seed,step,value",
        f"{first.id},2.0,0,1,3",
        f"{first.id},2.0,0,2,4",
        f"{second.id},2.0,1,1,3",
        f"{second.id},2.0,1,2,4",
    ]
    before = {path: path.read_bytes() for path in tables}
    found = folder.curves

    def broken(spec):
        if spec == second:
            raise ArithmeticError
        return found(spec)

    monkeypatch.setattr(folder, "curves", broken)
    with pytest.raises(ArithmeticError):
        folder.write_tables(study)
    assert {path: path.read_bytes() for path in (folder.path / "curves").iterdir()} == before


@pytest.mark.parametrize(
    "content", [b"", b"null", b"[]", b'{"status": "done", "scalars": 3}', b"\xff"]
)
def test_a_record_of_another_shape_counts_as_missing(content, tmp_path):
    folder, spec = StudyFolder(tmp_path), CellSpec("a", {}, {})
    folder.cells.mkdir()
    (folder.cells / "a.json").write_bytes(content)
    assert folder.record(spec).status == "missing"


@pytest.mark.parametrize("damage", ["empty", "bit", "half", "gone"])
def test_damaged_curves_are_noticed(damage, tmp_path):
    folder, spec = StudyFolder(tmp_path), CellSpec("a", {}, {})
    folder.cells.mkdir()
    curve = Curve({"step": range(500)}, np.random.default_rng(0).random(500))
    folder.write_outcome(spec, Outcome({"x": 1.0}, {"loss": curve}), {})
    assert folder.is_sound(spec)
    path = folder.cells / "a.npz"
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 4
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes({"empty": b"", "bit": raw, "half": raw[: len(raw) // 2]}[damage])
        with pytest.raises(ValueError, match=r"damaged.*run the study again"):
            folder.curves(spec)
    assert not folder.is_sound(spec)
