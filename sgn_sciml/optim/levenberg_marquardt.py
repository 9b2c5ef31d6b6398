r"""Levenberg-Marquardt: Gauss-Newton steps that are damped where the residuals bend.

.. math::
    \delta = \arg\min_\delta \lVert J \delta + r \rVert^2 + \lambda \lVert D \delta \rVert^2

with r the residuals, J their Jacobian and D the largest norms that the columns of J have had. The
damping :math:`\lambda` follows the ratio of the gain to the gain that the linear model predicts.
The step comes from an orthogonal factorisation, not from :math:`J^T J`, which would square the
condition: with more residuals than parameters of J itself, once, and of its triangle for each
damping; with fewer, of :math:`J^T`, whose triangle has a row for each residual only (Woodbury's
identity).

The residuals also bend along the step: *geodesic acceleration* adds to it

.. math::
    \tfrac12 a, \qquad a = \arg\min_a \lVert J a + \partial_\delta^2 r \rVert^2
        + \lambda \lVert D a \rVert^2

with the second derivative along the step by differences.

References:
    Björck, *Stability analysis of the method of seminormal equations for linear least squares
    problems* (1987)

    Moré, *The Levenberg-Marquardt algorithm: implementation and theory* (1978)

    Nielsen, *Damping parameter in Marquardt's method* (1999)

    Transtrum and Sethna, *Improvements to the Levenberg-Marquardt algorithm for nonlinear
    least-squares minimization* (2012), https://arxiv.org/abs/1201.5885
"""

import math
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils import parameters_to_vector, vector_to_parameters
from torch.optim import Optimizer

__all__ = ["LevenbergMarquardt"]

Residuals = Callable[[Sequence[Tensor], bool], tuple[Tensor, Tensor | None]]
LEAST = 1e-16  # damping
NEAR = 0.1  # part of a step over which the second derivative is taken


