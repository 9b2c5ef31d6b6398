"""Darcy's equation as a measure of predictions: the five-point residual."""

from typing import Any

import torch
from torch import Tensor

from sgn_sciml.metrics.physics import PhysicsMetric, mean_square

__all__ = ["DarcyResidual"]


def darcy_operator(a: Tensor, u: Tensor) -> Tensor:
    r"""Five-point :math:`-\nabla\cdot(a\nabla u)` at the inner nodes, u = 0 on the boundary.

    The coefficient of a face is the mean of its two nodes.

    Args:
        a: Coefficient at the nodes of the unit square, boundary included, ``(*, n_x, n_y)``.
        u: Solution at these nodes; its boundary values are not read.

    Returns:
        Values of shape ``(*, n_x - 2, n_y - 2)``.
    """
    u = torch.nn.functional.pad(u[..., 1:-1, 1:-1], (1, 1, 1, 1))
    hx, hy = (1 / (n - 1) for n in u.shape[-2:])
    x_flux = (a[..., 1:, :] + a[..., :-1, :]) / 2 * u.diff(dim=-2) / hx**2
    y_flux = (a[..., 1:] + a[..., :-1]) / 2 * u.diff(dim=-1) / hy**2
    return -(x_flux.diff(dim=-2)[..., 1:-1] + y_flux.diff(dim=-1)[..., 1:-1, :])


class DarcyResidual(PhysicsMetric):
    r"""Relative residual of :math:`-\nabla\cdot(a\nabla u) = f`, u = 0 on the unit square's edge.

    :math:`\|A u - f\| / \|f\|` over the inner nodes of a grid with both ends, spacing
    1 / (n - 1), five-point stencil with the mean coefficient on faces, as the reference solver
    has. Truth that was solved on a finer grid and subsampled has a residual of its own, on 85
    nodes 1.4 for the benchmark's two materials and 1e-3 for a smooth medium; rounding to float32
    leaves 4e-5. So a network may lie far below its truth without being any better: read
    ``darcy_residual/target`` first. Boundary values are not read, they count as zero.

    Args:
        forcing: f, a constant.
        name: Prefix of the results.
        kwargs: Options of :class:`torchmetrics.Metric`.

    Raises:
        ValueError: If ``forcing`` is zero; on update, if prediction and target differ in shape or
            are not ``(items, 1, x, y)``, or if the input, whose first channel is a, has another
            grid.

    Example:
        >>> x = torch.linspace(0, 1, 9, dtype=torch.float64)
        >>> u = (x * (1 - x) / 2)[:, None] + 0 * x  # solves -u_xx = 1, but is not 0 at y = 0, 1
        >>> metric = DarcyResidual()
        >>> metric.update(0 * u[None, None], u[None, None], torch.ones(1, 1, 9, 9))
        >>> metric.compute()["darcy_residual/prediction"]
        tensor(1., dtype=torch.float64)
    """

    def __init__(self, forcing: float = 1.0, name: str = "darcy_residual", **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        if not forcing:
            raise ValueError("a residual relative to zero forcing has no meaning")
        self.forcing = forcing

    def defect(self, u: Tensor, target: Tensor, start: Tensor) -> Tensor:
        if u.ndim != 4 or u.shape[1] != 1:
            raise ValueError(f"expected u of shape (items, 1, x, y), got {tuple(u.shape)}")
        a = start[:, :1]
        if a.shape != u.shape:
            raise ValueError(
                f"u and its input a have different grids: {tuple(u.shape)} and "
                f"{tuple(start.shape)}"
            )
        return mean_square(darcy_operator(a, u) - self.forcing).sqrt() / abs(self.forcing)
