"""Run the library's models on fields ``(*space, batch, channels)``.

There 1 x 1 convolutions are products with matrices, Fourier transforms are, too, and gates find
their channels where they expect them. The modules stay those of the library, with its names, so
weights, checkpoints and all that looks for layers by structure know them. What is not one of its
modules as it made them, or has hooks, is called with fields ``(batch, channels, *space)``, for
which it was written.
"""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sgn_sciml.layers import ChannelsFirst, Elementwise
from sgn_sciml.networks.hidden import ACTIVATIONS
from sgn_sciml.operators.networks.fourier.layout import first, last, straight
from sgn_sciml.operators.networks.fourier.resampling import resample
from sgn_sciml.operators.networks.placement import LayerActivations, select_layer

__all__ = ["run"]

PORTION = 2**23  # bytes of a hidden field: beyond some 16 MB a step is slower by a fifth
ELEMENTWISE = (*(a for a in ACTIVATIONS if a.__module__.startswith("torch.")), Elementwise)


def run(model: Any, x: Tensor) -> Tensor:
    """Apply a model of the library, ``(batch, channels, *space)`` to the same.

    Args:
        model: An ``FNO`` or ``UNO``; any other module is just called.
        x: Fields, positions included.
    """
    runs = {"FNO": _fno, "UNO": _uno}.get(type(model).__name__)
    if runs is None or not _as_made(model, type(model).__name__) or not _supported(model):
        y: Tensor = model(x)
        return y
    parts = [first(runs(model, last(part))) for part in torch.split(x, _portion(model, x))]
    return parts[0] if len(parts) == 1 else torch.cat(parts)


def _portion(model: Any, x: Tensor) -> int:
    """Samples to run at a time, few where fields are large; all where others may see the batch."""
    size: int = math.prod(x.shape[2:]) * model.hidden_channels * x.element_size()
    whole = len(x) * size
    if torch.compiler.is_compiling() or whole <= 2 * PORTION or not _by_sample(model):
        return len(x)
    weights: float = sum(p.numel() * p.element_size() for p in model.parameters()) / model.n_layers
    parts = min(whole / PORTION, whole / (2 * weights))  # each part adds to all gradients
    return math.ceil(len(x) / max(1, math.floor(parts)))


def _by_sample(model: nn.Module) -> bool:
    """Whether nothing in a model sees more than a sample, or is watched."""
    return all(
        type(module).__module__.split(".")[0] in ("torch", "neuralop", "sgn_sciml")
        and not isinstance(module, nn.modules.batchnorm._BatchNorm)
        and set(module._forward_pre_hooks.values()) <= {select_layer}
        and not (module._forward_hooks or module._backward_hooks or module._backward_pre_hooks)
        for module in model.modules()
    )


def _fno(model: Any, x: Tensor) -> Tensor:
    margins = _margins(model.domain_padding, x.shape[:-2])
    x = _pad(_pointwise(model.lifting, x), margins)
    for k in range(model.n_layers):
        x = _layer(model.fno_blocks, x, k, None)
    return _pointwise(model.projection, _cut(x, margins))


def _uno(model: Any, x: Tensor) -> Tensor:
    margins = _margins(model.domain_padding, x.shape[:-2])
    x = _pad(_pointwise(model.lifting, x), margins)
    factors = model.end_to_end_scaling_factor
    final = tuple(round(n * f) for n, f in zip(x.shape[:-2], factors, strict=True))
    kept: dict[int, Tensor] = {}
    for k in range(model.n_layers):
        if k in model.horizontal_skips_map:
            across = kept[model.horizontal_skips_map[k]]
            x = torch.cat([x, resample(across, tuple(x.shape[:-2]))], -1)
        x = _layer(model.fno_blocks[k], x, 0, final if k == model.n_layers - 1 else None)
        if k in model.horizontal_skips_map.values():
            kept[k] = _path(model.horizontal_skips[str(k)], x)
    margins = [round(m * f) for m, f in zip(margins, factors, strict=True)]
    return _pointwise(model.projection, _cut(x, margins))


def _layer(blocks: Any, x: Tensor, k: int, shape: tuple[int, ...] | None) -> Tensor:
    """Layer k: convolution and linear path, activation, pointwise network, activation."""
    conv, inner = blocks.convs[k], k < blocks.n_layers - 1
    grid = _output_grid(conv, tuple(x.shape[:-2]), shape)
    path = None if blocks.fno_skips is None else blocks.fno_skips[k]
    arounds = blocks.channel_mlp_skips if blocks.use_channel_mlp else None
    around = None if arounds is None else arounds[k]
    norms = [None, None] if blocks.norm is None else blocks.norm[2 * k : 2 * k + 2]
    v = None if around is None else resample(_path(around, x), grid)
    matrix = None if norms[0] is not None else _matrix(path, x, grid)
    if getattr(conv, "real", False) and not _hooked(conv):
        y = conv.on_points(x, shape, matrix)
    else:
        matrix, y = None, _through(conv, x, output_shape=shape)
    if norms[0] is not None:
        y = _through(norms[0], y)
    if path is not None and matrix is None:
        y = y + resample(_path(path, x), grid)
    if inner:
        y = _activate(blocks.non_linearity, y, k)
    if blocks.use_channel_mlp:
        y = _pointwise(blocks.channel_mlp[k], y)
        y = y if v is None else y + v
    if norms[1] is not None:
        y = _through(norms[1], y)
    return _activate(blocks.non_linearity, y, k) if inner else y


