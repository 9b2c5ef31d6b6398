"""The engine that chooses among the others."""

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from sgn_sciml.jets.compilation import Unavailable, library
from sgn_sciml.jets.engine import Engine
from sgn_sciml.jets.equation import Equation
from sgn_sciml.jets.kernel_engine import Fused
from sgn_sciml.jets.torch_engines import Eager, Nested

__all__ = ["Automatic"]

logger = logging.getLogger(__name__)

T = TypeVar("T")


class Automatic(Engine):
    """The fastest that works: fused on a CPU with a compiler, else eager; nested without rules.

    What does not work is said once in the log.
    """

    def __init__(self) -> None:
        self._chosen: WeakKeyDictionary[Equation, Engine] = WeakKeyDictionary()

    def chosen(self, equation: Equation) -> Engine:
        """The engine that an equation went through, itself before that."""
        return self._chosen.get(equation, self)

    def residuals(self, equation: Equation, points: Tensor) -> Tensor:
        return self._run(equation, points, lambda engine: engine.residuals(equation, points))

    def loss(self, equation: Equation, points: Tensor, weights: Tensor | None = None) -> Tensor:
        return self._run(equation, points, lambda engine: engine.loss(equation, points, weights))

    def jacobian(
        self, equation: Equation, points: Tensor, parameters: Sequence[Tensor]
    ) -> tuple[Tensor, Tensor]:
        return self._run(equation, points, lambda e: e.jacobian(equation, points, parameters))

    def _run(self, equation: Equation, points: Tensor, evaluate: Callable[[Engine], T]) -> T:
        if equation not in self._chosen:
            self._chosen[equation] = fastest(points)
        try:
            return evaluate(self._chosen[equation])
        except NotImplementedError as error:
            if isinstance(self._chosen[equation], Nested):
                raise
            value = evaluate(nested := Nested())  # may tell that the equation is wrong
            logger.warning("%s: %s; differentiating by nested autograd", equation.name, error)
            self._chosen[equation] = nested
            return value


def fastest(points: Tensor) -> Engine:
    """The fastest engine for such points."""
    if points.device.type != "cpu" or points.dtype not in (torch.float32, torch.float64):
        return Eager()
    try:
        library()
    except Unavailable as error:
        logger.warning("%s; going on without it", error)
        return Eager()
    return Fused()
