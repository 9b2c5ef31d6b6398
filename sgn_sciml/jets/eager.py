"""Programs run by torch, one operation at a time, with a hand-written backward for functions."""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from sgn_sciml.jets.functions import derivatives
from sgn_sciml.jets.plan import Plan
from sgn_sciml.jets.program import Node, Program

__all__ = ["run"]

VALUES = Plan(1, (((((), 1.0),)),))  # of flat jets


class LinearJet(Function):
    """A linear layer on jets: its bias belongs to the value only."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(z, weight)
        y = F.linear(z, weight)
        if bias is not None:
            y[0] += bias
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        z, weight = ctx.saved_tensors
        wanted = ctx.needs_input_grad
        return (
            grad @ weight if wanted[0] else None,
            grad.flatten(0, 1).T @ z.flatten(0, 1) if wanted[1] else None,
            grad[0].sum(0) if wanted[2] else None,
        )


class ElementwiseJet(Function):
    """A function of a jet by Faà di Bruno's formula, shape ``(S, N, C) -> (S, N, C)``."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, name: str, plan: Plan) -> Tensor:
        ctx.save_for_backward(z)
        ctx.name, ctx.plan = name, plan
        order = max(len(ids) for rule in plan.chain for _, ids in rule)
        f = derivatives(name, z[0], order)
        y = torch.empty_like(z)
        for out, rule in zip(y, plan.chain, strict=True):
            for i, (c, ids) in enumerate(rule):
                add_product(out, c, [f[len(ids)], *(z[j] for j in ids)], first=i == 0)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        (z,) = ctx.saved_tensors
        terms = ctx.plan.chain_back
        f = derivatives(ctx.name, z[0], max(order for _, _, _, order, _ in terms))
        back = torch.empty_like(z)
        seen = set()
        for c, to, stream, order, ids in terms:
            add_product(
                back[to], c, [grad[stream], f[order], *(z[j] for j in ids)], to not in seen
            )
            seen.add(to)
        return back, None, None


class ProductJet(Function):
    """A product of jets by Leibniz's rule; one of them may have one channel for all."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor, plan: Plan) -> Tensor:
        ctx.save_for_backward(a, b)
        ctx.plan = plan
        y = torch.empty_like(a if a.shape[-1] > b.shape[-1] else b)
        for out, rule in zip(y, plan.product, strict=True):
            for k, (c, i, j) in enumerate(rule):
                add_product(out, c, [a[i], b[j]], first=k == 0)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        back: list[Tensor | None] = [None, None]
        for side in (0, 1):
            if not ctx.needs_input_grad[side]:
                continue
            mine, other = ctx.saved_tensors[side], ctx.saved_tensors[1 - side]
            full = torch.zeros_like(grad)
            for g, rule in zip(grad, ctx.plan.product, strict=True):
                for c, *ids in rule:
                    add_product(full[ids[side]], c, [g, other[ids[1 - side]]], first=False)
            back[side] = full.sum_to_size(mine.shape)
        return (*back, None)


def add_product(out: Tensor, c: float, factors: list[Tensor], first: bool) -> None:
    """Add a multiple of a product to a tensor, or set it; in few passes over memory."""
    left = factors[0]
    for factor in factors[1:-1]:
        left = left * factor
    if first and len(factors) > 1:
        torch.mul(left, factors[-1], out=out)
    elif first:
        out.copy_(left)
    elif len(factors) > 1:
        out.addcmul_(left, factors[-1], value=c)
    else:
        out.add_(left, alpha=c)
    if first and c != 1:
        out.mul_(c)


def linear(z: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """A linear layer on a jet."""
    y: Tensor = LinearJet.apply(z, weight, bias)  # type: ignore[no-untyped-call]
    return y


def elementwise(z: Tensor, name: str, plan: Plan) -> Tensor:
    """A function of a jet."""
    y: Tensor = ElementwiseJet.apply(z, name, plan)  # type: ignore[no-untyped-call]
    return y


def columns(jet: Tensor, chosen: list[int]) -> Tensor:
    """Some channels; a view where they lie side by side."""
    first, count = chosen[0], len(chosen)
    if chosen == list(range(first, first + count)):
        return jet.narrow(-1, first, count)
    return jet[..., chosen]


def product(a: Tensor, b: Tensor, plan: Plan) -> Tensor:
    """A product of jets."""
    y: Tensor = ProductJet.apply(a, b, plan)  # type: ignore[no-untyped-call]
    return y


def start(points: Tensor, plan: Plan) -> Tensor:
    """The jet of the coordinates."""
    jet = points.new_tensor(plan.first_order)[:, None].repeat(1, len(points), 1)
    jet[0] = points
    return jet


def operate(node: Node, args: list[Tensor], tensors: list[Tensor], plan: Plan) -> Tensor:
    """What an operation makes of jets ``(S, N, C)``."""
    match node.kind:
        case "linear":
            return linear(args[0], tensors[0], tensors[1] if len(tensors) > 1 else None)
        case "function":
            return elementwise(args[0], node.function, VALUES if node.flat else plan)
        case "add":
            if len(args[1]) < len(args[0]):  # numbers without derivatives
                return shifted(args[0], args[1][0])
            return args[0] + args[1]
        case "product":
            return args[0] * args[1] if node.flat else product(args[0], args[1], plan)
        case "scale":
            return args[0] * (tensors[0] if tensors else node.detail[0])
        case "shift":
            return shifted(args[0], tensors[0] if tensors else node.detail[0])
        case "join":
            return torch.cat(args, -1)
        case "columns":
            return columns(args[0], [int(i) for i in node.detail])
        case "stream":
            column, *coefficients = node.detail
            values = args[0][:, :, int(column), None]
            parts = [(c, values[k]) for k, c in enumerate(coefficients) if c]
            each = [value if c == 1 else c * value for c, value in parts]
            return sum(each[1:], each[0])[None]
    raise AssertionError(node.kind)


def shifted(jet: Tensor, offset: Tensor | float) -> Tensor:
    """A jet with a constant added: to its value only."""
    if len(jet) == 1:
        return jet + offset
    y = jet.clone()
    y[0] += offset
    return y


def run(program: Program, points: Tensor, tensors: Sequence[Tensor]) -> Tensor:
    """Residuals of a program.

    Args:
        program: The program.
        points: Points, shape ``(N, d)``.
        tensors: What its operations take.

    Returns:
        Residuals, one row per output: ``(E, N)``.
    """
    plan = program.plan
    assert plan is not None
    values: list[Tensor] = []
    for node in program.nodes:
        if node.kind == "input":
            values.append(start(points, plan))
            continue
        taken = [tensors[i] for i in node.tensors]
        values.append(operate(node, [values[i] for i in node.inputs], taken, plan))
    return torch.stack([values[i][0, :, 0] for i in program.outputs])
