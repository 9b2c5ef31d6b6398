"""The base of the engines that evaluate an equation, and what their losses share."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from sgn_sciml.jets.equation import Equation

__all__ = ["Engine", "apart", "loss_with_gradients"]


class Engine(ABC):
    """Base of the engines."""

    @abstractmethod
    def residuals(self, equation: Equation, points: Tensor) -> Tensor:
        """Residuals at points ``(N, d)``, one row each: ``(E, N)``."""

    def loss(self, equation: Equation, points: Tensor, weights: Tensor | None = None) -> Tensor:
        """Mean over the points of the sum of squared residuals.

        Args:
            equation: The equation.
            points: Points, shape ``(N, d)``.
            weights: Weight of each point, shape ``(N,)``; None for 1.

        Returns:
            A number.
        """
        squares = self.residuals(equation, points).square().sum(0)
        return (squares if weights is None else weights * squares).mean()

    def jacobian(
        self, equation: Equation, points: Tensor, parameters: Sequence[Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Residuals and their derivatives with respect to parameters, some points at a time.

        Args:
            equation: The equation.
            points: Points, shape ``(N, d)``.
            parameters: Trained tensors with P numbers in all.

        Returns:
            Residuals ``(E, N)`` and derivatives ``(E, P, N)``, in the order of the parameters.
        """
        if equation.couples(points):
            return coupled_jacobian(equation, points, parameters)
        found, slopes = [], []
        for block in torch.split(points, 32):
            with torch.enable_grad():
                residuals = equation.nested(block)
            each = apart([residuals], parameters, [torch.eye(residuals.numel()).to(residuals)])
            found.append(residuals.detach())
            slopes.append(each.view(len(each), *residuals.shape).movedim(1, 0))
        return torch.cat(found, -1), torch.cat(slopes, -1)


def coupled_jacobian(
    equation: Equation, points: Tensor, parameters: Sequence[Tensor]
) -> tuple[Tensor, Tensor]:
    """As :meth:`Engine.jacobian`, of residuals that need all points at once, at their cost."""
    with torch.enable_grad():
        residuals = equation.nested(points)
    each = []
    for block in torch.split(torch.arange(residuals.numel()), max(1, 4096 // len(points))):
        chosen = residuals.new_zeros(len(block), residuals.numel())
        chosen[torch.arange(len(block)), block] = 1.0
        each.append(apart([residuals], parameters, [chosen], again=True))
    slopes = torch.cat(each, -1)
    return residuals.detach(), slopes.view(len(slopes), *residuals.shape).movedim(1, 0)


def apart(
    outputs: Sequence[Tensor],
    parameters: Sequence[Tensor],
    slopes: Sequence[Tensor],
    again: bool = False,
) -> Tensor:
    """Derivatives of N things through outputs they depend on, each on its own.

    Args:
        outputs: What was computed from the parameters.
        parameters: Tensors with P numbers in all.
        slopes: Derivatives with respect to each output, shape ``(N, numbers)``.
        again: Whether the graph of the outputs is needed once more.

    Returns:
        Shape ``(P, N)``.
    """
    each = torch.autograd.grad(
        list(outputs),
        list(parameters),
        [g.view(-1, *y.shape) for y, g in zip(outputs, slopes, strict=True)],
        is_grads_batched=True,
        retain_graph=again,
        allow_unused=True,
    )
    count = len(slopes[0])
    rows = [  # what is not used has no gradient at all
        p.new_zeros(p.numel(), count) if g is None else g.reshape(count, -1).T
        for p, g in zip(parameters, each, strict=True)
    ]
    return torch.cat(rows)


class LossWithGradients(Function):
    """A loss whose gradients are made with it, some points at a time."""

    @staticmethod
    def forward(ctx: Any, evaluate: Callable[..., Any], *tensors: Tensor) -> Tensor:
        loss: Tensor
        loss, ctx.gradients = evaluate(tensors, ctx.needs_input_grad[1:])
        return loss

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        return (None, *(None if g is None else grad * g for g in ctx.gradients))


def loss_with_gradients(
    evaluate: Callable[[Sequence[Tensor], Sequence[bool]], tuple[Tensor, list[Tensor | None]]],
    tensors: Sequence[Tensor],
) -> Tensor:
    """A loss as a part of torch's graph.

    Args:
        evaluate: Maps tensors, and which of them want a gradient, to a loss and its gradients.
        tensors: What the loss depends on.
    """
    loss: Tensor = LossWithGradients.apply(evaluate, *tensors)  # type: ignore[no-untyped-call]
    return loss
