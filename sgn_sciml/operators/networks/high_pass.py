r"""Gates on what lies above the modes of a spectral convolution.

.. math::
    W v \to W v + g \odot \Psi\bigl((1 - P) W v\bigr)

W is the linear path beside the convolution, P keeps the modes of the convolution
(:math:`|k_i| \le n_i / 2`) and :math:`\Psi` is the spectral map of a gate without base.
Coefficients are means over the domain, so it holds at any resolution.
"""

import torch
from torch import Tensor, nn

from sgn_sciml.layers import ChannelsFirst

__all__ = ["HighPassGate", "high_pass"]


class HighPassGate(nn.Module):
    """A linear path beside a spectral convolution, with a gate on what lies above its modes.

    Args:
        skip: The linear path, fields to fields on the same grid.
        gate: Gate without base, ``(..., n) -> (..., n)``, n channels after the path.
        n_modes: Modes that the convolution keeps; the last axis counts one sign.
    """

    def __init__(self, skip: nn.Module, gate: nn.Module, n_modes: tuple[int, ...]) -> None:
        super().__init__()
        self.skip = skip
        self.gate = ChannelsFirst(gate)
        self.n_modes = n_modes

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.skip(x)
        wave: Tensor = self.gate(high_pass(y, self.n_modes))
        return y + wave.to(y.dtype)


def high_pass(u: Tensor, n_modes: tuple[int, ...]) -> Tensor:
    """The part of fields above the modes that a spectral convolution keeps.

    Args:
        u: Real fields, shape ``(batch, channels, *space)``.
        n_modes: Modes kept on each axis, both signs together, the last axis one sign only.

    Returns:
        The rest, zero if the grid has no more modes; single precision at least.
    """
    u = u.to(torch.promote_types(u.dtype, torch.float32))  # no FFT in half precision
    axes, kept = list(range(2, u.dim())), torch.ones((), dtype=torch.bool, device=u.device)
    modes = torch.fft.rfftn(u, dim=axes, norm="forward")
    for axis, (size, count) in enumerate(zip(modes.shape[2:], n_modes, strict=True)):
        k = torch.arange(size, device=u.device)
        last = axis == len(n_modes) - 1
        inside = k < count if last else torch.minimum(k, size - k) <= count // 2
        kept = kept & inside.view(-1, *(1,) * (len(n_modes) - 1 - axis))
    high: Tensor = modes.masked_fill(kept, 0)
    high = torch.fft.irfftn(high, s=u.shape[2:], dim=axes, norm="forward")
    return high