class LevenbergMarquardt(Optimizer):
    """Damped Gauss-Newton on the residuals of a task, whose squares sum to the loss.

    A task that knows its residuals, as a PINN does, hands them over in ``residuals``: a function
    of the parameters, and of whether the Jacobian is wanted, to residuals ``(M,)`` and Jacobian
    ``(P, M)``. They must be the same within a step; between steps they may change (new points).

    Args:
        params: Parameters, all of one dtype and device.
        max_iter: Iterations per step.
        damping: First damping.
        acceleration: Largest size of the geodesic acceleration over that of the step, beyond which
            a step is refused; 0 goes without it.
        max_probes: Dampings to try per iteration.
        max_parameters: Refuse more parameters than this: time grows with their square.

    Raises:
        ValueError: For too many parameters, or an argument out of range.
    """

    def __init__(
        self,
        params: Iterable[Any],
        max_iter: int = 10,
        damping: float = 1e-2,
        acceleration: float = 0.75,
        max_probes: int = 12,
        max_parameters: int = 5000,
    ) -> None:
        if min(max_iter, max_probes) < 1 or not damping > 0 or acceleration < 0:
            raise ValueError("need max_iter, max_probes >= 1, damping > 0 and acceleration >= 0")
        super().__init__(params, {})
        self.max_iter = max_iter
        self.damping = damping
        self.acceleration = acceleration
        self.max_probes = max_probes
        self.residuals: Residuals | None = None
        self.parameters = [p for group in self.param_groups for p in group["params"]]
        count = sum(p.numel() for p in self.parameters)
        if count > max_parameters:
            raise ValueError(
                f"LevenbergMarquardt factors matrices of {count} columns for {count} parameters, "
                f"{16 * count**2 / 1e9:.1f} GB; use pytorch_optimizer.SOAP, or raise "
                f"max_parameters={max_parameters}"
            )

    def step(self, closure: Callable[[], Any] | None = None) -> Tensor | None:  # type: ignore[override]
        """Take ``max_iter`` iterations.

        Returns:
            The closure's loss at the start.

        Raises:
            RuntimeError: If no task handed over its residuals.
        """
        if self.residuals is None:
            raise RuntimeError("LevenbergMarquardt trains tasks that know their residuals: PINN")
        state = self.state[self.parameters[0]]
        if self.parameters[0].dtype != torch.float64 and not state:
            warnings.warn(
                "LevenbergMarquardt needs float64: in single precision it stalls early "
                "(--trainer.precision 64-true)",
                stacklevel=2,
            )
        loss: Tensor | None = None if closure is None else closure()
        x = parameters_to_vector(self.parameters).detach()
        with torch.no_grad():
            for _ in range(self.max_iter):
                moved = self.iterate(x, state)
                if moved is None:
                    break
                x = moved
            vector_to_parameters(x, self.parameters)
        return loss

    def evaluate(self, x: Tensor, jacobian: bool = False) -> tuple[Tensor, Tensor | None]:
        """Residuals, and the Jacobian if wanted, at other parameters."""
        assert self.residuals is not None
        vector_to_parameters(x, self.parameters)
        return self.residuals(self.parameters, jacobian)

    def iterate(self, x: Tensor, state: dict[str, Any]) -> Tensor | None:
        """The next parameters; None if no damping gave better ones."""
        r, j = self.evaluate(x, jacobian=True)
        assert j is not None
        f, norms = float(r @ r), j.norm(dim=1)
        if not math.isfinite(f):
            return None
        state["scale"] = scale = torch.maximum(state.get("scale", norms), norms)
        unit = torch.where(scale > 0, scale, 1)
        system = LeastSquares(j / unit[:, None])
        damping, growth = state.get("damping", self.damping), 2.0
        for _ in range(self.max_probes):
            solve = system.damped(damping)
            step = -solve(r)
            along = step @ system.j
            bend = torch.zeros_like(step)
            if self.acceleration:
                near, _ = self.evaluate(x + NEAR * step / unit)
                bend = -solve(2 / NEAR * ((near - r) / NEAR - along))
            predicted = f - float((r + along).square().sum())
            if bend.norm() <= self.acceleration * step.norm() and predicted > 0:
                moved = x + (step + bend / 2) / unit
                found = float(self.evaluate(moved)[0].square().sum())
                gain = (f - found) / predicted
                if gain > 1e-4:
                    factor = max(1 / 5, 1 - (2 * min(gain, 1.0) - 1) ** 3)
                    state["damping"] = max(damping * factor, LEAST)
                    return moved
            damping *= growth
            growth *= 2
        state["damping"] = self.damping
        return None


class LeastSquares:
    """Damped linear least squares, for several dampings.

    Args:
        j: Jacobian, shape ``(P, M)``.
    """

    def __init__(self, j: Tensor) -> None:
        self.j = j
        self.tall = len(j) < j.shape[1]
        self.square = torch.linalg.qr(j.T, mode="r").R if self.tall else j

    def damped(self, damping: float) -> Callable[[Tensor], Tensor]:
        r"""What maps r, ``(M,)``, to :math:`(J^T J + \lambda)^{-1} J^T r`, ``(P,)``."""
        ridge = math.sqrt(damping) * torch.eye(self.square.shape[1]).to(self.square)
        triangle = torch.linalg.qr(torch.cat([self.square, ridge]), mode="r").R

        def inverse(right: Tensor) -> Tensor:
            half = torch.linalg.solve_triangular(triangle.T, right[:, None], upper=False)
            whole: Tensor = torch.linalg.solve_triangular(triangle, half, upper=True)
            return whole[:, 0]

        def solve(r: Tensor) -> Tensor:
            if not self.tall:
                return self.j @ inverse(r)
            x = inverse(self.j @ r)
            # Without the orthogonal factor this is as good as the factor itself only after a
            # correction by what is left (Björck's corrected seminormal equations).
            return x + inverse(self.j @ (r - x @ self.j) - damping * x)

        return solve
