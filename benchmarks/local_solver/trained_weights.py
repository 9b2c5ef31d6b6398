"""Inner weights that are trained, for once, where few functions count: variable projection.

``python benchmarks/local_solver/trained_weights.py run`` solves tasks on one cell by tanh, sines
and the gate's mixture, as drawn and with their inner weights trained by Levenberg-Marquardt on the
residual from which the coefficients are eliminated (Kaufman's Jacobian), three seeds each, beside
polynomials; ``table`` writes ``trained_weights.md``. Errors are at other points than those of the
rows.

References:
    Golub and Pereyra, *Separable nonlinear least squares: the variable projection method* (2003)
"""

import argparse
import math
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from kept import Kept, format_error
from sgn_sciml.local_solver import Polynomials
from single_cells import SHOCK, TASKS, Index, Task, fit

HERE = Path(__file__).parent
NAMES = ("task", "functions", "count", "radius", "seed")
WEIGHTS = {"tanh": 3, "sines": 3, "mixture": 6}  # inner weights of a function
RADII = {"tanh": (0.5, 1.0, 2.0), "sines": (1.0, 2.0, 3.0), "mixture": (0.5, 1.0, 2.0)}
STEPS = {45: 60, 91: 30}  # iterations by number of functions
LARGE = "values of its flank"  # the task with 91 functions, too
SEEDS, TRIAL, TRIAL_STEPS = (0, 1, 2), 100, 10
DEGREES = (8, 12, 17, 20, 23, 25, 30)  # with 45 to 496 functions
SHOWN = (10, 30)
LIMIT = 90  # CPU seconds for a row
CUT = 1e-13  # of singular values


def shape(kind: str, w: Tensor, z: Tensor, order: int) -> Tensor:
    """The derivative of s at z, with the further weights of the mixture."""
    if kind == "sines":
        return torch.sin(z + order * math.pi / 2)
    y = torch.tanh(z)
    base = (y, 1 - y**2, -2 * y * (1 - y**2))[order]
    if kind == "tanh":
        return base
    gate, omega, phase = w[3], w[4], w[5]
    return base + gate * omega**order * torch.sin(omega * z + phase + order * math.pi / 2)


def columns(kind: str, w: Tensor, points: Tensor, coefficients: dict[Index, Tensor]) -> Tensor:
    """Rows of every function: weights ``(P, M)``, points ``(N, 2)``, to ``(N, M)``."""
    z = points[:, :1] * w[0] + points[:, 1:] * w[1] + w[2]
    orders = {sum(index): shape(kind, w, z, sum(index)) for index in coefficients}
    total = torch.zeros_like(z)
    for (i, j), g in coefficients.items():
        total = total + g[:, None] * w[0] ** i * w[1] ** j * orders[i + j]
    return total


