"""The folder of a study: a record per cell, tables of all of them.

==========================  =======================================================================
study.yaml                  what was asked for, overlays included
plan.json                   its cells, so that ``sgn study status`` need not resolve them again
cells/<id>.json, .npz       record and curves of a cell, written when it ends
cells.csv                   one row per cell: its value on each axis, status, numbers
curves/<name>.csv.gz        one row per point of a curve and cell
report.html, report.md      what ``sgn study report`` made of it; figures/, card.json
jobs/                       logs of the processes
lock, owner                 while a run of the study is at work: locked, and its word
==========================  =======================================================================
"""

import csv
import gzip
import hashlib
import io
import itertools
import json
import math
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sgn_sciml.studies.engine.cell import Curve, Outcome
from sgn_sciml.studies.engine.curves import read_curves, write_curves
from sgn_sciml.studies.engine.specs import CellSpec, Study
from sgn_sciml.system.locks import held, is_held
from sgn_sciml.system.names import __version__
from sgn_sciml.system.writing import whole_file, write_whole

__all__ = ["Record", "StudyFolder", "last_line", "tally"]


@dataclass(frozen=True)
class Record:
    """What became of a cell.

    Attributes:
        status: ``done``, ``failed``, or ``missing`` if it has not ended yet.
        scalars: What it measured.
        error: Why it failed.
        about: Seconds, versions and machine.
        curves: Names of the curves that belong to it.
    """

    status: str
    scalars: Mapping[str, float]
    error: str = ""
    about: Mapping[str, Any] | None = None
    curves: Sequence[str] = ()


