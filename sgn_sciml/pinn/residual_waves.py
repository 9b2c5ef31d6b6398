r"""Frequency and size of what a PINN leaves over, for another network to add.

Of the residual r that a stage leaves on a grid, half the power lies below a frequency
:math:`\kappa`. The first layer of the next network begins with waves of that frequency, and its
output counts in units

.. math::
    a = \frac{\lVert r \rVert}{\lVert R'(u)\, w \rVert}, \qquad w = \sin(k \cdot x), \
    \lvert k \rvert = \kappa

with :math:`R'(u)` the derivative of the residual at the solution so far. For an equation of order
m with leading coefficient :math:`\beta` that is the paper's :math:`a = \lVert r \rVert / \beta
\kappa^m`, without a need to know either. Frequencies are in radians per unit of coordinates that
were scaled to [-1, 1].

References:
    Wang and Lai, *Multi-stage neural networks: function approximator of machine precision* (2024),
    https://arxiv.org/abs/2307.08934
"""

import math
from typing import Any

import torch
from scipy.fft import dctn
from torch import Tensor

from sgn_sciml.jets import Equation
from sgn_sciml.pde.places import inside, interior_points, starting_with
from sgn_sciml.pinn.task import PINN

__all__ = ["amplitude", "dominant_frequency", "grid_residual", "slope", "unit_grid"]

CELLS = 2**14  # of the grid that the residual is measured on
SMALL = 1e-4  # of a wave, over the solution


def unit_grid(dimension: int) -> Tensor:
    """Midpoints of cells that fill the unit cube, shape ``(n, ..., n, d)``, in float64."""
    n = round(CELLS ** (1 / dimension))
    axis = (torch.arange(n, dtype=torch.float64) + 0.5) / n
    return torch.stack(torch.meshgrid(*[axis] * dimension, indexing="ij"), -1)


def grid_residual(task: PINN) -> Tensor:
    """The residual of each equation on a grid over the domain, shape ``(E, n, ..., n)``.

    Raises:
        ValueError: If it is zero, or not finite.
    """
    grid = unit_grid(len(task.problem.coordinates))
    like = next(task.network.parameters())
    points = task.problem.box_points(grid.flatten(0, -2).to(like))
    found = torch.where(inside(task.problem, points), task.residual(points).detach(), 0.0)
    if not found.isfinite().all() or not found.any():
        raise ValueError("the residual is zero or not finite: there is nothing another stage fits")
    return found.reshape(len(found), *grid.shape[:-1])


def dominant_frequency(residual: Tensor) -> float:
    """The frequency below which half the power of residuals lies.

    Args:
        residual: Residuals on midpoints of a grid over [-1, 1]^d, shape ``(E, n_1, ..., n_d)``.

    Returns:
        A length of wave vectors, in radians per unit; that of half a wave at least.
    """
    axes = range(1, residual.ndim)
    power = torch.from_numpy(dctn(residual.double().numpy(), axes=axes)).square().sum(0)
    squares = [(math.pi / 2 * torch.arange(n, dtype=torch.float64)) ** 2 for n in power.shape]
    length = torch.stack(torch.meshgrid(*squares, indexing="ij")).sum(0).sqrt().flatten()
    order = length.argsort()
    share = power.flatten()[order].cumsum(0)
    middle = order[int(torch.searchsorted(share, share[-1] / 2))]
    return max(float(length[middle]), math.pi / 2)


def amplitude(task: PINN, kappa: float, size: float) -> float:
    """How large a wave is whose residual is as large as that which is left.

    Args:
        task: The solution so far.
        kappa: Frequency of the wave, in radians per unit of scaled coordinates.
        size: Root mean square of the residual.

    Raises:
        ValueError: If the residual does not depend on the wave.
    """
    problem, dimension = task.current, len(task.problem.coordinates)
    like = next(task.network.parameters())
    unit = torch.rand(1000, dimension, generator=torch.Generator().manual_seed(0))
    points = interior_points(problem, len(unit), starting_with(unit)).to(like)

    def residual(height: float) -> Tensor:
        def fields(p: Tensor) -> Tensor:
            phase = task.network.scale(p).sum(-1, keepdim=True) * kappa / math.sqrt(dimension)
            raw = task.network(p) + height * torch.sin(phase)
            return problem.impose(p, raw) if task.exact_conditions else raw

        names = problem.coordinates, problem.fields
        equation = Equation(fields, problem.residual, *names, problem.law, task.equation.domain)
        return equation.nested(points).detach()

    height = SMALL * max(float(task.network(points).detach().abs().max()), SMALL)
    change = (residual(height) - residual(0.0)) / height
    response = float(change.square().sum(0).mean().sqrt())
    if not 0 < response < math.inf:
        raise ValueError(f"the residual of {problem.law} does not depend on its fields")
    return size / response


def slope(task: PINN) -> float:
    """How fast the inputs of the first layers change: 1 for coordinates, more when encoded."""
    network: Any = task.network
    first = network.before[0] if hasattr(network, "before") else network
    dimension = first.in_features
    unit = torch.rand(100, dimension, generator=torch.Generator().manual_seed(0))
    scaled = (2 * unit - 1).to(next(first.parameters())).requires_grad_()
    encoded: Tensor = first.encoding(scaled)
    total = 0.0
    for column in encoded.unbind(-1):
        (gradient,) = torch.autograd.grad(column.sum(), scaled, retain_graph=True)
        total += float(gradient.square().sum(-1).mean())
    return math.sqrt(total / dimension)
