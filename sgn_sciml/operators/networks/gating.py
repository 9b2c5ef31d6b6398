"""A neural operator with spectral gates, described in one place of a configuration."""

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from functools import cache, partial
from typing import Literal

from torch import Tensor

from sgn_sciml.layers import SpectralGate
from sgn_sciml.networks.base import OperatorNetwork
from sgn_sciml.networks.hidden import Hidden, hidden_layers
from sgn_sciml.networks.inject import GateFactory, Replacement, inject, size
from sgn_sciml.networks.narrowing import matching_widths, narrow, real_size
from sgn_sciml.operators.networks.placement import inject_between
from sgn_sciml.operators.networks.spectral_forms import add_high_pass, add_mode_gates

__all__ = ["Gated", "Place"]

Place = Literal["channel_mlp", "lifting", "projection", "between", "modes", "high_pass"]

PATTERNS = {"channel_mlp": "*mlp.[0-9]*", "lifting": "*lifting.*", "projection": "*projection.*"}
FORMS: dict[str, Callable[[OperatorNetwork, GateFactory], list[Replacement]]] = {
    "between": inject_between,
    "modes": lambda network, gate: add_mode_gates(network),
    "high_pass": add_high_pass,
}
TOLERANCE = 0.02


class Gated(OperatorNetwork):
    """A neural operator whose activations are spectral gates.

    The network that is given is changed, not copied.

    Args:
        network: The neural operator.
        gate: Gate factory, called as ``gate(channels, base=old_activation)``.
        where: Places that get gates: ``channel_mlp`` (hidden layer of the pointwise network in
            each layer), ``lifting``, ``projection`` (their hidden layers), ``between`` (the
            activations between layers), ``modes`` (amplitudes of the modes after each spectral
            convolution; the gate factory is not used), ``high_pass`` (what lies above the modes).
        match_parameters: Narrow all hidden layers alike if the gates add more than 2 % to the
            real parameters of the network, until they do not.

    Attributes:
        replacements: One record per gate.

    Raises:
        ValueError: If a place is unknown, or the network has no such place, or the parameters
            cannot be matched.

    Example:
        >>> from sgn_sciml.operators.networks import FNO
        >>> gated = Gated(FNO(width=32), where=["channel_mlp", "lifting"])
        >>> [(r.features_before, r.features) for r in gated.replacements][-2:]
        [(16, 11), (64, 44)]
    """

    def __init__(
        self,
        network: OperatorNetwork,
        gate: GateFactory = SpectralGate,
        where: Sequence[Place] = ("channel_mlp", "lifting", "projection"),
        match_parameters: bool = True,
    ) -> None:
        super().__init__(network.in_channels, network.out_channels, network.axes)
        places: set[str] = set(where)
        if not places or places - {*PATTERNS, *FORMS}:
            raise ValueError(f"where is a list of {[*PATTERNS, *FORMS]}, got {list(where)}")
        every = find(network)
        patterns = [pattern for place, pattern in PATTERNS.items() if place in places]
        for place, pattern in PATTERNS.items():
            if place in places and not chosen(every, [pattern]):
                raise ValueError(
                    f"{type(network).__name__} has no {place} with a hidden layer; "
                    f"its hidden layers: {', '.join(h.name for h in every) or 'none'}"
                )
        budget, before = real_size(network.parameters()), {h.name: h.width for h in every}
        records: list[Replacement] = []
        for place, put in FORMS.items():
            if place in places:
                records += put(network, gate)
        if match_parameters:
            make_room(network, every, chosen(every, patterns), gate, budget)
        if patterns:
            put_in = inject(network, gate, where=patterns)
            records += [r._replace(features_before=before[r.name]) for r in put_in]
        self.network = network
        self.replacements = records

    def forward(self, x: Tensor) -> Tensor:
        """Apply it, ``(batch, in_channels, *space) -> (batch, out_channels, *space)``."""
        y: Tensor = self.network(x)
        return y


def find(network: OperatorNetwork) -> list[Hidden]:
    """The hidden layers of a network, which may have none."""
    try:
        return hidden_layers(network)
    except ValueError:
        return []


def chosen(layers: list[Hidden], patterns: Sequence[str]) -> list[Hidden]:
    """The layers whose names fit one of the patterns."""
    return [h for h in layers if any(fnmatchcase(h.name, pattern) for pattern in patterns)]


def make_room(
    network: OperatorNetwork,
    every: list[Hidden],
    gated: list[Hidden],
    gate: GateFactory,
    budget: int,
) -> None:
    """Narrow all hidden layers alike if gates in some of them would exceed the budget."""
    more = {id(h): cache(partial(size, gate, h)) for h in gated}
    total = real_size(network.parameters()) + sum(more[id(h)](h.width) for h in gated)
    if total <= (1 + TOLERANCE) * budget:
        return
    if not every:
        raise ValueError(
            f"the gates add {total - budget} to {budget} parameters of {type(network).__name__}, "
            "which has no hidden layer to narrow; set match_parameters to false"
        )

    def added(h: Hidden, width: int) -> int:
        return more[id(h)](width) if id(h) in more else 0

    narrow(every, matching_widths(network, every, added, TOLERANCE, budget))
