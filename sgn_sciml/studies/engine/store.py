"""The folder of a study: a record per cell, tables of all of them.

==========================  =======================================================================
study.yaml                  what was asked for, overlays included
cells/<id>.json, .npz       record and curves of a cell, written when it ends
cells.csv                   one row per cell: its value on each axis, status, numbers
curves/<name>.csv.gz        one row per point of a curve and cell
report.html, report.md      what ``sgn study report`` made of it; figures/, card.json
jobs/                       logs of the processes
==========================  =======================================================================
"""

import csv
import fcntl
import gzip
import io
import itertools
import json
import math
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from sgn_sciml.studies.engine.cell import Curve, Outcome
from sgn_sciml.studies.engine.study import CellSpec, Study

__all__ = ["Record", "StudyFolder"]


@dataclass(frozen=True)
class Record:
    """What became of a cell.

    Attributes:
        status: ``done``, ``failed``, or ``missing`` if it has not ended yet.
        scalars: What it measured.
        error: Why it failed.
        about: Seconds, versions and machine.
    """

    status: str
    scalars: Mapping[str, float]
    error: str = ""
    about: Mapping[str, Any] | None = None


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
                other = yaml.safe_load(there.read_text())
            except yaml.YAMLError:
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

    @contextmanager
    def lock(self) -> Iterator[str]:
        """Be the only one that runs this study, until the block or the process ends.

        Yields:
            A word of its own, which the lock's file holds meanwhile.

        Raises:
            ValueError: If another process runs it.
        """
        with open(self.path / "lock", "a+") as file:
            for patience in (0.3, 0.6, 0.0):  # orphans of a killed run look at it as they leave
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    if not patience:
                        where = f"{self.path} is being run by another process"
                        raise ValueError(where) from None
                    time.sleep(patience)
                else:
                    break
            word = f"{os.getpid()} {time.time_ns()}"
            file.truncate(0)
            file.write(word)
            file.flush()
            yield word

    def is_locked(self) -> bool:
        """Whether some process runs the study."""
        with suppress(FileNotFoundError), open(self.path / "lock") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def write_outcome(self, spec: CellSpec, outcome: Outcome, about: Mapping[str, Any]) -> None:
        """Record a cell that is finished; the record comes last, so that it is whole or absent."""
        arrays: dict[str, Any] = {}
        for name, curve in outcome.curves.items():
            arrays[f"{name}|"] = curve.values
            arrays |= {f"{name}|{axis}": np.asarray(at) for axis, at in curve.axes.items()}
        if arrays:
            data = io.BytesIO()
            np.savez_compressed(data, **arrays)
            write_whole(self.cells / f"{spec.id}.npz", data.getvalue())
        scalars = {k: v if math.isfinite(v) else None for k, v in outcome.scalars.items()}
        self._write(spec, {"status": "done", "scalars": scalars, **about})

    def write_failure(self, spec: CellSpec, error: str, about: Mapping[str, Any]) -> None:
        """Record a cell that failed."""
        self._write(spec, {"status": "failed", "error": error, **about})

    def _write(self, spec: CellSpec, record: Mapping[str, Any]) -> None:
        content = {"id": spec.id, "settings": spec.settings, **record}
        text = json.dumps(content, indent=1, default=str) + "\n"
        write_whole(self.cells / f"{spec.id}.json", text)

    def record(self, spec: CellSpec) -> Record:
        """The record of a cell; a damaged one counts as missing, so that it runs again."""
        try:
            found = json.loads((self.cells / f"{spec.id}.json").read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return Record("missing", {})
        scalars = {k: math.nan if v is None else v for k, v in found.get("scalars", {}).items()}
        own = ("id", "settings", "status", "scalars", "error")
        about = {key: value for key, value in found.items() if key not in own}
        return Record(found["status"], scalars, found.get("error", ""), about)

    def curves(self, spec: CellSpec) -> dict[str, Curve]:
        """The curves of a finished cell."""
        path = self.cells / f"{spec.id}.npz"
        if not path.is_file():
            return {}
        with np.load(path) as data:
            arrays = {name: data[name] for name in data.files}
        found = {}
        for key in arrays:
            name, _, axis = key.rpartition("|")
            if not axis:
                axes = {
                    k.rpartition("|")[2]: arrays[k].tolist()
                    for k in arrays
                    if k.startswith(f"{name}|") and k != key
                }
                found[name] = Curve(axes, arrays[key])
        return found

    def write_tables(self, study: Study) -> None:
        """Write ``cells.csv`` and the tables of curves."""
        records = {spec.id: self.record(spec) for spec in study.cells}
        write_cells(self.path / "cells.csv", study, records)
        done = [spec for spec in study.cells if records[spec.id].status == "done"]
        self._write_curves(study, done)

    def _write_curves(self, study: Study, done: Sequence[CellSpec]) -> None:
        """One table per name of a curve, each beside its place until all of it is there."""
        tables: dict[str, Any] = {}
        folder = self.path / "curves"
        folder.mkdir(exist_ok=True)
        try:
            for spec in done:
                for name, curve in self.curves(spec).items():
                    if name not in tables:
                        file = gzip.open(folder / f"{name}.partial", "wt", newline="")  # noqa: SIM115
                        tables[name] = file, csv.writer(file, lineterminator="\n")
                        tables[name][1].writerow(["cell", *study.axes, *curve.axes, "value"])
                    start = [spec.id, *spec.labels.values()]
                    points = itertools.product(*(numbers(at) for at in curve.axes.values()))
                    values = (f"{v:.6g}" for v in curve.values.ravel())
                    tables[name][1].writerows(
                        [*start, *at, v] for at, v in zip(points, values, strict=True)
                    )
        finally:
            for file, _ in tables.values():
                file.close()
        for name in tables:
            (folder / f"{name}.partial").replace(folder / f"{name}.csv.gz")


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


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file under a name that appears when all of it is there.

    Raises:
        OSError: If it cannot be written; what was there before stays.
    """
    partial = path.with_name(f"{path.name}.partial")
    try:
        partial.write_bytes(content if isinstance(content, bytes) else content.encode())
        partial.replace(path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
