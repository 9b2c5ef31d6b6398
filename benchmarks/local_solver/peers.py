"""Ways of others to solve the same problems: fastlsq, pyrfm and global Chebyshev collocation.

Each takes the rows of a problem from the residual that it states (:mod:`rows_of`), in the way that
its documentation shows, and gives a function of points.
"""

import contextlib
import io
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.polynomial import chebyshev
from scipy.integrate import solve_ivp
from scipy.interpolate import BarycentricInterpolator
from torch import Tensor

from rows_of import Rows
from sgn_sciml import pde
from sgn_sciml.local_solver.dictionary import chebyshev_nodes, chebyshev_table
from sgn_sciml.local_solver.problem_rows import ProblemRows

__all__ = ["diagonal", "fastlsq", "global_chebyshev", "lines", "pyrfm"]

Solution = Callable[[Tensor], Tensor]
WEIGHT = 100.0  # of conditions, in the examples of fastlsq
STEPS = 30  # of Newton's method


class ForFastlsq:
    """A problem as fastlsq wants it.

    Args:
        problem: The problem.
        multipliers: Bandwidth along each axis, over the scale.
        viscosities: Of a continuation that ends at the problem's own; none for linear ones.
    """

    n_outputs = 1

    def __init__(
        self, problem: pde.Problem, multipliers: tuple[float, ...], viscosities: tuple[float, ...]
    ) -> None:
        self.problem = problem
        self.dim = len(problem.coordinates)
        self.scale_multipliers = list(multipliers)
        self.use_continuation = bool(viscosities)
        self.continuation_schedule = viscosities
        self.nu = viscosities[-1] if viscosities else None
        self.made: tuple[Any, Rows] | None = None

    def get_train_data(self, n_pde: int, n_bc: int) -> tuple[Tensor, Tensor, Tensor]:
        points = self.problem.box_points(torch.rand(n_pde, self.dim, dtype=torch.float64))
        return points, torch.rand(n_bc // 4, self.dim, dtype=torch.float64), self.source(points)

    def source(self, points: Tensor) -> Tensor:
        return torch.zeros(len(points), 1, dtype=torch.float64)  # it is in the residual

    def rows(self, solver: Any, points: Tensor, sides: Tensor) -> Rows:
        if self.made is None or self.made[0] != self.nu:
            problem = self.problem if self.nu is None else replace(self.problem, nu=self.nu)
            self.made = self.nu, Rows(problem, points, sides, solver.basis.derivative)
        return self.made[1]

    def build(self, solver: Any, points: Tensor, sides: Tensor, _: Any) -> tuple[Tensor, Tensor]:
        zero = torch.zeros(solver.n_features, dtype=torch.float64)
        matrix, right = self.rows(solver, points, sides).assemble(zero, WEIGHT)
        return matrix, right[:, None]

    def build_newton_step(
        self, solver: Any, points: Tensor, sides: Tensor, _: Any
    ) -> tuple[Tensor, Tensor]:
        matrix, right = self.rows(solver, points, sides).assemble(solver.beta[:, 0], WEIGHT)
        return matrix, right[:, None]


def fastlsq(
    problem: pde.Problem,
    multipliers: tuple[float, ...],
    features: int,
    scale: float,
    seed: int,
    viscosities: tuple[float, ...] = (),
) -> Solution:
    """Sines over the whole domain; Newton's method, with a continuation in the viscosity."""
    from fastlsq import api

    torch.manual_seed(seed)
    adapted = ForFastlsq(problem, multipliers, viscosities)
    common = {"n_blocks": 3, "hidden_size": features // 3, "verbose": False}
    if viscosities:
        scales = [scale * m for m in multipliers]
        found = api.solve_nonlinear(
            adapted, scale=scales, tol_res=1e-12, return_metrics=False, **common
        )
    else:
        found = api.solve_linear(adapted, scale=scale, return_metrics=False, **common)
    return found["u_fn"]


def pyrfm(
    problem: pde.Problem,
    cells: tuple[int, ...],
    features: int,
    kind: str,
    radius: float,
    seed: int,
) -> Solution:
    """Random features under a smooth partition of unity, QR of rows of norm 1."""
    import pyrfm as library

    dim = len(problem.coordinates)
    box = [v for pair in zip(*problem.domain, strict=True) for v in pair]
    quiet = contextlib.redirect_stdout(io.StringIO())
    with quiet:
        model = library.RFMBase(
            dim,
            features,
            box,
            n_subdomains=list(cells),
            rf=library.RFTanH if kind == "tanh" else library.RFSin,
            pou=library.PsiB,
            seed=seed,
            dtype=torch.float64,
        )
        for part in model.submodels.flat_data:
            part.weights *= radius
            if kind == "tanh":
                part.biases *= radius

        def table(points: Tensor, index: tuple[int, ...]) -> Tensor:
            if not any(index):
                return model.features(points).cat(dim=1)
            axes = [axis for axis, count in enumerate(index) for _ in range(count)]
            if len(axes) == 1:
                return model.features_derivative(points, axes[0]).cat(dim=1)
            return model.features_second_derivative(points, *axes).cat(dim=1)

        per_cell = math.ceil((2.5 * features) ** (1 / dim))
        lines = [(torch.arange(per_cell * n).double() + 0.5) / (per_cell * n) for n in cells]
        unit = torch.stack([v.reshape(-1) for v in torch.meshgrid(*lines, indexing="ij")], -1)
        side = torch.linspace(0, 1, 2 * max(map(len, lines)), dtype=torch.float64)
        rows = Rows(problem, problem.box_points(unit), side[:, None].expand(-1, dim), table)
        c = torch.zeros(features * math.prod(cells), dtype=torch.float64)
        for _ in range(1 if rows.linear else STEPS):
            matrix, right = rows.assemble(c, 1.0)
            move = model.compute(matrix, verbose=False).solve(right).reshape(-1)
            c = c + move
            if not rows.linear and move.norm() < 1e-9 * c.norm():
                break
        model.W = c[:, None]
    return lambda points: torch.cat(
        [table(p, (0,) * dim) @ c[:, None] for p in points.split(4000)]
    )


def global_chebyshev(problem: pde.Problem, degrees: tuple[int, ...]) -> Solution:
    """Products of Chebyshev polynomials over the whole domain, least squares at Gauss nodes."""
    lower, upper = (torch.tensor(v, dtype=torch.float64) for v in problem.domain)

    def table(points: Tensor, index: tuple[int, ...]) -> Tensor:
        unit = 2 * (points - lower) / (upper - lower) - 1
        total = torch.ones(len(points), 1, dtype=torch.float64)
        for axis, degree in enumerate(degrees):
            line = chebyshev_table(unit[:, axis], degree, index[axis])
            line = line * (2 / (upper - lower)[axis]) ** index[axis]
            total = (total[:, :, None] * line[:, None]).reshape(len(points), -1)
        return total

    lines = [(chebyshev_nodes(d + 1, 1)[:, 0] + 1) / 2 for d in degrees]
    unit = torch.stack([v.reshape(-1) for v in torch.meshgrid(*lines, indexing="ij")], -1)
    side = (chebyshev_nodes(max(degrees) + 4, 1) + 1) / 2
    sides = side.expand(-1, len(degrees))
    rows = Rows(problem, problem.box_points(unit), sides, table)
    zero = torch.zeros(math.prod(d + 1 for d in degrees), dtype=torch.float64)
    matrix, right = rows.assemble(zero, WEIGHT)
    matrix, right = balanced(matrix, right)
    c = torch.linalg.lstsq(matrix, right[:, None], driver="gels").solution
    return lambda points: table(points, (0,) * len(degrees)) @ c


def balanced(matrix: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
    """Rows of norm 1."""
    size = matrix.norm(dim=1).clamp(min=1e-300)
    return matrix / size[:, None], right / size


def diagonal(problem: pde.Helmholtz | pde.Poisson2D, degree: int) -> Solution:
    """Collocation at the nodes of a square between zero walls, by the eigenvectors of one axis."""
    (low, _), (high, _) = problem.domain
    x = -np.cos(np.pi * np.arange(degree + 1) / degree)
    curve = np.linalg.matrix_power(derivative(x), 2)[1:-1, 1:-1] * (2 / (high - low)) ** 2
    eigenvalues, vectors = np.linalg.eig(curve)
    inverse = np.linalg.inv(vectors)
    nodes = torch.from_numpy(low + (high - low) * (x[1:-1] + 1) / 2)
    points = torch.stack([v.reshape(-1) for v in torch.meshgrid(nodes, nodes, indexing="ij")], -1)
    interior = ProblemRows.of(problem).interior
    zero = {name: torch.zeros(len(points), dtype=torch.float64) for name in interior.names}
    rows, (slopes,) = interior.slopes(points, zero)
    sign, shift = float(slopes[0, (2, 0)][0]), slopes.get((0, (0, 0)), torch.zeros(1))
    right = -sign * rows[0].numpy().reshape(degree - 1, degree - 1)
    total = eigenvalues[:, None] + eigenvalues + sign * float(shift[0])
    u = np.zeros((degree + 1, degree + 1))
    u[1:-1, 1:-1] = (vectors @ (inverse @ right @ inverse.T / total) @ vectors.T).real

    def evaluate(points: Tensor) -> Tensor:
        c = np.linalg.solve(chebyshev.chebvander(x, degree), u)
        c = np.linalg.solve(chebyshev.chebvander(x, degree), c.T).T
        unit = 2 * (points.numpy() - low) / (high - low) - 1
        return torch.from_numpy(chebyshev.chebval2d(*unit.T, c)[:, None])

    return evaluate


def lines(
    problem: pde.Burgers, degree: int, method: str, tolerance: float, half: bool = False
) -> Solution:
    """Burgers' equation at Chebyshev nodes, in time by SciPy.

    On the whole line, or on its right half for odd solutions, whose shock is then at an end, where
    the nodes are dense.
    """
    x = -np.cos(np.pi * np.arange(degree + 1) / degree)
    x = (x + 1) / 2 if half else x
    slope = derivative(x)
    curve = slope @ slope

    def rate(t: float, u: np.ndarray) -> np.ndarray:
        found = problem.nu * (curve @ u) - u * (slope @ u)
        found[[0, -1]] = 0
        return found

    def jacobian(t: float, u: np.ndarray) -> np.ndarray:
        found = problem.nu * curve - u[:, None] * slope - np.diag(slope @ u)
        found[[0, -1]] = 0
        return found

    times = problem.axes()["t"].numpy()
    found = solve_ivp(
        rate,
        (0, 1),
        -np.sin(np.pi * x),
        method,
        times,
        jac=jacobian,
        rtol=tolerance,
        atol=tolerance,
    )
    if not found.success:
        raise ArithmeticError(found.message)
    weights = BarycentricInterpolator(x, found.y)

    def evaluate(points: Tensor) -> Tensor:
        at = problem.axes()["x"].numpy()
        grid = weights(abs(at)) * np.sign(at)[:, None] if half else weights(at)
        assert len(points) == grid.size
        return torch.from_numpy(grid.reshape(-1, 1))

    return evaluate


def derivative(x: np.ndarray) -> np.ndarray:
    """From values at Chebyshev nodes with both ends to those of the derivative."""
    count = len(x)
    weights = np.ones(count)
    weights[[0, -1]] = 2
    weights *= (-1.0) ** np.arange(count)
    gaps = x[:, None] - x + np.eye(count)
    matrix = np.outer(weights, 1 / weights) / gaps
    return matrix - np.diag(matrix.sum(1))
