r"""The base of the adapters over the ``neuraloperator`` library.

They spell ``modes`` as the papers do: m modes per axis are :math:`|k| < m`. The library counts
both signs and keeps n // 2 + 1 on the last axis, so m modes are its ``n_modes = 2m``, which on the
last axis is one more than the papers keep.

What they add: positions of periodic and of closed grids, convolutions that are right on odd
grids, no entry of the library's own in the state dict (its constructor arguments, which neither
strict nor weights-only loading takes), and an import that is paid by those who use it.
"""

import io
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from typing import Any

import torch
from torch import Tensor, nn

from sgn_sciml.networks.base import OperatorNetwork
from sgn_sciml.operators.networks.fourier.channels_last import run

__all__ = ["Adapter", "check_modes", "positions", "require_resolved"]


def positions(x: Tensor, periodic: Sequence[bool]) -> Tensor:
    """Coordinates of a grid on the unit box, as channels.

    Args:
        x: Field, shape ``(batch, channels, *space)``.
        periodic: Whether an axis leaves out its last point, which is its first; a closed axis has
            both ends.

    Returns:
        Coordinates, shape ``(batch, axes, *space)``, dtype and device of x.
    """
    lines = [
        torch.arange(n, device=x.device, dtype=x.dtype) / max(n if wraps else n - 1, 1)
        for n, wraps in zip(x.shape[2:], periodic, strict=True)
    ]
    grid = torch.stack(torch.meshgrid(*lines, indexing="ij"))
    return grid.expand(len(x), *grid.shape)


class Adapter(OperatorNetwork):
    """A model of the library behind our interface.

    Args:
        build: Makes the model from its number of input channels, positions included.
        in_channels: Number of input functions.
        out_channels: Number of output functions.
        axes: Number of space axes.
        periodic: Whether the axes are periodic; one flag for all, or one per axis.
        positional: Whether the network is given the positions.
    """

    def __init__(
        self,
        build: Callable[[int], nn.Module],
        in_channels: int,
        out_channels: int,
        axes: int,
        periodic: bool | Sequence[bool],
        positional: bool,
    ) -> None:
        super().__init__(in_channels, out_channels, axes)
        self.periodic = (periodic,) * axes if isinstance(periodic, bool) else tuple(periodic)
        if len(self.periodic) != axes:
            raise ValueError(f"periodic has {len(self.periodic)} entries for {axes} axes")
        self.positional = positional
        # The library's import changes the filters of the process; its UNO prints.
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
            self.model = build(in_channels + axes * positional)
        self.register_state_dict_post_hook(_drop_metadata)  # type: ignore[no-untyped-call]

    def forward(self, x: Tensor) -> Tensor:
        """Apply it, ``(batch, in_channels, *space) -> (batch, out_channels, *space)``."""
        if self.positional:
            x = torch.cat([x, positions(x, self.periodic)], 1)
        return run(self.model, x)


def _drop_metadata(module: nn.Module, state: dict[str, Any], *_: Any) -> None:
    state.pop("_metadata", None)


def check_modes(modes: Sequence[int]) -> tuple[int, ...]:
    """The library's ``n_modes``.

    Raises:
        ValueError: If there is no mode on an axis.
    """
    if not modes or min(modes) < 1:
        raise ValueError(f"modes needs a number of at least 1 for each space axis, got {modes}")
    return tuple(2 * m for m in modes)


def require_resolved(network: nn.Module, grid: Mapping[str, int]) -> None:
    """See that a grid of training has the modes that a network has weights for.

    Args:
        network: The network.
        grid: Points along each space axis, the finest grid of training.

    Raises:
        ValueError: If some of the weights would never train.
    """
    for module in network.modules():
        if isinstance(module, OperatorNetwork):
            carried = module.resolvable([*grid.values()])
            for m, most, (axis, n) in zip(module.modes, carried, grid.items(), strict=False):
                if m > most:
                    raise ValueError(
                        f"{type(module).__name__} has {m} modes along {axis}, where {n} points "
                        f"carry {most} (their Nyquist wavenumber): weights of the others would "
                        f"never train. Set modes to {most} or fewer"
                    )