def start(kind: str, count: int, radius: float, seed: int) -> Tensor:
    """Drawn weights ``(P, M)``: kinks within the cell, phases everywhere."""
    draw = torch.rand(6, count, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    w = radius * math.sqrt(2) * (2 * draw[:3] - 1)
    w[2] = (w[0].abs() + w[1].abs()) * (2 * draw[2] - 1)
    if kind == "sines":
        w[2] = 2 * math.pi * draw[2]
    if kind == "mixture":
        return torch.cat([w, draw[3:4], 1 + 2 * draw[4:5], 2 * math.pi * draw[5:]])
    return w


class Projection:
    """A task with the coefficients eliminated.

    Args:
        task: The task.
        kind: The functions.
    """

    def __init__(self, task: Task, kind: str) -> None:
        self.task = task
        self.kind = kind

    def values(self, w: Tensor, c: Tensor, index: Index, points: Tensor) -> Tensor:
        ones = {index: torch.ones(len(points), dtype=torch.float64)}
        return columns(self.kind, w, points, ones) @ c

    def eliminate(self, w: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Any]:
        """Coefficients, residual, its norm, an orthonormal basis of the columns, and slopes."""
        for _ in range(1 if self.task.linear else 6):
            about = [self.values(w, c, index, self.task.points) for index in ((0, 0), (1, 0))]
            slopes, right = self.task.rows(*about)
            matrix = columns(self.kind, w, self.task.points, slopes)
            scale = matrix.norm(dim=0).clamp(min=1e-300)
            u, sigma, v = torch.linalg.svd(matrix / scale, full_matrices=False)
            kept = sigma > CUT * sigma[0]
            u, sigma, v = u[:, kept], sigma[kept], v[kept]
            before, c = c, v.T @ ((u.T @ right) / sigma) / scale
            residual = right - u @ (u.T @ right)
            change = matrix @ (c - before)
            if change.norm() < 1e-10 * right.norm():
                break
        return c, residual, residual.norm(), u, slopes

    def jacobian(self, w: Tensor, c: Tensor, slopes: dict[Index, Tensor]) -> Tensor:
        """Slopes of the rows in all weights, ``(N, P M)``: a function has its own."""

        def of(v: Tensor) -> Tensor:
            return columns(self.kind, v, self.task.points, slopes)

        parts = []
        for i in range(len(w)):
            tangent = torch.zeros_like(w)
            tangent[i] = 1
            parts.append(torch.func.jvp(of, (w,), (tangent,))[1] * c)
        return torch.cat(parts, 1)

    def error(self, w: Tensor, c: Tensor) -> float:
        """Relative L2 error at the other points."""
        found = self.values(w, c, (0, 0), self.task.check)
        return float((found - self.task.truth).norm() / self.task.truth.norm())


def train(task: Task, kind: str, count: int, radius: float, seed: int, steps: int) -> dict:
    """Levenberg-Marquardt; errors and CPU seconds after 0, 10, ... iterations."""
    projection = Projection(task, kind)
    w = start(kind, count, radius, seed)
    begin, aside = time.process_time(), 0.0
    c, residual, size, basis, slopes = projection.eliminate(w, w.new_zeros(count))
    damping, history = 1e-2, []
    for step in range(steps + 1):
        if step == 0 or step in SHOWN:
            stop = time.process_time()
            history.append([step, projection.error(w, c), round(stop - begin - aside, 4)])
            aside += time.process_time() - stop
        if step == steps:
            break
        jacobian = projection.jacobian(w, c, slopes)
        jacobian = jacobian - basis @ (basis.T @ jacobian)
        scale = jacobian.norm(dim=0).clamp(min=1e-12 * float(jacobian.norm()) + 1e-300)
        q, r = torch.linalg.qr(jacobian / scale)
        turned = torch.cat([q.T @ residual, residual.new_zeros(r.shape[1])])
        for _ in range(12):
            damped = torch.cat([r, math.sqrt(damping) * torch.eye(r.shape[1]).to(r)])
            move = torch.linalg.lstsq(damped, turned[:, None]).solution[:, 0]
            tried = w + (move / scale).reshape(w.shape)
            found = projection.eliminate(tried, c)
            if bool(found[2] < size):
                w, (c, residual, size, basis, slopes) = tried, found
                damping = max(0.3 * damping, 1e-14)
                break
            damping *= 5
        else:
            break
    if history[-1][0] != steps:  # it stopped before
        stop = time.process_time()
        history.append([steps, projection.error(w, c), round(stop - begin - aside, 4)])
    return {"history": history, "largest": float(c.abs().max())}


def polynomials(task: Task, degree: int) -> tuple[dict, float]:
    """The same rows for polynomials of total degree, and their error."""
    dictionary = Polynomials(degree, 2)
    zero = (0, 0)
    tables: dict[Index, Tensor] = {}

    def table(index: Index) -> Tensor:
        if index not in tables:
            tables[index] = dictionary.values(task.points, index)
        return tables[index]

    c = torch.zeros(dictionary.size, dtype=torch.float64)
    for _ in range(1 if task.linear else 12):
        about = (table(zero) @ c, table((1, 0)) @ c) if not task.linear else (c, c)
        slopes, right = task.rows(*about)
        matrix = torch.zeros(len(task.points), dictionary.size, dtype=torch.float64)
        for index, g in slopes.items():
            matrix += g[:, None] * table(index)
        before, c = c, torch.linalg.lstsq(matrix, right[:, None]).solution[:, 0]
        if (matrix @ (c - before)).norm() < 1e-10 * right.norm():
            break
    found = dictionary.values(task.check, zero) @ c
    return {"stored": dictionary.size}, float((found - task.truth).norm() / task.truth.norm())


def in_strips(strips: int, degree: int) -> tuple[dict, float]:
    """Polynomials fitted to the shock in equal strips, as the solver would cut it."""
    (a, begin), (b, end) = SHOCK
    lack = size = 0.0
    for k in range(strips):
        low, high = (a + (b - a) * (k + i) / strips for i in (0, 1))
        task = fit((low, begin), (high, end), (30, 30))
        size += float(task.truth.square().sum())
        lack += (polynomials(task, degree)[1] * float(task.truth.norm())) ** 2
    return {}, math.sqrt(lack / size)


def run(kept: Kept) -> None:
    """Make the rows that are not there."""
    torch.set_num_threads(1)
    for strips, degree in product((4, 8, 16), (4, 8, 12)):
        count = strips * math.comb(degree + 2, 2)
        key = ("values of the shock", f"chebyshev, {strips} strips", count, 0.0, 0)
        kept.make(key, LIMIT, partial(in_strips, strips, degree), float)
    for name, make in TASKS.items():
        task = make()
        polynomials(task, DEGREES[0])  # the first solve is slower
        dense = fit(*SHOCK, (80, 40)) if name == "values of the shock" else task
        for degree in DEGREES:
            key = (name, "chebyshev", math.comb(degree + 2, 2), 0.0, 0)
            kept.make(key, LIMIT, partial(polynomials, dense, degree), float)
        for kind, radii in RADII.items():
            for count, steps in STEPS.items():
                if count > 45 and name != LARGE:
                    continue
                for radius in radii if count == 45 else ():
                    one = Trained(task, kind, count, radius, TRIAL, TRIAL_STEPS)
                    kept.make((name, *one.key), LIMIT, one.make, float)
                radius = radius_of(kept, name, kind)
                for seed in SEEDS:
                    one = Trained(task, kind, count, radius, seed, steps)
                    kept.make((name, *one.key), LIMIT, one.make, float)


@dataclass
class Trained:
    """A row of trained weights."""

    task: Task
    kind: str
    count: int
    radius: float
    seed: int
    steps: int

    @property
    def key(self) -> tuple[Any, ...]:
        """What tells it apart, besides the task."""
        return self.kind, self.count, self.radius, self.seed

    def make(self) -> tuple[dict[str, Any], float]:
        """The row, and the error after the last iteration."""
        row = train(self.task, *self.key, self.steps)
        return row, float(row["history"][-1][1])


def radius_of(kept: Kept, name: str, kind: str) -> float:
    """The best radius of 45 functions after some iterations from a seed that is not shown."""
    tried = {r: kept.rows.get((name, kind, 45, r, TRIAL), {}) for r in RADII[kind]}
    return min(tried, key=lambda r: tried[r].get("relative_l2", math.inf))


# -- table ----------------------------------------------------------------------------------


def lines_of(kept: Kept, name: str) -> Iterator[str]:
    """The lines of a task."""
    rows = [one for key, one in kept.rows.items() if key[:2] == (name, "chebyshev")]
    if not rows:
        return
    yield f"**{name}**"
    yield ""
    yield (
        "| functions | M | numbers stored | drawn | trained, iterations: error | CPU s | "
        "polynomials: M | as many numbers | as many seconds |"
    )
    yield "|---|---|---|---|---|---|---|---|---|"

    def best(rows: list[dict[str, Any]]) -> str:
        if not rows:
            return "-"
        one = min(rows, key=lambda row: row["relative_l2"])
        return f"{format_error(one['relative_l2'])} ({one['count']}, {one['cpu_seconds']:.2g} s)"

    for kind, weights in WEIGHTS.items():
        for count in STEPS:
            radius = radius_of(kept, name, kind)
            found = [kept.rows.get((name, kind, count, radius, seed)) for seed in SEEDS]
            solved = [one for one in found if one and "history" in one]
            if not solved:
                continue
            at: dict[int, list[float]] = {}
            for one in solved:
                for step, error, _ in one["history"]:
                    at.setdefault(step, []).append(error)
            stored = count * (1 + weights)
            seconds = statistics.median(one["history"][-1][2] for one in solved)
            shown = "; ".join(
                f"{step}: {format_error(statistics.median(errors))}"
                + (f" ({', '.join(map(format_error, errors))})" if step == max(at) else "")
                for step, errors in sorted(at.items())
                if step and len(errors) == len(solved)
            )
            yield (
                f"| {kind} | {count} | {stored} | {format_error(statistics.median(at[0]))} | "
                f"{shown} | {seconds:.2g} | {best([r for r in rows if r['count'] == count])} | "
                f"{best([r for r in rows if r['count'] <= stored])} | "
                f"{best([r for r in rows if r['cpu_seconds'] <= seconds])} |"
            )
    yield ""
    cut = [one for key, one in kept.rows.items() if key[0] == name and "strips" in key[1]]
    if cut:
        shown = [
            f"{r['functions'][11:]}: {r['count']}, {format_error(r['relative_l2'])}" for r in cut
        ]
        yield "Polynomials in equal strips, numbers stored and error: " + "; ".join(shown) + "."
        yield ""


def main() -> None:
    """Run a command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("verb", choices=["run", "table"])
    kept = Kept(HERE / "trained_weights.jsonl", NAMES)
    if parser.parse_args().verb == "run":
        run(kept)
    else:
        findings = (HERE / "trained_weights_findings.md").read_text()
        lines = [findings, *(line for name in TASKS for line in lines_of(kept, name))]
        (HERE / "trained_weights.md").write_text("\n".join(lines))


if __name__ == "__main__":
    sys.exit(main())
