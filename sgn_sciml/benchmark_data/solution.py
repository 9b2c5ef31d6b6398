"""Reference files: the exact solution of a problem on a grid."""

from pathlib import Path

from sgn_sciml.layouts.grid_fields import GridFields, write_grid
from sgn_sciml.pde import Burgers, Problem

__all__ = ["burgers_reference", "reference"]


def reference(problem: Problem, shape: tuple[int, ...]) -> GridFields:
    """Evaluate a problem's exact solution on a grid that includes the ends of the domain.

    Of a periodic coordinate it leaves out the upper end, which is the lower one again.

    Args:
        problem: Problem with an exact solution.
        shape: Number of points per coordinate, each at least 2.

    Returns:
        The solution in float64.

    Raises:
        ValueError: If a size is below 2.
    """
    coordinates = problem.axes(shape)
    points = GridFields(coordinates, {}, problem.law).points
    values = problem.exact(points.reshape(-1, len(shape))).reshape(*shape, -1)
    fields = dict(zip(problem.fields, values.unbind(-1), strict=True))
    return GridFields(coordinates, fields, problem.law, problem.parameters)


def burgers_reference(path: Path, nu: float = Burgers.nu, nx: int = 257, nt: int = 101) -> Path:
    """Write the Cole-Hopf solution of Burgers' equation on x in [-1, 1], t in [0, 1].

    Args:
        path: File to write.
        nu: Viscosity, positive.
        nx: Points in x, walls included.
        nt: Frames in t, from t = 0 to t = 1.

    Returns:
        The path.
    """
    return write_grid(path, reference(Burgers(nu), (nx, nt)))
