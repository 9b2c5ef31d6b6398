r"""Refinement: the last spectral layer of a trained operator gets all modes and trains on alone.

.. math::
    (K_L v)(x) = \sum_{|k| < m} R_k \hat v_k e^{2 \pi i k x}
    \quad\longrightarrow\quad
    \sum_{|k| < M} R_k \hat v_k e^{2 \pi i k x}, \qquad R_k = 0 \text{ at first for } |k| \ge m

The operator starts exactly where it was, and a step costs the backward pass of one layer. In the
paper the layer is the last one, which makes the fit convex, and its loss is the residual of the
Navier-Stokes equations in the norm of :math:`H^{-1}`, which is the error in :math:`H^1` up to
constants. Here the pointwise projection follows, and a loss of fields is given to the task:
its counterpart is ``H1``. ``Sobolev(-1)`` of the *error* would all but ignore the new modes.

References:
    Cao, Brarda, Li and Xi, *Spectral-Refiner: accurate fine-tuning of spatiotemporal Fourier
    neural operator for turbulent flows* (2024), https://arxiv.org/abs/2405.17211
"""

import operator
from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from sgn_sciml.networks.base import OperatorNetwork
from sgn_sciml.operators.networks.fourier.weights import DenseWeights
from sgn_sciml.operators.networks.mode_gate import ModeGate, is_fourier
from sgn_sciml.operators.networks.placement import operator_blocks
from sgn_sciml.operators.networks.weights import load_network_weights

__all__ = ["Refined"]


class Refined(OperatorNetwork):
    """A trained neural operator of which the last spectral layer, with more modes, trains.

    The network that is given is changed, not copied. Factorised weights become dense ones.

    Args:
        network: The trained operator: an FNO, or what holds one.
        checkpoint: Checkpoint of a task whose network's weights it takes. The file is read
            whenever the network is built, so it has to stay where it is.
        modes: Modes of the layer per axis in the papers' meaning, those of the network at least.
            All that the training grid resolves when None, which takes a checkpoint.
        projection: Whether the pointwise network after the layers trains, too.

    Attributes:
        modes: Modes of the layer per axis.

    Raises:
        ValueError: If the network has no Fourier layer or no projection, there are fewer modes
            than before, or the checkpoint holds another network.

    Example:
        >>> from sgn_sciml.operators.networks import FNO
        >>> refined = Refined(FNO(modes=(16,), width=8), modes=(63,))
        >>> [(name, tuple(p.shape)) for name, p in refined.named_parameters() if p.requires_grad]
        [('network.model.fno_blocks.convs.3.bias', (8, 1)), \
('network.model.fno_blocks.convs.3.weight.tensor', (64, 8, 2, 8))]
    """

    def __init__(
        self,
        network: OperatorNetwork,
        checkpoint: str | None = None,
        modes: tuple[int, ...] | None = None,
        projection: bool = False,
    ) -> None:
        super().__init__(network.in_channels, network.out_channels, network.axes)
        grid = () if checkpoint is None else load_network_weights(network, checkpoint)
        owner, key = last_convolution(network)
        conv = owner._modules[key]
        present = modes_of(conv)
        if modes is None:
            if not grid:
                raise ValueError("no checkpoint says what the training grid resolves: set modes")
            # below the Nyquist wavenumber, at which a grid cannot tell phases
            modes = tuple(max((n - 1) // 2, m) for n, m in zip(grid, present, strict=True))
        if len(modes) != len(present) or any(map(operator.lt, modes, present)):
            raise ValueError(
                f"modes needs at least {present}, those of the network, got {tuple(modes)}"
            )
        network.requires_grad_(False)
        owner._modules[key] = widened(conv, modes).train(network.training)
        if projection:
            named = network.named_parameters()
            heads = [p for name, p in named if "projection" in name.split(".")]
            if not heads:
                raise ValueError(f"{type(network).__name__} has no projection")
            for p in heads:
                p.requires_grad_(True)
        self.network = network
        self.modes = tuple(modes)

    def forward(self, x: Tensor) -> Tensor:
        """Apply it, ``(batch, in_channels, *space) -> (batch, out_channels, *space)``."""
        y: Tensor = self.network(x)
        return y

    def extra_repr(self) -> str:
        return f"modes={self.modes}"


def last_convolution(network: nn.Module) -> tuple[nn.Module, str]:
    """The module that holds the last Fourier convolution of a network, and its key there."""
    blocks = [blocks for _, blocks in operator_blocks(network)]
    if not blocks:
        raise ValueError(f"{type(network).__name__} has no Fourier layer")
    owner, key = blocks[-1].convs, str(len(blocks[-1].convs) - 1)
    if isinstance(owner[-1], ModeGate):
        owner, key = owner[-1], "conv"
    if not is_fourier(owner._modules[key]):
        raise ValueError(f"the last layer of {type(network).__name__} is not a Fourier layer")
    return owner, key


def modes_of(conv: Any) -> tuple[int, ...]:
    """Modes per axis in the papers' meaning; the library keeps half of the last axis."""
    *before, last = conv.n_modes
    return (*(n // 2 for n in before), last - 1)


def widened(conv: Any, modes: Sequence[int]) -> Any:
    """A trainable convolution with more modes that does the same: the new weights are zero."""
    old: Tensor = conv.weight.to_tensor().detach()
    new: Any = type(conv)(
        conv.in_channels,
        conv.out_channels,
        tuple(2 * m for m in modes),
        separable=conv.separable,
        bias=False,
        fno_block_precision=conv.fno_block_precision,
        fft_norm=conv.fft_norm,
    )
    new.resolution_scaling_factor = conv.resolution_scaling_factor
    channels, stored = old.shape[: -len(modes)], old.shape[-len(modes) :]
    # both signs of a wavenumber lie around the middle of an axis; the last axis begins at zero
    starts = [n // 2 - m // 2 for n, m in zip(new.n_modes, stored, strict=True)]
    starts[-1] = 0
    where = tuple(slice(s, s + m) for s, m in zip(starts, stored, strict=True))
    weight = old.new_zeros(*channels, *new.n_modes)
    weight[(slice(None),) * len(channels) + where] = old
    if isinstance(new.weight, DenseWeights):
        new.weight.put("tensor", weight)
    else:
        new.weight.tensor = nn.Parameter(weight)
    if conv.bias is not None:
        new.bias = nn.Parameter(conv.bias.detach().clone())
    return new
