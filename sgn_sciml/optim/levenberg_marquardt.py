r"""Levenberg-Marquardt: Gauss-Newton steps that are damped where the residuals bend.

.. math::
    \delta = \arg\min_\delta \lVert J \delta + r \rVert^2 + \lambda \lVert D \delta \rVert^2

with r the residuals, J their Jacobian and D the largest norms that the columns of J have had. How
it is solved for several :math:`\lambda`: :mod:`sgn_sciml.optim.least_squares`.

The damping is searched in each iteration: it falls as long as the true loss falls with it, and the
step taken is the best one whose gain is a fair part of what the linear model promised. Rules that
damp more as soon as gain and promise differ lose the small singular values of J, where the last
digits of a solution are.

The residuals also bend along the step: *geodesic acceleration* adds to it

.. math::
    \tfrac12 a, \qquad a = \arg\min_a \lVert J a + \partial_\delta^2 r \rVert^2
        + \lambda \lVert D a \rVert^2

with the second derivative along the step by differences.

References:
    Moré, *The Levenberg-Marquardt algorithm: implementation and theory* (1978)

    Transtrum and Sethna, *Improvements to the Levenberg-Marquardt algorithm for nonlinear
    least-squares minimization* (2012), https://arxiv.org/abs/1201.5885
"""

import math
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.utils import parameters_to_vector, vector_to_parameters
from torch.optim import Optimizer

from sgn_sciml.optim.least_squares import DampedLeastSquares

__all__ = ["LevenbergMarquardt"]

Residuals = Callable[[Sequence[Tensor], bool], tuple[Tensor, Tensor | None]]
LEAST = 1e-30  # damping: the singular values of J are known to 1e-15 of the largest
BOLD = 0.5  # gain from which a smaller damping is tried, too
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
        least_gain: Gain of a step that is taken, at least, as a part of what the linear model
            promised.
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
        least_gain: float = 0.08,
        max_parameters: int = 5000,
    ) -> None:
        if min(max_iter, max_probes) < 1 or not damping > 0 or acceleration < 0:
            raise ValueError("need max_iter, max_probes >= 1, damping > 0 and acceleration >= 0")
        if not 0 < least_gain < 1:
            raise ValueError(f"least_gain must lie between 0 and 1, got {least_gain}")
        super().__init__(params, {})
        self.max_iter = max_iter
        self.damping = damping
        self.acceleration = acceleration
        self.max_probes = max_probes
        self.least_gain = least_gain
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
            RuntimeError: If no task passed its residuals.
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
        norms = j.norm(dim=1)
        if not math.isfinite(float(r @ r)):
            return None
        state["scale"] = scale = torch.maximum(state.get("scale", norms), norms)
        unit = torch.where(scale > 0, scale, 1)
        around = Around(x, r, unit, DampedLeastSquares(j.div_(unit[:, None])))
        best = self.search(around, state.get("damping", self.damping), state)
        state["damping"] = self.damping if best is None else best.damping
        return None if best is None else best.x

    def search(self, around: "Around", damping: float, state: dict[str, Any]) -> "Trial | None":
        """The best of some dampings, from this one on; None if none is good."""
        best = self.attempt(around, damping)
        factor, tried = 2.0, 1
        while not best.gain >= self.least_gain and tried < self.max_probes:
            damping *= factor
            best = self.attempt(around, damping)
            factor, tried = 2 * factor, tried + 1
        if not best.gain >= self.least_gain:
            return None
        factor = 3.0
        # One that was too bold in the last iteration will be so in this one.
        if state.pop("refused", False):
            return best
        while damping > LEAST and best.gain >= BOLD and tried < self.max_probes:
            damping = max(LEAST, damping / factor)
            trial = self.attempt(around, damping)
            tried += 1
            if not (trial.gain >= self.least_gain and trial.loss < best.loss):
                state["refused"] = True
                break
            best, factor = trial, min(factor**2, 1e4)
        return best

    def attempt(self, around: "Around", damping: float) -> "Trial":
        """The step of a damping."""
        x, r, unit, system = around
        solve = system.damped(damping)
        step = -solve(r)
        along = step @ system.j
        loss = float(r @ r)
        predicted = loss - float((r + along).square().sum())
        refused = Trial(x, loss, -math.inf, damping)
        if not predicted > 0:
            return refused
        if self.acceleration:
            near, _ = self.evaluate(x + NEAR * step / unit)
            bend = -solve(2 / NEAR * ((near - r) / NEAR - along))
            if not bend.norm() <= self.acceleration * step.norm():
                return refused
            step = step + bend / 2
        moved = x + step / unit
        found = float(self.evaluate(moved)[0].square().sum())
        return Trial(moved, found, (loss - found) / predicted, damping)


class Around(NamedTuple):
    """The state in which an iteration begins.

    Attributes:
        x: Parameters, shape ``(P,)``.
        r: Residuals, shape ``(M,)``.
        unit: Unit of each parameter.
        system: The least squares of steps in these units.
    """

    x: Tensor
    r: Tensor
    unit: Tensor
    system: DampedLeastSquares


class Trial(NamedTuple):
    """A step that was tried.

    Attributes:
        x: Parameters behind it.
        loss: Sum of squared residuals there.
        gain: What was gained, as a part of what the linear model promised; nan or less than 0
            where the step is no good.
        damping: Its damping.
    """

    x: Tensor
    loss: float
    gain: float
    damping: float
