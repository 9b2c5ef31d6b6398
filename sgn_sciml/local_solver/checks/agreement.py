"""Conditions that contradict each other where they meet, and states that do not close up.

Where faces meet, all conditions on values hold at once; on one face those on derivatives, too.
Each field or derivative is one unknown of a small least-squares problem at a point: what that
leaves is the contradiction.
"""

from itertools import combinations

import torch
from torch import Tensor

from sgn_sciml.local_solver.initial import initial_fields
from sgn_sciml.local_solver.linearization import Linearization, Name, Unsolvable, spelled
from sgn_sciml.local_solver.problem_rows import ProblemRows

__all__ = ["refuse_contradictions", "refuse_seams"]

SLACK = 30.0  # times the tolerance, beside the size of the field: let pass
ROUNDING = 1e-9
EPS = 1e-13  # of the largest row: what rounding leaves of those whose fields are 0
POINTS = 16

Face = dict[int, float]
RowsAt = list[tuple[Linearization, Face]]


def refuse_contradictions(equations: ProblemRows, tolerance: float) -> None:
    """Refuse linear conditions that contradict each other at a place.

    Raises:
        Unsolvable: If they do, by far more than a tolerance; it says where and by how much.
    """
    rows = [
        (what, face) for what, face in equations.conditions if is_linear(equations, what, face)
    ]
    faces = {tuple(sorted(face.items())): face for _, face in rows}
    alone = [Meeting(equations, face, rows) for face in faces.values()]
    sizes: dict[Name, float] = {}
    for meeting in alone:
        for name, size in meeting.sizes().items():
            sizes[name] = max(size, sizes.get(name, 0.0))
    corners = {}
    for a, b in combinations(faces.values(), 2):
        if all(b.get(axis, value) == value for axis, value in a.items()):
            corners[tuple(sorted((a | b).items()))] = a | b
    meetings = [Meeting(equations, f, rows) for k, f in corners.items() if k not in faces]
    for meeting in [*alone, *meetings]:
        meeting.refuse(sizes, max(SLACK * tolerance, ROUNDING))


def is_linear(equations: ProblemRows, what: Linearization, face: Face) -> bool:
    """Whether a condition is linear and a number at some points of its face."""
    points = equations.tried(face)
    zero = dict.fromkeys(what.names, torch.zeros(len(points), dtype=torch.float64))
    return bool(what.values(points, zero).isfinite().all()) and what.linear_at(points)


