r"""Gates between the layers of a neural operator.

.. math::
    v_{l+1} = \sigma\bigl(K_l v_l + W_l v_l\bigr) \quad\longrightarrow\quad
    v_{l+1} = T_l\bigl(K_l v_l + W_l v_l\bigr)

neuraloperator holds the layers of a model in *blocks*: a list ``convs`` and one ``non_linearity``,
which serves all of them. A gate has parameters of its own, so each layer gets one, and a hook
tells which layer is running. Blocks are recognised by their attributes; a block whose activation
is never called (the last layer of a post-activation block, hence all of U-NO) gets none.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from sgn_sciml.layers import ChannelsFirst, SpectralGate
from sgn_sciml.networks.hidden import is_plain
from sgn_sciml.networks.inject import GateFactory, Replacement, base, describe

__all__ = ["LayerActivations", "active_layers", "inject_between", "operator_blocks", "real_like"]


class LayerActivations(nn.Module):
    """One activation per layer, in the place of one for all.

    Args:
        layers: The activations, in the order of the layers.
    """

    def __init__(self, layers: Sequence[nn.Module]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.index = 0  # the layer that is running

    def forward(self, u: Tensor) -> Tensor:
        y: Tensor = self.layers[self.index](u)
        return y


def select_layer(blocks: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """Forward pre-hook of blocks; it holds no module, so copies of the blocks use their own."""
    blocks.non_linearity.index = kwargs.get("index", args[1] if len(args) > 1 else 0)


def operator_blocks(module: nn.Module) -> Iterator[tuple[str, Any]]:
    """Names and blocks of a neural operator whose fields are real."""
    for name, blocks in module.named_modules():
        listed = isinstance(getattr(blocks, "convs", None), nn.ModuleList)
        real = not getattr(blocks, "complex_data", False)
        if listed and hasattr(blocks, "non_linearity") and real:
            yield name, blocks


def active_layers(blocks: Any) -> int:
    """How many layers of blocks call the activation, counted from the first."""
    # neuraloperator's local blocks activate before their channel MLP, also in the last layer
    last = blocks.preactivation or getattr(blocks, "mlp", None) is not None
    return len(blocks.convs) - (not last)


def real_like(blocks: nn.Module) -> dict[str, Any]:
    """Device and real dtype of blocks."""
    like = next(blocks.parameters())
    return {"device": like.device, "dtype": like.dtype.to_real()}


def inject_between(module: nn.Module, gate: GateFactory = SpectralGate) -> list[Replacement]:
    """Give each layer of a neural operator a gate as its activation, in place.

    The old activation becomes the base of the gates. They act on the channels of fields
    ``(batch, channels, *space)`` and stay at any resolution.

    Args:
        module: A model of neuraloperator, or a module that holds some.
        gate: Gate factory, called as ``gate(channels, base=old_activation)``.

    Returns:
        One record per gate.

    Raises:
        ValueError: If no block calls an activation that has no parameters of its own.

    Example:
        >>> from sgn_sciml.operators.networks import FNO
        >>> inject_between(FNO(width=16, depth=2))
        [Replacement(name='model.fno_blocks.non_linearity.layers.0', activation='gelu', \
features=16, features_before=16)]
    """
    records = []
    for name, blocks in operator_blocks(module):
        old, count = blocks.non_linearity, active_layers(blocks)
        if count == 0 or not is_plain(old):
            continue
        channels: int = blocks.in_channels if blocks.preactivation else blocks.out_channels
        gates = [gate(channels, base=base(old)) for _ in range(count)]
        new = LayerActivations([ChannelsFirst(g) for g in gates])
        new.to(**real_like(blocks)).train(blocks.training)
        blocks.non_linearity = new
        blocks.register_forward_pre_hook(select_layer, with_kwargs=True)
        place = f"{name}.non_linearity" if name else "non_linearity"
        records += [
            Replacement(f"{place}.layers.{k}", describe(old), channels, channels)
            for k in range(count)
        ]
    if not records:
        raise ValueError(
            f"{type(module).__name__} has no activation between layers: looked for attributes "
            "'convs' and 'non_linearity' of real blocks that call it (a block of one layer "
            "calls none unless it is pre-activated)"
        )
    return records