class StudyFolder:
    """A folder on disk.

    Args:
        path: The folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.cells = path / "cells"

    def check(self, study: Study) -> None:
        """Refuse a folder that holds something else.

        Raises:
            ValueError: If it is another study's, or no study's.
        """
        there = self.path / "study.yaml"
        if there.is_file():
            try:
                other = yaml.safe_load(there.read_text(encoding="utf-8"))
            except (yaml.YAMLError, UnicodeDecodeError):
                other = None
            other = other if isinstance(other, Mapping) else {}
            mine = class_path(study.settings)
            if (name := other.get("name")) != study.name or class_path(other) != mine:
                raise ValueError(
                    f"{self.path} holds another study, {name!r} of {class_path(other)}; "
                    "give another --folder"
                )
        elif self.path.is_dir() and any(self.path.iterdir()):
            raise ValueError(f"{self.path} holds files but no study; give another --folder")

    def create(self, study: Study) -> None:
        """Make the folder and write what is asked for.

        Raises:
            ValueError: If it holds something else.
            OSError: If it cannot be written.
        """
        self.check(study)
        self.cells.mkdir(parents=True, exist_ok=True)
        write_whole(
            self.path / "study.yaml", yaml.safe_dump(dict(study.settings), sort_keys=False)
        )
        plan = {
            "fingerprint": fingerprint(study.settings),
            "axes": study.axes,
            "cells": [[spec.id, dict(spec.labels)] for spec in study.cells],
        }
        write_whole(self.path / "plan.json", json.dumps(plan) + "\n")

    def planned(self, settings: Mapping[str, Any]) -> Study | None:
        """The study of some settings, without those of its cells, if it was run as it is now.

        Args:
            settings: What :func:`~sgn_sciml.studies.engine.settings.merged` gives.
        """
        try:
            plan = json.loads((self.path / "plan.json").read_text(encoding="utf-8"))
            if plan["fingerprint"] != fingerprint(settings):
                return None
            cells = [CellSpec(key, labels, {}) for key, labels in plan["cells"]]
            return Study(settings["name"], plan["axes"], cells, [cells], settings)
        except (OSError, ValueError, LookupError, TypeError):  # never run, or damaged
            return None

    @contextmanager
    def lock(self) -> Iterator[str]:
        """Be the only one that runs this study, until the block or the process ends.

        Yields:
            A word of its own, by which :meth:`is_run_by` knows it.

        Raises:
            OSError: If another process runs it, or the folder cannot be written.
        """
        word, owner = f"{os.getpid()} {time.time_ns()}", self.path / "owner"
        busy = f"{self.path} is being run by another process"
        with held(self.path / "lock", busy, patience=0.5):  # orphans of a killed run look at it
            write_whole(owner, word)
            try:
                yield word
            finally:
                if self._owner() == word:
                    owner.unlink(missing_ok=True)

    def is_locked(self) -> bool:
        """Whether some process runs the study, as far as the file system says."""
        return is_held(self.path / "lock") is True

    def is_run_by(self, word: str) -> bool:
        """Whether a run is still at work: it is not gone, and has no successor.

        Args:
            word: What :meth:`lock` gave it.
        """
        return is_held(self.path / "lock") is not False and self._owner() == word

    def _owner(self) -> str | None:
        try:
            return (self.path / "owner").read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def write_outcome(self, spec: CellSpec, outcome: Outcome, about: Mapping[str, Any]) -> None:
        """Record a cell that is finished; the record comes last, so that it is whole or absent."""
        if outcome.curves:
            write_curves(self.cells / f"{spec.id}.npz", outcome.curves)
        scalars = {k: v if math.isfinite(v) else None for k, v in outcome.scalars.items()}
        curves = list(outcome.curves)
        self._write(spec, {"status": "done", "scalars": scalars, "curves": curves, **about})

    def write_failure(self, spec: CellSpec, error: str, about: Mapping[str, Any]) -> None:
        """Record a cell that failed."""
        self._write(spec, {"status": "failed", "error": error, **about})

    def _write(self, spec: CellSpec, record: Mapping[str, Any]) -> None:
        content = {"id": spec.id, "settings": spec.settings, **record}
        text = json.dumps(content, indent=1, default=str) + "\n"
        write_whole(self.cells / f"{spec.id}.json", text, durable=True)

    def record(self, spec: CellSpec) -> Record:
        """The record of a cell; a damaged one counts as missing, so that it runs again."""
        try:
            found = json.loads((self.cells / f"{spec.id}.json").read_text(encoding="utf-8"))
            status, error = found["status"], str(found.get("error", ""))
            scalars = {
                k: math.nan if v is None else float(v) for k, v in found.get("scalars", {}).items()
            }
        except (FileNotFoundError, ValueError, LookupError, TypeError, AttributeError):
            return Record("missing", {})
        if status not in ("done", "failed"):
            return Record("missing", {})
        own = ("id", "settings", "status", "scalars", "curves", "error")
        about = {key: value for key, value in found.items() if key not in own}
        return Record(status, scalars, error, about, tuple(found.get("curves") or ()))

    def is_sound(self, spec: CellSpec) -> bool:
        """Whether the curves of a finished cell are there and whole."""
        try:
            return set(self.record(spec).curves) <= set(self.curves(spec))
        except ValueError:
            return False

    def curves(self, spec: CellSpec) -> dict[str, Curve]:
        """The curves of a finished cell.

        Raises:
            ValueError: If their file is damaged.
        """
        return read_curves(self.cells / f"{spec.id}.npz")

    def write_tables(self, study: Study) -> None:
        """Write ``cells.csv`` and the tables of curves."""
        records = {spec.id: self.record(spec) for spec in study.cells}
        write_cells(self.path / "cells.csv", study, records)
        done = [spec for spec in study.cells if records[spec.id].status == "done"]
        self._write_curves(study, done)

    def _write_curves(self, study: Study, done: Sequence[CellSpec]) -> None:
        """One table per name of a curve; all of them appear when the last one is written."""
        tables: dict[str, Any] = {}
        with ExitStack() as files:
            for spec in done:
                for name, curve in self.curves(spec).items():
                    if name not in tables:
                        path = self.path / "curves" / f"{name}.csv.gz"
                        partial = files.enter_context(whole_file(path))
                        file = gzip.open(partial, "wt", encoding="utf-8", newline="")  # noqa: SIM115
                        tables[name] = csv.writer(files.enter_context(file), lineterminator="\n")
                        tables[name].writerow(["cell", *study.axes, *curve.axes, "value"])
                    start = [spec.id, *spec.labels.values()]
                    points = itertools.product(*(numbers(at) for at in curve.axes.values()))
                    values = (f"{v:.6g}" for v in curve.values.ravel())
                    tables[name].writerows(
                        [*start, *at, v] for at, v in zip(points, values, strict=True)
                    )


def fingerprint(settings: Mapping[str, Any]) -> str:
    """A hash of settings and of the package that makes cells of them: when its files changed."""
    package = Path(__file__).parents[2]
    newest = max(path.stat().st_mtime_ns for path in package.rglob("*.py"))
    text = json.dumps([__version__, newest, settings], default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def write_cells(path: Path, study: Study, records: Mapping[str, Record]) -> None:
    """Write the table of cells."""
    names = list(dict.fromkeys(key for record in records.values() for key in record.scalars))
    seconds = ("cpu_seconds", "wall_seconds")
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["cell", *study.axes, "status", *names, *seconds, "error"])
    for spec in study.cells:
        record = records[spec.id]
        about = record.about or {}
        table.writerow(
            [spec.id, *spec.labels.values(), record.status]
            + ["" if (v := record.scalars.get(name)) is None else f"{v:.8g}" for name in names]
            + [about.get(name, "") for name in seconds]
            + [record.error.strip().splitlines()[-1] if record.error.strip() else ""]
        )
    write_whole(path, text.getvalue())


def numbers(points: Sequence[float]) -> list[str]:
    """Coordinates as text, whole ones without a point."""
    return [f"{x:.10g}" for x in points]


def class_path(settings: Mapping[str, Any]) -> str | None:
    """The class that a study's cells are of, its last name."""
    cell = settings.get("cell")
    path = cell.get("class_path") if isinstance(cell, Mapping) else None
    return str(path).rpartition(".")[2] if path else None


def tally(study: Study, folder: StudyFolder) -> Mapping[str, Record]:
    """The record of each cell."""
    return {spec.id: folder.record(spec) for spec in study.cells}


def last_line(record: Record) -> str:
    """What went wrong with a cell, in a line."""
    lines = record.error.strip().splitlines()
    return lines[-1] if lines else ""
