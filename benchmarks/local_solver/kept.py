"""Rows that are kept: one JSON line each, made once, within a limit of CPU seconds."""

import json
import math
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import torch

from sgn_sciml.local_solver import Unsolvable
from sgn_sciml.local_solver.newton import Failed
from sgn_sciml.system.machine import describe_machine

__all__ = ["Kept", "Limit", "format_error", "limited"]

Row = dict[str, Any]


class Limit(Exception):
    """A row took longer than it may."""


def limited(seconds: float, make: Callable[[], tuple[Row, Any]]) -> tuple[Row, Any]:
    """Make a row and a solution within CPU seconds; what goes wrong is the row's ``refused``."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise Limit(f"not done in {seconds:g} CPU s")

    solution = None
    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    begin = time.process_time()
    try:
        row, solution = make()
    except (Limit, Failed, Unsolvable, ArithmeticError, torch.linalg.LinAlgError) as error:
        row = {"refused": str(error).splitlines()[0]}
    finally:
        spent = time.process_time() - begin
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    return {"cpu_seconds": round(spent, 4)} | row, solution


class Kept:
    """Rows in a file.

    Args:
        path: The file, one JSON line a row.
        names: What tells rows apart.
    """

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        self.path = path
        self.names = tuple(names)
        lines = path.read_text().splitlines() if path.is_file() else []
        self.rows: dict[tuple[Any, ...], Row] = {}
        for row in map(json.loads, lines):
            self.rows[tuple(row[name] for name in self.names)] = row

    def make(
        self,
        key: tuple[Any, ...],
        seconds: float,
        make: Callable[[], tuple[Row, Any]],
        judge: Callable[[Any], float],
    ) -> Row:
        """The row of a key, made if it is not there.

        Args:
            key: What tells it apart.
            seconds: CPU seconds that it may take.
            make: Makes it, with a solution.
            judge: The relative L2 error of a solution, found outside its seconds.
        """
        if key not in self.rows:
            row, solution = limited(seconds, make)
            if "refused" not in row:
                row["relative_l2"] = judge(solution)
                if not math.isfinite(row["relative_l2"]):
                    row["refused"] = f"the error is {row.pop('relative_l2')}"
            self.keep(key, row)
        return self.rows[key]

    def keep(self, key: tuple[Any, ...], row: Row) -> None:
        """Keep a row."""
        row = dict(zip(self.names, key, strict=True)) | row
        row["machine"] = describe_machine(torch.device("cpu"))
        with self.path.open("a") as file:
            file.write(json.dumps(row) + "\n")
        self.rows[key] = row
        shown = row.get("refused") or format_error(row.get("relative_l2", math.nan))
        print(*key, shown, f"{row['cpu_seconds']:.2f} s", flush=True)


def format_error(error: float) -> str:
    """An error in two digits."""
    return f"{error:.1e}" if math.isfinite(error) else "NaN"