def _pointwise(mlp: Any, x: Tensor) -> Tensor:
    """A network over the channels."""
    if not _as_made(mlp, "ChannelMLP") or mlp.dropout is not None:
        return _through(mlp, x)
    for i, linear in enumerate(mlp.fcs):
        if type(linear) is not nn.Conv1d or _hooked(linear):
            x = _through(linear, x)
        else:
            x = F.linear(x, linear.weight.flatten(1), linear.bias)
        if i < mlp.n_layers - 1:
            x = _activate(mlp.non_linearity, x, i)
    return x


def _path(skip: Any, x: Tensor) -> Tensor:
    """A path around something."""
    if _as_made(skip, "Flattened1dConv") and not _hooked(skip.conv):
        return F.linear(x, skip.conv.weight.flatten(1), skip.conv.bias)
    if _as_made(skip, "SoftGating") and skip.bias is None:
        scaled: Tensor = x * skip.weight.flatten()
        return scaled
    return x if type(skip) is nn.Identity else _through(skip, x)


def _matrix(skip: Any, x: Tensor, grid: tuple[int, ...]) -> Tensor | None:
    """The matrix of a linear path that may be added within the convolution."""
    if skip is None or torch.is_autocast_enabled(x.device.type) or x.shape[:-2] != grid:
        return None
    if not _as_made(skip, "Flattened1dConv") or _hooked(skip.conv) or skip.conv.bias is not None:
        return None
    matrix: Tensor = skip.conv.weight.flatten(1)
    return matrix


def _activate(activation: Any, x: Tensor, layer: int) -> Tensor:
    """An activation, which may have channels of its own."""
    if isinstance(activation, LayerActivations) and not _hooked(activation):
        activation = activation.layers[layer]
    if isinstance(activation, ChannelsFirst) and not _hooked(activation):
        y: Tensor = activation.module(x)
        return y
    if isinstance(activation, nn.Module) and type(activation) not in (*ELEMENTWISE, nn.Identity):
        return _through(activation, x)
    z: Tensor = activation(x)
    return z


def _output_grid(
    conv: Any, space: tuple[int, ...], shape: tuple[int, ...] | None
) -> tuple[int, ...]:
    grid: tuple[int, ...] = getattr(conv, "conv", conv).output_grid(space, shape)
    return grid


def _margins(padding: Any, space: tuple[int, ...]) -> list[int]:
    """Points that are added on either side of each axis."""
    if padding is None:
        return [0] * len(space)
    share = padding.domain_padding
    shares = [share] * len(space) if isinstance(share, int | float) else share
    return [round(p * n) for p, n in zip(shares, space, strict=True)]


def _pad(x: Tensor, margins: list[int]) -> Tensor:
    sides = [side for n in reversed(margins) for side in (n, n)]
    return F.pad(x, [0, 0, 0, 0, *sides]) if any(margins) else x


def _cut(x: Tensor, margins: list[int]) -> Tensor:
    if not any(margins):
        return x
    inner = [slice(m, n - m) for m, n in zip(margins, x.shape[:-2], strict=True)]
    return x[tuple(inner)].contiguous()


def _through(module: Any, x: Tensor, **options: Any) -> Tensor:
    """Call a module with ``(batch, channels, *space)``."""
    return last(straight(module(first(x), **options)))


def _hooked(module: nn.Module) -> bool:
    """Whether somebody wants to see what goes into a module or comes out."""
    hooks = (
        module._forward_hooks,
        module._forward_pre_hooks,
        module._backward_hooks,
        module._backward_pre_hooks,
    )
    return any(hooks)


def _as_made(module: nn.Module, name: str) -> bool:
    """Whether a module is the library's of that name, and nothing was hung on it."""
    kind = type(module)
    known = kind.__name__ == name and kind.__module__.startswith("neuralop.")
    return known and not _hooked(module)


def _supported(model: Any) -> bool:
    """Whether the layers are those that are written down here."""
    listed: Any = model.fno_blocks
    return model.positional_embedding is None and all(
        type(blocks).__name__ == "FNOBlocks"
        and not (blocks.preactivation or blocks.complex_data or blocks.stabilizer)
        and set(blocks._forward_pre_hooks.values()) <= {select_layer}
        and not (blocks._forward_hooks or blocks._backward_hooks or blocks._backward_pre_hooks)
        and all(hasattr(getattr(conv, "conv", conv), "output_grid") for conv in blocks.convs)
        for blocks in ([*listed] if isinstance(listed, nn.ModuleList) else [listed])
    )
