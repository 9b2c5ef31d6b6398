"""Jets: what stands for a tensor while a network is recorded.

Networks and residuals are ordinary torch code; given a jet in place of a tensor, each call of
torch is recorded. What has no rule here raises :class:`Unrecordable`.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial
from numbers import Real
from typing import Any

import torch
from torch import Tensor

from sgn_sciml.jets.program import FUNCTIONS, Program, Unrecordable, Unvalued

__all__ = ["RULES", "Jet"]

RULES: dict[Callable[..., Any], Callable[..., Any]] = {}
"""What a call of torch does to jets; filled by :mod:`sgn_sciml.jets.rules`."""


class Jet(Unvalued):
    """Fields or channels at N points with their derivatives; like a tensor ``(N, C)`` or ``(N,)``.

    Args:
        program: Where operations are recorded.
        node: The operation that makes it.
        vector: Whether it is like a tensor of shape ``(N,)``.
    """

    def __init__(self, program: Program, node: int, vector: bool = False) -> None:
        self.program = program
        self.node = node
        self.vector = vector

    # -- what torch code asks of a tensor ----------------------------------------------------

    @property
    def width(self) -> int:
        """Number of channels."""
        return self.program.nodes[self.node].width

    @property
    def flat(self) -> bool:
        """Whether there are no derivatives."""
        return self.program.nodes[self.node].flat

    @property
    def dtype(self) -> torch.dtype:
        return self.program.like.dtype

    @property
    def device(self) -> torch.device:
        return self.program.like.device

    @property
    def shape(self) -> torch.Size:
        """Shape, as if of the points at hand."""
        count = len(self.program.like)
        return torch.Size([count] if self.vector else [count, self.width])

    @property
    def is_nested(self) -> bool:
        return False

    def dim(self) -> int:
        return 1 if self.vector else 2

    def to(self, *_: Any, **__: Any) -> "Jet":
        return self

    def __getattr__(self, name: str) -> Any:
        if name in FUNCTIONS:
            return partial(self.apply, name)
        raise Unrecordable(f"no rule for {name}")

    def __len__(self) -> int:
        return len(self.program.like)

    def __abs__(self) -> "Jet":
        return self.apply("abs")

    def __getitem__(self, key: Any) -> "Jet":
        key = key if isinstance(key, tuple) else (key,)
        rows, column = key[:-1], key[-1]
        whole = rows in ((Ellipsis,), (slice(None),)) and isinstance(column, (int, slice))
        if self.vector or not whole:
            raise Unrecordable(f"the index {key}")
        vector = isinstance(column, int)
        chosen = range(self.width)[column]
        chosen = (chosen,) if isinstance(chosen, int) else tuple(chosen)
        return self.then("columns", width=len(chosen), detail=chosen, vector=vector)

    def unbind(self, dim: int = 0) -> tuple["Jet", ...]:
        if dim not in (1, -1) or self.vector:
            raise Unrecordable("unbind of points")
        return tuple(self[..., i] for i in range(self.width))

    def split(self, split_size: int | Sequence[int], dim: int = 0) -> tuple["Jet", ...]:
        if dim not in (1, -1) or self.vector:
            raise Unrecordable("split of points")
        sizes = split_size
        if isinstance(sizes, int):
            sizes = [min(sizes, self.width - i) for i in range(0, self.width, sizes)]
        ends = [sum(sizes[: k + 1]) for k in range(len(sizes))]
        return tuple(self[..., end - size : end] for end, size in zip(ends, sizes, strict=True))

    def unsqueeze(self, dim: int) -> "Jet":
        if not self.vector or dim not in (1, -1):
            raise Unrecordable("unsqueeze")
        return Jet(self.program, self.node)

    def squeeze(self, dim: int) -> "Jet":
        if self.vector or self.width != 1 or dim not in (1, -1):
            raise Unrecordable("squeeze")
        return Jet(self.program, self.node, vector=True)

    @classmethod
    def __torch_function__(
        cls, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        rule = RULES.get(func)
        if rule is None:
            raise Unrecordable(f"no rule for {getattr(func, '__name__', func)}")
        return rule(*args, **(kwargs or {}))

    # -- recording ---------------------------------------------------------------------------

    def then(
        self,
        kind: str,
        others: Sequence["Jet"] = (),
        width: int | None = None,
        flat: bool | None = None,
        tensors: tuple[Tensor, ...] = (),
        detail: tuple[float, ...] = (),
        function: str = "",
        vector: bool | None = None,
    ) -> "Jet":
        """What an operation makes of this jet."""
        node = self.program.append(
            kind,
            (self.node, *(other.node for other in others)),
            self.width if width is None else width,
            self.flat if flat is None else flat,
            tensors,
            detail,
            function,
        )
        return Jet(self.program, node, self.vector if vector is None else vector)

    def apply(self, function: str) -> "Jet":
        """An elementwise function."""
        return self.then("function", function=function)

    def linear(self, weight: Tensor, bias: Tensor | None = None) -> "Jet":
        """Mix the channels: :math:`W z + b`."""
        if self.vector or weight.dim() != 2:
            raise Unrecordable("a linear map of this shape")
        tensors = (weight,) if bias is None else (weight, bias)
        return self.then("linear", width=len(weight), tensors=tensors)

    def together(self, kind: str, other: "Jet") -> "Jet":
        """Add or multiply two jets; one of them may have one channel for all."""
        if self.vector is not other.vector or (
            self.width != other.width and 1 not in (self.width, other.width)
        ):
            raise Unrecordable(f"{kind} of jets of shapes {self.shape} and {other.shape}")
        if kind == "add" and other.flat and not self.flat and self.width == other.width:
            return self.then(kind, [other])  # moves the value
        if self.flat is not other.flat:
            raise Unrecordable(f"{kind} of jets with and without derivatives")
        return self.then(kind, [other], width=max(self.width, other.width))

    def scale(self, factor: Tensor | float) -> "Jet":
        """Multiply by a number, or by one per channel."""
        return self._with("scale", factor)

    def shift(self, offset: Tensor | float) -> "Jet":
        """Add a number, or one per channel."""
        return self._with("shift", offset)

    def _with(self, kind: str, value: Tensor | float) -> "Jet":
        if isinstance(value, Real):
            return self.then(kind, detail=(float(value),))
        if not isinstance(value, Tensor):
            raise Unrecordable(f"{kind} by {type(value).__name__}")
        if value.dim() > 1 and value.numel() == value.shape[-1]:
            value = value.reshape(-1)
        if value.numel() == 1:
            return self.then(kind, tensors=(value.reshape(1),))
        if self.vector or value.dim() != 1:
            raise Unrecordable(f"{kind} by a tensor of shape {tuple(value.shape)}")
        if self.width == 1:  # one channel becomes many
            spread = self.linear(
                value[:, None] if kind == "scale" else torch.ones_like(value)[:, None]
            )
            return spread if kind == "scale" else spread.shift(value)
        if len(value) != self.width:
            raise Unrecordable(f"{kind} of {self.width} channels by {len(value)}")
        return self.then(kind, tensors=(value,))

    def power(self, exponent: float) -> "Jet":
        """A power by a number."""
        if not isinstance(exponent, Real) or exponent == 0:
            raise Unrecordable(f"the power {exponent}")
        exponent = float(exponent)
        if exponent < 0:
            return self.power(-exponent).apply("reciprocal")
        if exponent == 0.5:
            return self.apply("sqrt")
        if exponent != int(exponent):
            return (exponent * self.apply("log")).apply("exp")  # NaN below 0, as torch has it
        half, odd = divmod(int(exponent), 2)
        if not half:
            return self
        even = self.power(half).apply("square")
        return self * even if odd else even

    def __add__(self, other: "Jet | Tensor | float") -> "Jet":
        if not isinstance(other, (Jet, Tensor, Real)):
            return NotImplemented  # an expression, which knows what to do
        return self.together("add", other) if isinstance(other, Jet) else self.shift(other)

    def __radd__(self, other: Tensor | float) -> "Jet":
        return self.shift(other)

    def __mul__(self, other: "Jet | Tensor | float") -> "Jet":
        if not isinstance(other, (Jet, Tensor, Real)):
            return NotImplemented
        return self.together("product", other) if isinstance(other, Jet) else self.scale(other)

    def __rmul__(self, other: Tensor | float) -> "Jet":
        return self.scale(other)

    def __neg__(self) -> "Jet":
        return self.scale(-1.0)

    def __sub__(self, other: "Jet | Tensor | float") -> "Jet":
        return self + (-other)

    def __rsub__(self, other: Tensor | float) -> "Jet":
        return (-self).shift(other)

    def __truediv__(self, other: "Jet | Tensor | float") -> "Jet":
        return self * (other.apply("reciprocal") if isinstance(other, Jet) else 1 / other)

    def __rtruediv__(self, other: "Jet | Tensor | float") -> "Jet":
        return self.apply("reciprocal") * other

    def __matmul__(self, matrix: Tensor) -> "Jet":
        return self.linear(matrix.T)

    def __pow__(self, exponent: float) -> "Jet":
        return self.power(exponent)

    def __rpow__(self, base: float) -> "Jet":
        if not isinstance(base, Real) or not float(base) > 0:
            raise Unrecordable(f"a power of {base}")
        return (math.log(float(base)) * self).apply("exp")
