"""Progress of ``sgn solve``: slabs are kept as they are accepted, and a bar says how far it is."""

import json
import time
from pathlib import Path
from typing import Any

from tqdm import tqdm

from sgn_sciml.local_solver.local_solution import Slab
from sgn_sciml.local_solver.state import State
from sgn_sciml.local_solver.storage import Begun, save_slab
from sgn_sciml.pde import Problem
from sgn_sciml.system.writing import write_whole

__all__ = ["Recorder"]

SPENT = "spent.json"


class Recorder:
    """Keeps slabs and shows progress.

    Args:
        folder: Where slabs are kept.
        problem: The problem.
        marched: Whether it is solved slab by slab: a bar shows how far it is.

    Attributes:
        slabs: Slabs that are kept.
        before: Wall and CPU seconds of earlier parts of the run.
    """

    def __init__(self, folder: Path, problem: Problem, marched: bool) -> None:
        self.folder = folder
        self.problem = problem
        self.marched = marched
        self.slabs = 0
        self.before = (0.0, 0.0)
        self.started = time.perf_counter(), time.process_time()
        self.bar: tqdm[Any] | None = None

    def begin(self, begun: Begun | None) -> None:
        """Know of the slabs that were solved before."""
        path = self.folder / SPENT
        if begun is not None:
            self.slabs = len(begun[0])
            if path.is_file():
                self.before = tuple(json.loads(path.read_text()))
        if self.marched:
            name = self.problem.coordinates[-1]
            start, end = (corner[-1] for corner in self.problem.domain)
            reached = start if begun is None else begun[1].time
            self.bar = tqdm(
                total=end - start,
                initial=reached - start,
                bar_format=name
                + " {n:.4g} of {total:.4g} |{bar:20}| [{elapsed}<{remaining}{postfix}]",
            )

    def slab(self, state: State, event: str) -> None:
        """Show what became of a slab."""
        if self.bar is not None:
            shown = "" if event == "accepted" else f", again: {event}"
            text = f"{len(state.cells)} strips, error {state.error:.0e}, {state.solved} solved"
            self.bar.set_postfix_str(f"{text}{shown}")

    def accepted(self, state: State, part: Slab, error: Slab) -> None:
        """Keep a slab."""
        save_slab(self.folder, self.slabs, state, part, error)
        self.slabs += 1
        spent = [
            before + now - then
            for before, now, then in zip(
                self.before, (time.perf_counter(), time.process_time()), self.started, strict=True
            )
        ]
        write_whole(self.folder / SPENT, json.dumps(spent))
        if self.bar is not None:
            self.bar.update(state.time - self.problem.domain[0][-1] - self.bar.n)

    def again(self, estimate: float) -> None:
        """Forget the slabs: errors grew, and they are solved anew with smaller ones."""
        for path in self.folder.glob("*.pt"):
            path.unlink()
        self.slabs = 0
        if self.bar is not None:
            self.bar.update(-self.bar.n)
            self.bar.write(f"errors grew to {estimate:.1e}: once more, with smaller ones at first")

    def boxes(self, line: str) -> None:
        """Say what became of boxes."""
        print(line)

    def close(self) -> None:
        """Leave the line of the bar."""
        if self.bar is not None:
            self.bar.close()
