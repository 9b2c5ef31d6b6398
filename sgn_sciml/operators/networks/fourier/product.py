r"""One Fourier layer without its activation: :math:`y = K v + b + W v`, fused.

With the modes :math:`\hat v` as real and imaginary rows, the complex product is one real product
with :math:`[W_r\; W_i]` and two sums. The linear path adds into the field that the transform has
made, the bias into its mean mode.
"""

from typing import Any

import torch
from torch import Tensor

from sgn_sciml.operators.networks.fourier.transforms import Transform

__all__ = ["convolve"]


def convolve(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    skip: Tensor | None,
    analysis: Transform,
    synthesis: Transform,
) -> Tensor:
    """Multiply the modes of fields by matrices, and add a linear path.

    Args:
        x: Fields, shape ``(*grid, batch, in_channels)``.
        weight: Real and imaginary parts, shape ``(modes, in_channels, 2, out_channels)``.
        bias: Shape ``(out_channels,)``, or None.
        skip: Matrix of the linear path, shape ``(out_channels, in_channels)``, or None; both
            transforms then have the same grid.
        analysis: Makes the modes of x.
        synthesis: Its transpose makes the fields, which may have another grid.

    Returns:
        Fields, shape ``(*grid, batch, out_channels)``.
    """
    if torch.compiler.is_compiling():  # the compiler fuses by itself
        return composed(x, weight, bias, skip, analysis, synthesis)
    y: Tensor = _Layer.apply(x.contiguous(), weight, bias, skip, analysis, synthesis)  # type: ignore[no-untyped-call]
    return y


def composed(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    skip: Tensor | None,
    analysis: Transform,
    synthesis: Transform,
) -> Tensor:
    """The same in operations that torch differentiates, as often as it is asked."""
    p = products(analysis.analyse(x), weight)
    modes = torch.stack([p[:, 0, :, 0] - p[:, 1, :, 1], p[:, 0, :, 1] + p[:, 1, :, 0]], 1)
    y = synthesis.synthesise(synthesis.around(modes))
    if bias is not None:
        y = y + bias
    return y if skip is None else y + x @ skip.mT


def products(modes: Tensor, weight: Tensor) -> Tensor:
    """Parts of the modes times parts of the weights, ``(modes, 2, batch, 2, out_channels)``."""
    batch = modes.shape[2]
    p = torch.bmm(modes.flatten(1, 2), weight.flatten(2))
    return p.view(len(p), 2, batch, 2, -1)


class _Layer(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        skip: Tensor | None,
        analysis: Transform,
        synthesis: Transform,
    ) -> Tensor:
        modes = analysis.analyse(x)
        p = products(modes, weight)
        whole, part = synthesis.room(x.shape[-2], weight.shape[-1], x)
        torch.sub(p[:, 0, :, 0], p[:, 1, :, 1], out=part[:, 0])
        torch.add(p[:, 0, :, 1], p[:, 1, :, 0], out=part[:, 1])
        if bias is not None:
            part[0, 0] += bias
        y = synthesis.synthesise(whole)
        if skip is not None:
            y.view(-1, len(skip)).addmm_(x.view(-1, x.shape[-1]), skip.mT)
        ctx.save_for_backward(x, modes, weight, bias, skip)
        ctx.transforms = analysis, synthesis
        return y

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        x, modes, weight, bias, skip = ctx.saved_tensors
        analysis, synthesis = ctx.transforms
        if torch.is_grad_enabled():  # a gradient that is differentiated again
            return _again(ctx, g, (x, weight, bias, skip))
        g = g.contiguous()
        batch, rows = x.shape[-2], x.shape[-1]
        back = synthesis.analyse(g)  # by real and imaginary parts of the result
        gp = g.new_empty(len(back), 2, batch, 2, back.shape[-1])  # by those of the products
        gp[:, 0] = back.movedim(1, 2)
        gp[:, 1, :, 0] = back[:, 1]
        torch.neg(back[:, 0], out=gp[:, 1, :, 1])
        gp = gp.view(len(gp), 2 * batch, -1)
        gx = gw = gb = gs = None
        if ctx.needs_input_grad[1]:
            gw = torch.bmm(modes.flatten(1, 2).mT, gp).view_as(weight)
        if bias is not None and ctx.needs_input_grad[2]:
            gb = back[0, 0].sum(0)
        if skip is not None and ctx.needs_input_grad[3]:
            gs = g.view(-1, len(skip)).mT @ x.view(-1, rows)
        if ctx.needs_input_grad[0]:
            whole, part = analysis.room(batch, rows, x)
            torch.bmm(gp, weight.flatten(2).mT, out=part.flatten(1, 2))
            gx = analysis.synthesise(whole)
            if skip is not None:
                gx.view(-1, rows).addmm_(g.view(-1, len(skip)), skip)
        return gx, gw, gb, gs, None, None


def _again(ctx: Any, g: Tensor, inputs: tuple[Any, ...]) -> tuple[Tensor | None, ...]:
    """The gradient with a graph of its own, for second derivatives."""
    analysis, synthesis = ctx.transforms
    needed = [i for i in range(4) if ctx.needs_input_grad[i]]
    x, weight, bias, skip = inputs
    y = composed(x, weight, bias, skip, analysis, synthesis)
    found = torch.autograd.grad(y, [inputs[i] for i in needed], g, create_graph=True)
    gradients: list[Tensor | None] = [None] * 6
    for i, gradient in zip(needed, found, strict=True):
        gradients[i] = gradient
    return tuple(gradients)
