"""Rules for calls of torch on jets."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from sgn_sciml.jets.jet import RULES, Jet
from sgn_sciml.jets.program import FUNCTIONS, Unrecordable

__all__: list[str] = []


def rule(*names: str) -> Callable[[Callable[..., Jet]], Callable[..., Jet]]:
    """Register what functions of torch, and methods of tensors, of these names do to jets."""

    def register(function: Callable[..., Jet]) -> Callable[..., Jet]:
        for owner in (torch, F, Tensor):
            for name in names:
                if (known := getattr(owner, name, None)) is not None:
                    RULES[known] = function
        return function

    return register


def elementwise(name: str) -> Callable[[Jet], Jet]:
    return lambda z: z.apply(name)


for name in FUNCTIONS:
    rule(name)(elementwise(name))


@rule("gelu")
def gelu(z: Jet, approximate: str = "none") -> Jet:
    if approximate != "none":
        raise Unrecordable("the approximation of GELU")
    return z.apply("gelu")


@rule("silu")
def silu(z: Jet, inplace: bool = False) -> Jet:
    return z * z.apply("sigmoid")


@rule("relu")
def relu(z: Jet, inplace: bool = False) -> Jet:
    return 0.5 * (z + z.apply("abs"))


@rule("cosh")
def cosh(z: Jet) -> Jet:
    return 0.5 * (z.apply("exp") + (-z).apply("exp"))


@rule("sinh")
def sinh(z: Jet) -> Jet:
    return 0.5 * (z.apply("exp") - (-z).apply("exp"))


@rule("zeros_like")
def zeros_like(z: Jet) -> Jet:
    return 0.0 * z


@rule("ones_like")
def ones_like(z: Jet) -> Jet:
    return 0.0 * z + 1.0


@rule("layer_norm")
def layer_norm(
    z: Jet,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Jet:
    if tuple(normalized_shape) != (z.width,):
        raise Unrecordable("a norm over other axes than the channels")
    mean = z.program.like.new_full((1, z.width), 1 / z.width)
    centred = z - z.linear(mean)
    spread = (centred.apply("square").linear(mean) + eps).apply("sqrt")
    y = centred / spread
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


@rule("softmax")
def softmax(z: Jet, dim: int | None = None, dtype: Any = None) -> Jet:
    if z.vector or dim not in (1, -1):
        raise Unrecordable("a softmax over other axes than the channels")
    # exp overflows where torch's subtracts the maximum: at 88 in single precision
    each = z.apply("exp")
    return each / each.linear(z.program.like.new_ones(1, z.width))


@rule("dropout")
def dropout(z: Jet, p: float = 0.5, training: bool = True, inplace: bool = False) -> Jet:
    if training and p > 0:
        raise Unrecordable("dropout")
    return z


@rule("atan2", "arctan2")
def atan2(y: Jet, x: Jet) -> Jet:
    # The angle of (|x|, y), which is smooth but at the origin, turned into its own quadrant.
    right, above = not_negative(x), not_negative(y)
    radius = (x.apply("square") + y.apply("square")).apply("sqrt")
    acute = 2 * (y / (radius + right * x)).apply("atan")
    return right * acute + (0.5 * math.pi) * above * (1 - right)


def not_negative(z: Jet) -> Jet:
    """1 from 0 on and -1 below."""
    return (z.apply("sign") + 0.5).apply("sign")


@rule("linear")
def linear(z: Jet, weight: Tensor, bias: Tensor | None = None) -> Jet:
    return z.linear(weight, bias)


@rule("matmul", "__matmul__")
def matmul(z: Jet, matrix: Tensor) -> Jet:
    return z @ matrix


@rule("pow", "__pow__")
def power(z: Jet, exponent: float) -> Jet:
    return z.power(exponent)


@rule("neg")
def negative(z: Jet) -> Jet:
    return -z


def the_jet(operand: Any) -> Jet:
    """The right operand, where the left one is not a jet."""
    assert isinstance(operand, Jet)
    return operand


@rule("add", "__add__", "__radd__")
def add(a: Any, b: Any) -> Jet:
    return a.__add__(b) if isinstance(a, Jet) else the_jet(b).__radd__(a)


@rule("mul", "__mul__", "__rmul__")
def multiply(a: Any, b: Any) -> Jet:
    return a.__mul__(b) if isinstance(a, Jet) else the_jet(b).__rmul__(a)


@rule("sub", "__sub__")
def subtract(a: Any, b: Any) -> Jet:
    return a.__sub__(b) if isinstance(a, Jet) else the_jet(b).__rsub__(a)


@rule("div", "true_divide", "__truediv__")
def divide(a: Any, b: Any) -> Jet:
    return a.__truediv__(b) if isinstance(a, Jet) else the_jet(b).__rtruediv__(a)


@rule("cat")
def join(jets: Sequence[Jet], dim: int = 0) -> Jet:
    if dim not in (1, -1) or not all(isinstance(jet, Jet) and not jet.vector for jet in jets):
        raise Unrecordable("a concatenation of this kind")
    if len({jet.flat for jet in jets}) > 1:
        raise Unrecordable("a concatenation of jets with and without derivatives")
    first, *rest = jets
    return first.then("join", rest, width=sum(jet.width for jet in jets)) if rest else first


@rule("stack")
def stack(jets: Sequence[Jet], dim: int = 0) -> Jet:
    return join([jet.unsqueeze(dim) for jet in jets], dim)
