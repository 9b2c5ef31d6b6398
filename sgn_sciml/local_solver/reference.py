"""A reference solution that is solved when it is first asked for, and kept."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from sgn_sciml.layouts.grid_fields import GridFields, read_grid, write_grid
from sgn_sciml.local_solver.checks.fingerprint import fingerprint
from sgn_sciml.local_solver.linearization import Unsolvable
from sgn_sciml.local_solver.local_solution import Slab
from sgn_sciml.local_solver.on_grid import METHOD, on_grid
from sgn_sciml.local_solver.problem_rows import ProblemRows
from sgn_sciml.local_solver.solver import Silent, solve
from sgn_sciml.local_solver.state import State
from sgn_sciml.local_solver.storage import load_slabs, save_slab
from sgn_sciml.pde import Problem, Window
from sgn_sciml.pde.reference import Reference
from sgn_sciml.system.locks import held

__all__ = ["LocalLeastSquares"]

PATIENCE = 24 * 3600.0  # seconds for which one process waits for another one's solution


@dataclass(frozen=True)
class LocalLeastSquares(Reference):
    """The reference solution by local least squares: solved once, nothing is trained.

    The file's name holds what the equation says, tolerance and grid, so that another problem has
    another file, be it an own equation that was edited. One of its name is used as it is; a
    damaged one is made again. A solve in slabs of time that was stopped goes on at the last one.

    Args:
        tolerance: Relative error that is asked for.
        grid: Points along each coordinate; those of the problem when None.
        folder: Where the file is kept.

    Raises:
        ValueError: If the tolerance does not lie between 0 and 1.
    """

    tolerance: float = 1e-8
    grid: Sequence[int] | None = None
    folder: str = "data"

    def __post_init__(self) -> None:
        if not 0 < self.tolerance < 1:
            raise ValueError(
                f"LocalLeastSquares: tolerance must lie between 0 and 1, got {self.tolerance}"
            )

    def file(self, problem: Problem) -> Path:
        while isinstance(problem, Window):
            problem = problem.problem
        axes = problem.axes(self.grid)
        sizes = "x".join(str(len(values)) for values in axes.values())
        try:
            equation = fingerprint(ProblemRows.of(problem))[:12]
        except Unsolvable as error:
            raise self.refused(problem, error) from error
        name = f"{problem.law}_solved_{self.tolerance:g}_{sizes}_{equation}.h5"
        path = Path(self.folder) / name
        if whole(path):
            return path
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.with_name(f".{name}.lock")
        with held(lock, f"another process is making {path}", PATIENCE, remove=True):
            if not whole(path):
                self._make(problem, path, axes)
        return path

    def _make(self, problem: Problem, path: Path, axes: Mapping[str, Tensor]) -> None:
        print(f"reference: solving {problem.law} by {METHOD} to {self.tolerance:g}, once")
        slabs = KeptSlabs(path.with_name(f".{path.name}.slabs"))
        try:
            solution = solve(
                problem, self.tolerance, progress=slabs, begun=load_slabs(slabs.folder)
            )
        except Unsolvable as error:
            shutil.rmtree(slabs.folder, ignore_errors=True)
            raise self.refused(problem, error) from error
        write_grid(path, on_grid(solution, axes))
        shutil.rmtree(slabs.folder, ignore_errors=True)
        print(f"wrote {path}: estimated error {solution.estimate:.1e}")

    def refused(self, problem: Problem, error: Unsolvable) -> ValueError:
        """What to say where there is no solution."""
        return ValueError(
            f"no reference of {problem.law} by {METHOD}: {error} (name a file in "
            "data.init_args.reference, or leave it out to train without one)"
        )


def whole(path: Path) -> bool:
    """Whether a file is there and can be read."""
    try:
        return isinstance(read_grid(path), GridFields)
    except (OSError, ValueError):
        return False


class KeptSlabs(Silent):
    """Slabs as they are accepted, for a solve that goes on after a kill.

    Args:
        folder: Where they are kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        begun = load_slabs(folder)
        self.count = 0 if begun is None else len(begun[0])

    def accepted(self, state: State, part: Slab, error: Slab) -> None:
        save_slab(self.folder, self.count, state, part, error)
        self.count += 1

    def again(self, estimate: float) -> None:
        for path in self.folder.glob("*.pt"):
            path.unlink()
        self.count = 0