class Meeting:
    """All conditions that hold at once on a face or where several meet.

    Args:
        equations: The problem's rows.
        face: The fixed coordinates.
        rows: Conditions of the problem.
    """

    def __init__(self, equations: ProblemRows, face: Face, rows: RowsAt) -> None:
        self.problem = equations.problem
        zero = (0,) * len(self.problem.coordinates)
        self.points = points_of(equations, face)
        self.here = [
            what
            for what, own in rows
            if own == face
            or (own.items() <= face.items() and all(index == zero for _, index in what.names))
        ]
        self.names = list(dict.fromkeys(name for what in self.here for name in what.names))
        self.owners: list[Linearization] = []
        left, right = [], []
        none = torch.zeros(len(self.points), dtype=torch.float64)
        for what in self.here:
            values, slopes = what.slopes(self.points, dict.fromkeys(what.names, none))
            for value, each in zip(values, slopes, strict=True):
                row = torch.stack([each.get(name, none) for name in self.names], 1)
                large = row.abs().amax(1).clamp(min=1e-300)
                left.append(row / large[:, None])
                right.append(-value / large)
                self.owners.append(what)
        self.left = torch.stack(left, 1) if left else none[:, None, None]
        self.right = torch.stack(right, 1) if right else none[:, None]

    def lack(self, chosen: list[int]) -> Tensor:
        """What the best values leave of some rows, ``(N, rows)``."""
        a, b = self.left[:, chosen], self.right[:, chosen]
        left: Tensor = b - (a @ (torch.linalg.pinv(a, rtol=1e-10) @ b[..., None]))[..., 0]
        return left

    def sizes(self) -> dict[Name, float]:
        """The largest size of each field or derivative by these conditions."""
        if not self.owners:
            return {}
        x = torch.linalg.pinv(self.left, rtol=1e-10) @ self.right[..., None]
        return dict(zip(self.names, x[..., 0].abs().amax(0).tolist(), strict=True))

    def refuse(self, sizes: dict[Name, float], slack: float) -> None:
        """Refuse if rows contradict each other by more than ``slack`` of the fields' sizes."""
        count = len(self.owners)
        if count < 2:
            return
        size = self.left.new_tensor([sizes.get(name, 0.0) for name in self.names])
        scale = self.left.abs() @ size + self.right.abs()
        scale = scale.clamp(min=EPS / slack * float(scale.max()))
        if not bool(too_much(self.lack(list(range(count))), scale, slack).any()):
            return
        for i, j in combinations(range(count), 2):
            bad = too_much(self.lack([i, j]), scale[:, [i, j]], slack)
            if self.owners[i] is not self.owners[j] and bool(bad.any()):
                raise Unsolvable(self.words([i, j]))
        raise Unsolvable(self.words(list(range(count))))

    def words(self, chosen: list[int]) -> str:
        """Which conditions contradict each other, where and by how much."""
        problem, lack = self.problem, self.lack(chosen)
        k = int(lack.abs().amax(1).argmax())
        place = ", ".join(
            f"{name} = {value:.4g}"
            for name, value in zip(problem.coordinates, self.points[k].tolist(), strict=True)
        )
        called = [self.owners[i].what.removeprefix("the condition ") for i in chosen]
        called = list(dict.fromkeys(called))
        text = (
            f"the conditions {' and '.join(called)} of {problem.law} contradict each other at "
            f"{place}"
        )
        left, right = self.left[k, chosen], self.right[k, chosen]
        used = left.abs().amax(0).nonzero()[:, 0].tolist()
        if len(chosen) == 2 and len(used) == 1:
            name = spelled(self.names[used[0]], problem.coordinates, problem.fields)
            a, b = (right / left[:, used[0]] + 0.0).tolist()  # -0 is 0
            return f"{text}: {name} is {a:.6g} by the first and {b:.6g} by the second"
        return f"{text}: the best fields leave {float(lack[k].abs().max()):.1e} of them"


def too_much(lack: Tensor, scale: Tensor, slack: float) -> Tensor:
    """Where more is left than is let pass."""
    return (lack.abs() > slack * scale.amax(0)).any(1)


def points_of(equations: ProblemRows, face: Face) -> Tensor:
    """Points on a face."""
    problem = equations.problem
    free = len(problem.coordinates) - len(face)
    generator = torch.Generator().manual_seed(5)
    unit = torch.rand(
        POINTS if free else 1, len(problem.coordinates), generator=generator, dtype=torch.float64
    )
    points = problem.box_points(unit)
    for axis, value in face.items():
        points[:, axis] = value
    return points


def refuse_seams(equations: ProblemRows, tolerance: float) -> None:
    """Refuse an initial state that jumps at the seam of a periodic coordinate.

    A kink there is let pass, as one inside is.

    Raises:
        Unsolvable: If it does, by far more than a tolerance.
    """
    problem = equations.problem
    axis = len(problem.coordinates) - 1
    inner = points_of(equations, {axis: problem.domain[0][axis]})
    state = initial_fields(equations, inner)
    if not problem.evolving or state is None:
        return
    for i, name in enumerate(problem.coordinates[:-1]):
        if name not in problem.periodic:
            continue
        ends = []
        for corner in problem.domain:
            points = inner.clone()
            points[:, i] = corner[i]
            found = initial_fields(equations, points)
            assert found is not None
            ends.append(found)
        sizes = torch.stack([state, *ends]).abs().amax((0, 1))
        gap = (ends[1] - ends[0]).abs()
        bad = gap > max(SLACK * tolerance, ROUNDING) * sizes
        if bool(bad.any()):
            k, f = bad.nonzero()[0].tolist()
            low, high = (float(end[k, f]) for end in ends)
            a, b = problem.domain[0][i], problem.domain[1][i]
            raise Unsolvable(
                f"the initial state of {problem.law} is not periodic in {name}: "
                f"{problem.fields[f]} is {low:.6g} at {name} = {a:g} and {high:.6g} at "
                f"{name} = {b:g}"
            )
