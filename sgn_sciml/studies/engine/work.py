"""The work of a process: run groups of cells, and record each as it ends.

A process may be killed at any time. Cells that ended have their record; the others have none and
run again, in the next run of the study or, on a cluster, when the job is requeued.
"""

import os
import threading
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from sgn_sciml.studies.engine.build import build
from sgn_sciml.studies.engine.cell import Outcome
from sgn_sciml.studies.engine.specs import CellSpec
from sgn_sciml.studies.engine.store import StudyFolder
from sgn_sciml.system.machine import describe_machine

__all__ = ["Work", "run_group"]


def run_group(folder: StudyFolder, group: Sequence[CellSpec]) -> None:
    """Run the cells of a group that have no result yet, at once if there are several.

    If that fails, each runs alone, so that an error is recorded where it belongs.

    Args:
        folder: Where to record them.
        group: Cells that differ in what may differ only.
    """
    rest = [spec for spec in group if folder.record(spec).status != "done"]
    if len(rest) > 1:
        try:
            run_cells(folder, rest)
            return
        except Exception:  # what a cell raises is its own affair; alone it says so again
            traceback.print_exc()
    for spec in rest:
        started = time.perf_counter(), time.process_time()
        try:
            run_cells(folder, [spec])
        except Exception:
            folder.write_failure(spec, traceback.format_exc(), about(started, 1))
            traceback.print_exc()


def run_cells(folder: StudyFolder, specs: Sequence[CellSpec]) -> None:
    """Run cells at once and record them."""
    started = time.perf_counter(), time.process_time()
    cells = [build(spec.settings) for spec in specs]
    outcomes: list[Outcome] = (
        [cells[0].run()] if len(cells) == 1 else type(cells[0]).run_together(cells)
    )
    known = about(started, len(specs))
    for spec, outcome in zip(specs, outcomes, strict=True):
        folder.write_outcome(spec, outcome, known)


def about(started: tuple[float, float], count: int) -> dict[str, Any]:
    """Seconds of each of some cells that ran at once, and where they ran."""
    spent = time.perf_counter() - started[0], time.process_time() - started[1]
    return {
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "wall_seconds": round(spent[0] / count, 4),
        "cpu_seconds": round(spent[1] / count, 4),
        "ran_together": count,
        "machine": describe_machine(torch.device("cpu")),
    }


@dataclass(frozen=True)
class Work:
    """Some groups of cells for one process; submitit sends it there and calls it.

    Attributes:
        folder: Folder of the study.
        groups: The groups.
        threads: CPU threads.
        watched: Word of the run whose end is that of this process too; None on a cluster, where
            jobs go on by themselves.
    """

    folder: Path
    groups: Sequence[Sequence[CellSpec]]
    threads: int = 1
    watched: str | None = None

    def __call__(self) -> None:
        torch.set_num_threads(self.threads)
        if self.watched is not None:
            threading.Thread(target=self._watch, daemon=True).start()
        folder = StudyFolder(self.folder)
        for group in self.groups:
            run_group(folder, group)

    def checkpoint(self) -> Any:
        """What to do after a pre-emption or a time limit: the same, which skips what is done."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)

    def _watch(self) -> None:
        """End the process when whoever runs the study is gone, or has a successor."""
        assert self.watched is not None
        folder = StudyFolder(self.folder)
        while folder.is_run_by(self.watched):
            time.sleep(0.5)
        os._exit(1)
