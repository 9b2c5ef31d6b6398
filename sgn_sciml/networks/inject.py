r"""Give an existing module spectral gates: the drop-in use in MLP and feed-forward blocks.

.. math::
    W_2\, \varphi(W_1 x + c_1) + c_2 \quad\longrightarrow\quad
    W_2\, [\varphi + g \odot \Psi](W_1 x + c_1) + c_2

The old activation :math:`\varphi` becomes the base of the gate, so the module starts where it was
up to the small initial gate: a hidden layer moves by :math:`g\, \mathrm{rms}(\Psi) /
\mathrm{rms}(\varphi)`, below 1 % for g = 0.01 where pre-activations are of order one (more where
they are small, since :math:`\varphi` vanishes at 0 and :math:`\Psi` does not). A trained module
can be fine-tuned from there. :mod:`sgn_sciml.networks.hidden` says which blocks are found.

In evaluation mode PyTorch's encoder layer runs a fused kernel that knows ReLU and GELU only and
would silently pass the gate by; ``inject`` turns it off.
"""

import copy
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from functools import cache, partial
from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn

from sgn_sciml.layers import ChannelsFirst, Elementwise, SpectralGate
from sgn_sciml.networks.hidden import Hidden, hidden_layers
from sgn_sciml.networks.narrowing import matching_widths, narrow, real_size

__all__ = ["GateFactory", "Replacement", "inject"]


class GateFactory(Protocol):
    """Makes a gate, shape ``(..., features) -> (..., features)``."""

    def __call__(self, features: int, *, base: Callable[[Tensor], Tensor] | None) -> nn.Module:
        """Build a gate from the number of channels and the activation that it replaces, if any."""


class Replacement(NamedTuple):
    """A replacement at one place; ``_asdict()`` makes it a hyper-parameter.

    Attributes:
        name: Full name of the place in the module.
        activation: Name of what was there, an activation or a layer.
        features: Hidden width with the gate.
        features_before: Hidden width before, larger if the layer was narrowed.
    """

    name: str
    activation: str
    features: int
    features_before: int


def inject(
    module: nn.Module,
    gate: GateFactory = SpectralGate,
    *,
    where: Sequence[str] = ("*",),
    match_parameters: bool = False,
    activations: tuple[type[nn.Module], ...] = (),
) -> list[Replacement]:
    """Replace the activation of every hidden layer of a module by a gate, in place.

    Weights, dtype, device, training mode and ``requires_grad`` of the module stay; the gates
    train even where the module is frozen. Every place gets a gate of its own, also where one
    activation instance served many. Build the optimiser afterwards. Pass the whole model, not a
    layer of an ``nn.TransformerEncoder``: the encoder has to know that its layers changed.

    Args:
        module: The module to change; ``copy.deepcopy`` it first to keep the old one.
        gate: Gate factory, called as ``gate(features, base=old_activation)``: ``SpectralGate``, or
            for example ``functools.partial(SpectralGate, gate="scalar", num_frequencies=16)``.
        where: Patterns in the style of a shell for the names of the activations to replace, for
            example ``("fno_blocks.channel_mlp.*", "lifting*")``; all of them by default.
        match_parameters: Narrow the replaced layers so that the module keeps its number of
            real parameters within 2 % (a complex weight is two). Only the strongest units stay
            (:mod:`sgn_sciml.networks.narrowing`), so the module does **not** start where it was.
        activations: Further classes that count as activations in an ``nn.Sequential``.

    Returns:
        One record per gate, in the order of the module's names.

    Raises:
        ValueError: If nothing is found, a pattern fits no name, or ``match_parameters`` cannot be
            met. The module is then unchanged.

    Example:
        >>> mlp = nn.Sequential(nn.Linear(64, 256), nn.GELU(), nn.Linear(256, 64))
        >>> inject(mlp, match_parameters=True)
        [Replacement(name='1', activation='GELU', features=209, features_before=256)]
    """
    layers = select(hidden_layers(module, activations), where)
    widths = [h.width for h in layers]
    if match_parameters:
        widths = matching_widths(module, layers, cache(partial(size, gate)))
    gates = [make(gate, h, n) for h, n in zip(layers, widths, strict=True)]
    records = [
        Replacement(h.name, describe(h.activation), n, h.width)
        for h, n in zip(layers, widths, strict=True)
    ]
    if match_parameters:
        narrow(layers, widths)
    for h, new in zip(layers, gates, strict=True):
        setattr(h.owner, h.key, new)
    leave_fast_path(module, layers)
    return records


def select(layers: list[Hidden], where: Sequence[str]) -> list[Hidden]:
    """The layers whose names fit one of the patterns; each pattern must fit one."""
    patterns = (where,) if isinstance(where, str) else tuple(where)
    for pattern in patterns:
        if not any(fnmatchcase(h.name, pattern) for h in layers):
            names = ", ".join(h.name for h in layers)
            raise ValueError(f"no activation fits {pattern!r}; found: {names}")
    return [h for h in layers if any(fnmatchcase(h.name, pattern) for pattern in patterns)]


def size(gate: GateFactory, layer: Hidden, width: int) -> int:
    """Number of parameters of the gate of a layer at a width."""
    with torch.random.fork_rng(devices=()):  # a trial leaves the random numbers alone
        return real_size(gate(width, base=base(layer.activation)).parameters())


def make(gate: GateFactory, layer: Hidden, width: int) -> nn.Module:
    """The gate of a layer, with the dtype, device and training mode of its surroundings."""
    weight = layer.before.weight
    new = gate(width, base=base(layer.activation)).to(device=weight.device, dtype=weight.dtype)
    if layer.channels_first:
        new = ChannelsFirst(new)
    return new.train(layer.owner.training)


def base(activation: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """An old activation as a base; the gate reads u as well, so not one that overwrites u."""
    if type(activation) is Elementwise:
        return activation.function
    if getattr(activation, "inplace", False):
        activation = copy.deepcopy(activation)
        activation.inplace = False  # type: ignore[attr-defined]
    return activation


def describe(activation: Callable[[Tensor], Tensor]) -> str:
    """A short name."""
    function = getattr(activation, "function", activation)
    return getattr(function, "__name__", type(function).__name__)


def leave_fast_path(module: nn.Module, layers: list[Hidden]) -> None:
    """Make PyTorch's transformer encoder call the activation in evaluation mode too."""
    for h in layers:
        if isinstance(h.owner, nn.TransformerEncoderLayer):
            h.owner.activation_relu_or_gelu = 0
    for encoder in module.modules():
        if isinstance(encoder, nn.TransformerEncoder) and encoder.use_nested_tensor:
            gated = {id(h.owner) for h in layers}
            encoder.use_nested_tensor = not any(id(layer) in gated for layer in encoder.layers)
