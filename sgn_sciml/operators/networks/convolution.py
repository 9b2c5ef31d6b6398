"""Fourier convolution of the library: right on every grid, and without the work for zeros.

neuraloperator 2.0.0 transforms all columns, shifts whole spectra and undoes ``fftshift`` by
another ``fftshift``. On an axis with an odd number of points, the last one excepted, that moves
every output mode by one: results on 85 x 85 nodes, or of a network that was trained on an even
grid and is tested on an odd one, are wrong. Where the output has another grid (UNO), it pads such
an axis behind the negative frequencies, which then are others.
"""

from functools import cache
from typing import Any

import torch
from torch import Tensor

from sgn_sciml.system.extras import needed_by

__all__ = ["spectral_convolution"]


@cache
def spectral_convolution() -> type[Any]:
    """The class, made when the library is first needed."""
    with needed_by("sgn_sciml.operators", "operators"):
        from neuralop.layers.spectral_convolution import SpectralConv

    class FourierConv(SpectralConv):  # type: ignore[misc]
        """The library's convolution; modes are picked and placed by their frequency.

        Only the kept columns are transformed along the other axes.
        """

        def forward(self, x: Tensor, output_shape: tuple[int, ...] | None = None) -> Tensor:
            """Convolve, ``(batch, in_channels, *space) -> (batch, out_channels, *space)``."""
            if x.dtype == torch.float64:  # .double() leaves complex weights as they are
                raise ValueError(
                    "neuraloperator's spectral weights are single precision; "
                    "run it with --trainer.precision 32-true or bf16-mixed"
                )
            grid = self._output_grid(x, output_shape)
            *others, last = range(2, x.ndim)
            both = [min(sizes) for sizes in zip(x.shape[2:], grid, strict=True)]
            kept = [min(n, m) for n, m in zip(both, self.n_modes, strict=True)]
            kept[-1] = min(both[-1] // 2 + 1, self.n_modes[-1])

            modes = torch.fft.rfft(x.float(), norm=self.fft_norm)[..., : kept[-1]]
            if others:
                modes = torch.fft.fftn(modes, dim=others, norm=self.fft_norm)
            part = [slice(None)] * (1 if self.separable else 2)  # channels
            for dim, count, stored in zip(others, kept, self.max_n_modes, strict=False):
                modes = _lowest(modes, dim, count)
                first = stored // 2 - count // 2
                part.append(slice(first, first + count))
            weight = self.weight[(*part, slice(kept[-1]))]
            out = self._contract(modes, weight, separable=self.separable)
            for dim in others:
                out = _place(out, dim, grid[dim - 2])
            if others:
                out = torch.fft.ifftn(out, dim=others, norm=self.fft_norm)
            y: Tensor = torch.fft.irfft(out, n=grid[last - 2], norm=self.fft_norm)
            return y if self.bias is None else y + self.bias

        def _output_grid(self, x: Tensor, shape: tuple[int, ...] | None) -> tuple[int, ...]:
            if shape is not None or self.resolution_scaling_factor is None:
                return tuple(shape or x.shape[2:])
            scaled = zip(x.shape[2:], self.resolution_scaling_factor, strict=True)
            return tuple(round(n * factor) for n, factor in scaled)

    return FourierConv


def _lowest(modes: Tensor, dim: int, count: int) -> Tensor:
    """The lowest frequencies of an axis, in rising order from ``-(count // 2)``."""
    size, negative = modes.shape[dim], count // 2
    parts = modes.narrow(dim, size - negative, negative), modes.narrow(dim, 0, count - negative)
    return torch.cat(parts, dim)


def _place(modes: Tensor, dim: int, size: int) -> Tensor:
    """Rising frequencies in the order of a transform of so many points, zeros between."""
    count, negative = modes.shape[dim], modes.shape[dim] // 2
    shape = list(modes.shape)
    shape[dim] = size - count
    parts = modes.narrow(dim, negative, count - negative), modes.narrow(dim, 0, negative)
    return torch.cat([parts[0], modes.new_zeros(shape), parts[1]], dim)
