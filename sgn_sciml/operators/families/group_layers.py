r"""Layers of G-FNO: functions on the group of quarter turns, with reflections where wanted.

A feature is a field for each element g of the group p4 (4 turns) or p4m (and 4 reflections). A
layer has one kernel w for pairs of channels and an element, and applies

.. math::
    (K v)_g = \sum_h \kappa_{gh} * v_h, \qquad \kappa_{gh} = g \cdot w_{g^{-1} h}

where :math:`g \cdot` turns the kernel: to turn the input then turns the output and permutes its
elements. A kernel in Fourier space turns as one in space does; that of a real one is Hermitian.
Fields have shape ``(batch, channels * elements, n, n)``, the elements of a channel together.
"""

import torch
from torch import Tensor, nn

__all__ = ["GroupPointwise", "GroupSpectral", "orbit"]

TURNS = 4


def orbit(w: Tensor, reflection: bool) -> Tensor:
    r"""Kernels of all elements g of the group.

    Args:
        w: Kernels :math:`w_h`, shape ``(out, in, elements, rows, columns)``.
        reflection: Whether the group has reflections, which come after the turns.

    Returns:
        Kernels, shape ``(out, elements g, in, elements h, rows, columns)``.
    """
    found = [w]
    for _ in range(TURNS - 1):
        w = torch.rot90(w, dims=(-2, -1))
        turned = [w[:, :, :TURNS].roll(1, 2), w[:, :, TURNS:].roll(-1, 2)]
        found.append(w := torch.cat(turned, 2))
    if reflection:
        swapped = [torch.cat([v[:, :, TURNS:], v[:, :, :TURNS]], 2) for v in found]
        found += [v.flip(-2) for v in swapped]
    return torch.stack(found, 1)


class GroupPointwise(nn.Module):
    """Linear map of the channels and elements at each point.

    Args:
        in_channels: Channels in.
        out_channels: Channels out.
        reflection: Whether the group has reflections.
        source: Whether what comes in are fields, or functions on the group.
        target: Likewise for what goes out.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        reflection: bool,
        source: bool = True,
        target: bool = True,
    ) -> None:
        super().__init__()
        self.reflection, self.source, self.target = reflection, source, target
        self.elements = TURNS * (1 + reflection)
        shape = (in_channels, self.elements) if source and target else (in_channels,)
        bound = torch.Size(shape).numel() ** -0.5
        self.weight = nn.Parameter(torch.empty(out_channels, *shape).uniform_(-bound, bound))
        bound = out_channels**-0.5
        self.bias = nn.Parameter(torch.empty(out_channels).uniform_(-bound, bound))

    def matrix(self) -> tuple[Tensor, Tensor]:
        """Weights and biases of channels and elements."""
        count = self.elements
        bias = self.bias.repeat_interleave(count) if self.target else self.bias
        if self.source and self.target:
            every = orbit(self.weight[..., None, None], self.reflection)
            return every.flatten(2).flatten(0, 1), bias
        return self.weight.repeat_interleave(count, 0 if self.target else 1), bias

    def forward(self, x: Tensor) -> Tensor:
        w, bias = self.matrix()
        y = w @ x.flatten(2) + bias[:, None]
        return y.reshape(len(x), -1, *x.shape[2:])


class GroupSpectral(nn.Module):
    """Spectral convolution of functions on the group, wavenumbers below ``modes``.

    Args:
        in_channels: Channels in.
        out_channels: Channels out.
        modes: Modes m along both axes: :math:`|k| < m`.
        reflection: Whether the group has reflections.
    """

    def __init__(self, in_channels: int, out_channels: int, modes: int, reflection: bool) -> None:
        super().__init__()
        self.modes, self.reflection = modes, reflection
        pairs, size = (out_channels, in_channels, TURNS * (1 + reflection)), 2 * modes - 1

        def drawn(*shape: int) -> nn.Parameter:
            bound = torch.Size((*pairs[1:], *shape[:2])).numel() ** -0.5
            return nn.Parameter(torch.empty(*pairs, *shape).uniform_(-bound, bound))

        # of the wavenumbers 0; (k < 0, 0); (k, l > 0): real and imaginary parts
        self.constant = drawn(1, 1)
        self.column = drawn(max(modes - 1, 0), 1, 2) if modes > 1 else None
        self.right = drawn(size, modes - 1, 2) if modes > 1 else None

    def kernel(self) -> Tensor:
        """All wavenumbers from -(m - 1) to m - 1 of Hermitian kernels, complex."""
        centre = torch.complex(self.constant, torch.zeros_like(self.constant))
        if self.column is None or self.right is None:
            return centre
        column, right = torch.view_as_complex(self.column), torch.view_as_complex(self.right)
        middle = torch.cat([column, centre, column.flip(-2).conj()], -2)
        return torch.cat([right.conj().rot90(2, dims=(-2, -1)), middle, right], -1)

    def forward(self, x: Tensor) -> Tensor:
        m, n = self.modes, x.shape[-2:]
        w = orbit(self.kernel(), self.reflection)[..., m - 1 :]  # the other half is its conjugate
        w = w.flatten(2, 3).flatten(0, 1)  # (out * elements, in * elements, 2m - 1, m)
        rows = torch.arange(1 - m, m, device=x.device) % n[0]
        wave = torch.fft.rfft2(x)
        kept = wave.index_select(-2, rows)[..., :m]
        mixed = (w.permute(2, 3, 0, 1) @ kept.permute(2, 3, 1, 0)).permute(3, 2, 0, 1)
        full = wave.new_zeros(*mixed.shape[:2], n[0], m).index_copy(-2, rows, mixed)
        y: Tensor = torch.fft.irfft2(nn.functional.pad(full, (0, n[1] // 2 + 1 - m)), n)
        return y
