"""A network, its derivatives and a residual as a list of operations on jets.

A *jet* is what a network computes at N points, with the streams of a plan: an array of shape
``(S, N, C)``. A *flat* jet holds numbers without derivatives, ``(1, N, C)``: what a residual is
made of. The list is recorded anew for each evaluation, which costs a fraction of a millisecond and
keeps the tensors that enter it, weights among them, a part of torch's graph.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, NoReturn

import torch
from torch import Tensor

from sgn_sciml.jets.plan import DifferentialOperator, Plan

__all__ = ["FUNCTIONS", "Node", "Program", "UnknownName", "Unrecordable", "Unvalued"]

FUNCTIONS = (
    *("tanh", "sin", "cos", "exp", "sigmoid", "gelu", "square", "reciprocal", "sqrt"),
    *("abs", "sign", "floor", "log", "atan"),
)
"""Elementwise functions whose derivatives are known."""


class Unrecordable(NotImplementedError):
    """Something that jets have no rule for; nested differentiation takes over."""


class UnknownName(AttributeError):
    """A name in a residual that is not a coordinate, field or derivative."""

    def __init__(self, name: str, fields: Sequence[str], coordinates: Sequence[str]) -> None:
        super().__init__(
            f"no derivative {name!r}: fields are {', '.join(fields)}, "
            f"coordinates {', '.join(coordinates)}"
        )


class Unvalued:
    """Base of what stands for a tensor whose values are not there yet.

    Python answers comparisons of such things by itself where it may (``==`` by identity, truth by
    existence), which would be a wrong answer: all of them are refused. NumPy leaves arithmetic
    with them to them.
    """

    __array_ufunc__ = None
    __hash__ = object.__hash__

    def _refuse(self, *_: Any) -> NoReturn:
        raise Unrecordable("a decision that depends on values")

    __bool__ = __float__ = __int__ = __index__ = __complex__ = _refuse
    __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __eq__ = __ne__ = _refuse


class Node(NamedTuple):
    """One operation.

    Attributes:
        kind: ``input``, ``linear``, ``function``, ``add``, ``product``, ``scale``, ``shift``,
            ``join`` (columns of several jets), ``columns`` (some of one) or ``stream`` (a
            combination of the streams of a jet, flat).
        inputs: The nodes it takes.
        width: Number of channels.
        flat: Whether it has no derivatives.
        tensors: Tensors it takes besides, by number.
        detail: Its constants: a number, columns, or coefficients.
        function: Name of an elementwise function.
        trains: Whether a gradient must pass through it.
    """

    kind: str
    inputs: tuple[int, ...]
    width: int
    flat: bool
    tensors: tuple[int, ...]
    detail: tuple[float, ...]
    function: str
    trains: bool


@dataclass
class Program:
    """What is recorded.

    Attributes:
        plan: The streams; None while the wanted operators are collected.
        like: A tensor of the points' dtype and device.
        nodes: The operations in order.
        tensors: The tensors they take.
        outputs: The residuals: flat nodes of one channel.
        wanted: Operators that were asked for.
    """

    plan: Plan | None
    like: Tensor
    nodes: list[Node] = field(default_factory=list)
    tensors: list[Tensor] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)
    wanted: list[DifferentialOperator] = field(default_factory=list)

    def append(
        self,
        kind: str,
        inputs: tuple[int, ...] = (),
        width: int = 1,
        flat: bool = False,
        tensors: tuple[Tensor, ...] = (),
        detail: tuple[float, ...] = (),
        function: str = "",
    ) -> int:
        """Record an operation.

        Returns:
            Its number.
        """
        trains = any(self.nodes[i].trains for i in inputs) or any(
            tensor.requires_grad for tensor in tensors
        )
        if self.plan is not None and len(self.plan) == 1:  # else derivatives would be wrong, too
            trains = trains and torch.is_grad_enabled()
        places = tuple(self.place(tensor) for tensor in tensors)
        self.nodes.append(Node(kind, inputs, width, flat, places, detail, function, trains))
        return len(self.nodes) - 1

    def place(self, tensor: Tensor) -> int:
        """The number of a tensor, which is taken once."""
        for number, known in enumerate(self.tensors):
            if known is tensor:
                return number
        if tensor.dtype != self.like.dtype or tensor.device != self.like.device:
            tensor = tensor.to(self.like)
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    @property
    def structure(self) -> tuple[Plan, tuple[Node, ...], tuple[int, ...]]:
        """All but the tensors: two programs of one structure differ in numbers only."""
        assert self.plan is not None
        return self.plan, tuple(self.nodes), tuple(self.outputs)
