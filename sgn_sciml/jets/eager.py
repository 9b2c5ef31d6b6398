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

Chain = tuple[tuple[tuple[float, tuple[int, ...]], ...], ...]
FLAT: Chain = (((1.0, ()),),)


class ElementwiseJet(Function):
    """A function of a jet by Faà di Bruno's formula, shape ``(S, N, C) -> (S, N, C)``."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, name: str, chain: Chain) -> Tensor:
        ctx.save_for_backward(z)
        ctx.name, ctx.chain = name, chain
        f = derivatives(name, z[0], order(chain))
        y = torch.empty_like(z)
        for out, terms in zip(y, chain, strict=True):
            for i, (c, ids) in enumerate(terms):
                term = monomial(f[len(ids)], [z[j] for j in ids])
                if i == 0:
                    torch.mul(term, c, out=out)
                else:
                    out.add_(term, alpha=c)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        (z,) = ctx.saved_tensors
        f = derivatives(ctx.name, z[0], order(ctx.chain) + 1)
        back = torch.zeros_like(z)
        for g, terms in zip(grad, ctx.chain, strict=True):
            for c, ids in terms:
                cg = g if c == 1 else c * g
                factors = [z[j] for j in ids]
                back[0].addcmul_(cg, monomial(f[len(ids) + 1], factors))
                for place, j in enumerate(ids):
                    others = factors[:place] + factors[place + 1 :]
                    back[j].addcmul_(cg, monomial(f[len(ids)], others))
        return back, None, None


def elementwise(z: Tensor, name: str, chain: Chain) -> Tensor:
    """A function of a jet."""
    y: Tensor = ElementwiseJet.apply(z, name, chain)  # type: ignore[no-untyped-call]
    return y


def sum_of(parts: Sequence[Tensor]) -> Tensor:
    """A sum that begins with its first part."""
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def order(chain: Chain) -> int:
    """The highest derivative that a formula needs."""
    return max(len(ids) for terms in chain for _, ids in terms)


def monomial(first: Tensor, factors: list[Tensor]) -> Tensor:
    """A product."""
    for factor in factors:
        first = first * factor
    return first


def product(a: Tensor, b: Tensor, plan: Plan) -> Tensor:
    """A product of jets by Leibniz's rule."""
    if len(a) == 1:
        return a * b
    return torch.stack([sum_of([c * a[i] * b[j] for c, i, j in rule]) for rule in plan.product])


def start(points: Tensor, plan: Plan) -> Tensor:
    """The jet of the coordinates."""
    jet = points.new_tensor(plan.first_order)[:, None].repeat(1, len(points), 1)
    jet[0] = points
    return jet


def operate(node: Node, args: list[Tensor], tensors: list[Tensor], plan: Plan) -> Tensor:
    """What an operation makes of jets ``(S, N, C)``."""
    match node.kind:
        case "linear":
            y = F.linear(args[0], tensors[0])
            return shifted(y, tensors[1]) if len(tensors) > 1 else y
        case "function":
            chain = FLAT if node.flat else plan.chain
            return elementwise(args[0], node.function, chain)
        case "add":
            return args[0] + args[1]
        case "product":
            return product(args[0], args[1], plan)
        case "scale":
            return args[0] * (tensors[0] if tensors else node.detail[0])
        case "shift":
            return shifted(args[0], tensors[0] if tensors else node.detail[0])
        case "join":
            return torch.cat(args, -1)
        case "columns":
            return args[0][..., [int(i) for i in node.detail]]
        case "stream":
            column, *coefficients = node.detail
            parts = [(c, k) for k, c in enumerate(coefficients) if c]
            values = args[0][:, :, int(column), None]
            return sum_of([c * values[k] for c, k in parts])[None]
    raise AssertionError(node.kind)


def shifted(jet: Tensor, offset: Tensor | float) -> Tensor:
    """A jet with a constant added: to its value only."""
    if len(jet) == 1:
        return jet + offset
    return torch.cat([(jet[0] + offset)[None], jet[1:]])


def run(program: Program, points: Tensor, tensors: list[Tensor] | None = None) -> Tensor:
    """Residuals of a program.

    Args:
        program: The program.
        points: Points, shape ``(N, d)``.
        tensors: What the operations take; the program's own if None.

    Returns:
        Residuals, one row per output: ``(E, N)``.
    """
    given = program.tensors if tensors is None else tensors
    plan = program.plan
    assert plan is not None
    values: list[Tensor] = []
    for node in program.nodes:
        if node.kind == "input":
            values.append(start(points, plan))
            continue
        taken = [given[i] for i in node.tensors]
        values.append(operate(node, [values[i] for i in node.inputs], taken, plan))
    return torch.stack([values[i][0, :, 0] for i in program.outputs])
