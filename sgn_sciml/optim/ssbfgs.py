r"""Self-scaled BFGS: a quasi-Newton method with a dense inverse Hessian, for small networks.

.. math::
    H_{k+1} = \frac{1}{\tau_k}
        \left(I - \frac{s y^T}{s^T y}\right) H_k \left(I - \frac{y s^T}{s^T y}\right)
        + \frac{s s^T}{s^T y}, \qquad
    \tau_k = \min\left(1, \frac{s^T y}{s^T H_k^{-1} s}\right)

with :math:`s` the step and :math:`y` the change of the gradient. Without :math:`\tau` this is
BFGS; the scaling shrinks curvature that was overestimated, which ill-conditioned residual losses
need. A step :math:`s = -t H g` gives :math:`H^{-1} s = -t g`, so :math:`\tau` costs nothing. Step
lengths satisfy the strong Wolfe conditions.

References:
    Al-Baali, *Numerical experience with a class of self-scaling quasi-Newton algorithms* (1998)

    Urbán, Stefanou and Pons, *Unveiling the optimization process of physics informed neural
    networks* (2025), https://arxiv.org/abs/2405.04230

    Nocedal and Wright, *Numerical Optimization* (2006), algorithms 3.5 and 3.6
"""

import math
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.nn.utils import parameters_to_vector, vector_to_parameters
from torch.optim import Optimizer

__all__ = ["SSBFGS"]


class SSBFGS(Optimizer):
    """Self-scaled BFGS with a strong Wolfe line search.

    The loss must be deterministic within a step; between steps it may change (new points), and the
    inverse Hessian is kept. Each iteration reads the loss on the host.

    Args:
        params: Parameters, all of one dtype and device.
        max_iter: Iterations per step.
        max_parameters: Refuse more parameters than this: memory grows with their square.
        decrease: Wolfe constant of sufficient decrease.
        curvature: Wolfe constant of the slope.
        max_search: Loss evaluations per line search.

    Raises:
        ValueError: For too many parameters, or constants out of order.
    """

    def __init__(
        self,
        params: Iterable[Any],
        max_iter: int = 20,
        max_parameters: int = 5000,
        decrease: float = 1e-4,
        curvature: float = 0.9,
        max_search: int = 20,
    ) -> None:
        if not 0 < decrease < curvature < 1 or max_iter < 1:
            raise ValueError("need 0 < decrease < curvature < 1 and max_iter >= 1")
        super().__init__(params, {})
        self.max_iter = max_iter
        self.constants = decrease, curvature, max_search
        self.parameters = [p for group in self.param_groups for p in group["params"]]
        count = sum(p.numel() for p in self.parameters)
        if count > max_parameters:
            gigabytes = count**2 * self.parameters[0].element_size() / 1e9
            raise ValueError(
                f"SSBFGS keeps a dense {count} x {count} matrix ({gigabytes:.1f} GB) for {count} "
                f"parameters; use torch.optim.LBFGS, or raise max_parameters={max_parameters}"
            )

    @staticmethod
    def update(h: Tensor | None, s: Tensor, y: Tensor, bs: Tensor) -> Tensor:
        r"""The next inverse Hessian, in place.

        Args:
            h: Inverse Hessian, shape ``(P, P)``; None stands for :math:`(s^T y / y^T y) I`.
            s: Step, shape ``(P,)``.
            y: Change of the gradient, shape ``(P,)``; :math:`s^T y > 0`.
            bs: :math:`H^{-1} s`, shape ``(P,)``.
        """
        sy = s @ y
        if h is None:
            h = torch.eye(len(s), dtype=s.dtype, device=s.device) * (sy / (y @ y))
        else:
            h /= torch.clamp(sy / (s @ bs), max=1)
        hy = h @ y
        # Expanded, the two-sided product is one rank-two update: a single pass over the matrix.
        u = s * ((1 + (y @ hy) / sy) / sy) - hy / sy
        return h.addmm_(torch.stack([u, s], 1), torch.stack([s, -hy / sy], 0))

    def step(self, closure: Callable[[], Any]) -> Tensor:  # type: ignore[override]
        """Take ``max_iter`` iterations.

        Args:
            closure: Clears the gradients, evaluates the loss, differentiates and returns it.

        Returns:
            The loss at the start.
        """
        state = self.state[self.parameters[0]]
        if self.parameters[0].dtype != torch.float64 and "inverse_hessian" not in state:
            warnings.warn(
                "SSBFGS needs float64: in single precision its line search stalls early "
                "(--trainer.precision 64-true)",
                stacklevel=2,
            )

        x = last = parameters_to_vector(self.parameters).detach()

        def evaluate(x: Tensor) -> tuple[float, Tensor]:
            nonlocal last
            vector_to_parameters(last := x, self.parameters)
            with torch.enable_grad():
                loss = closure().detach()
            # Gradients are means over the processes, and so must the loss be.
            if dist.is_available() and dist.is_initialized():
                dist.all_reduce(loss := loss.clone())
                loss /= dist.get_world_size()
            grads = (torch.zeros_like(p) if p.grad is None else p.grad for p in self.parameters)
            return float(loss), parameters_to_vector(grads)

        with torch.no_grad():
            start, g = f, _ = evaluate(x)
            for _ in range(self.max_iter):
                h: Tensor | None = state.get("inverse_hessian")
                direction = -g / (100 * g.norm()) if h is None else -(h @ g)
                # Self-scaled directions are long: the last length is a better guess than 1, and
                # what grows by a quarter each time comes back to 1 where that is right.
                first = 1.0 if h is None else min(1.0, 1.25 * state.get("length", 1.0))
                length, f_new, g_new = wolfe(evaluate, x, f, g, direction, *self.constants, first)
                state["length"] = length or 1.0
                if length == 0:  # no descent: forget the curvature, or be content
                    if state.pop("inverse_hessian", None) is None:
                        break
                    continue
                s, y = length * direction, g_new - g
                if s @ y > 1e-14 * s.norm() * y.norm():
                    state["inverse_hessian"] = self.update(h, s, y, -length * g)
                x, f, g = x + s, f_new, g_new
            if not torch.equal(last, x):
                evaluate(x)  # leave parameters, gradients and what the closure notes as one
        return torch.tensor(start, dtype=x.dtype, device=x.device)


