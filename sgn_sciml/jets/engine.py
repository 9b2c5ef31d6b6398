"""What evaluates an equation: the base of the engines, and what their losses share."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from sgn_sciml.jets.equation import Equation

__all__ = ["Engine", "Gradients", "loss_with_gradients"]

Gradients = list[Tensor | None]


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
    evaluate: Callable[[Sequence[Tensor], Sequence[bool]], tuple[Tensor, Gradients]],
    tensors: Sequence[Tensor],
) -> Tensor:
    """A loss as a part of torch's graph.

    Args:
        evaluate: Maps tensors, and which of them want a gradient, to a loss and its gradients.
        tensors: What the loss depends on.
    """
    loss: Tensor = LossWithGradients.apply(evaluate, *tensors)  # type: ignore[no-untyped-call]
    return loss