def wolfe(
    evaluate: Callable[[Tensor], tuple[float, Tensor]],
    x: Tensor,
    f: float,
    g: Tensor,
    direction: Tensor,
    decrease: float,
    curvature: float,
    max_search: int,
    t: float = 1.0,
) -> tuple[float, float, Tensor]:
    """Search a step length with the strong Wolfe conditions.

    Brackets a minimum along the direction and narrows the bracket by cubic interpolation.

    Args:
        evaluate: Maps parameters to loss and gradient.
        x: Parameters, shape ``(P,)``.
        f: Loss at x.
        g: Gradient at x, shape ``(P,)``.
        direction: Search direction, shape ``(P,)``.
        decrease: Constant of sufficient decrease.
        curvature: Constant of the slope.
        max_search: Most evaluations.
        t: Length to try first.

    Returns:
        Length, loss and gradient there: the lowest that was tried if none met the conditions, and
        length 0 if none was lower.
    """
    slope = float(g @ direction)
    if not slope < 0:
        return 0.0, f, g
    low, f_low, slope_low = 0.0, f, slope
    best = 0.0, f, g
    high, f_high, slope_high = math.inf, math.nan, math.nan
    for _ in range(max_search):
        f_t, g_t = evaluate(x + t * direction)
        slope_t = float(g_t @ direction)
        too_high = not math.isfinite(f_t) or f_t > f + decrease * t * slope
        if not too_high and abs(slope_t) <= -curvature * slope:
            return t, f_t, g_t
        if f_t < best[1]:
            best = t, f_t, g_t
        if too_high or (low > 0 and f_t >= f_low) or slope_t >= 0:
            high, f_high, slope_high = t, f_t, slope_t
        else:
            low, f_low, slope_low = t, f_t, slope_t
        if math.isinf(high):
            t *= 2.5
            continue
        width = high - low
        t = low + 0.5 * width
        if math.isfinite(f_high):  # minimum of the cubic through both ends
            mean = slope_low + slope_high - 3 * (f_low - f_high) / (low - high)
            root = mean * mean - slope_low * slope_high
            if 0 <= root < math.inf:
                bottom = slope_high - slope_low + 2 * math.sqrt(root)
                if bottom:
                    t = high - width * (slope_high + math.sqrt(root) - mean) / bottom
        t = min(max(t, low + 0.1 * width), high - 0.1 * width)
    return best
