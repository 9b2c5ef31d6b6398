"""Fourier convolution of the library, right on odd grids too.

neuraloperator 2.0.0 undoes ``fftshift`` by another ``fftshift``. On an axis with an odd number of
points, the last one excepted, that moves every output mode by one: results on 85 x 85 nodes, or of
a network that was trained on an even grid and is tested on an odd one, are wrong.
"""

from functools import cache
from typing import Any

import torch
from torch import Tensor

__all__ = ["spectral_convolution"]


@cache
def spectral_convolution() -> type[Any]:
    """The class, made when the library is first needed."""
    from neuralop.layers.spectral_convolution import SpectralConv

    class FourierConv(SpectralConv):  # type: ignore[misc]
        """The library's convolution; on odd grids the modes are placed by their frequency."""

        def forward(self, x: Tensor, output_shape: tuple[int, ...] | None = None) -> Tensor:
            """Convolve, ``(batch, in_channels, *space) -> (batch, out_channels, *space)``."""
            if x.dtype == torch.float64:  # .double() leaves complex weights as they are
                raise ValueError(
                    "neuraloperator's spectral weights are single precision; "
                    "run it with --trainer.precision 32-true or bf16-mixed"
                )
            if all(n % 2 == 0 for n in x.shape[2:-1]):
                even: Tensor = super().forward(x, output_shape)
                return even
            return self._by_frequency(x, output_shape)

        def _by_frequency(self, x: Tensor, output_shape: tuple[int, ...] | None) -> Tensor:
            dims = list(range(2, x.ndim))
            modes = torch.fft.rfftn(x, dim=dims, norm=self.fft_norm)
            first = 1 if self.separable else 2  # axis of the weights that holds modes
            weight, places = self.weight, []
            limits = zip(modes.shape[2:], self.n_modes, self.max_n_modes, strict=True)
            for axis, (size, count, stored) in enumerate(limits):
                kept = min(size, count)
                if axis == len(dims) - 1:
                    k, begin = torch.arange(kept), 0
                else:
                    k = torch.arange(kept) - kept // 2
                    begin = stored // 2 - kept // 2
                shape = [slice(None)] * (first + axis) + [slice(begin, begin + kept)]
                weight = weight[tuple(shape)]
                places.append((k % size).to(x.device))
            where = (slice(None), slice(None), *torch.meshgrid(*places, indexing="ij"))
            out = modes.new_zeros(len(x), self.out_channels, *modes.shape[2:])
            out[where] = self._contract(modes[where], weight, separable=self.separable)
            sizes: Any = output_shape or list(x.shape[2:])
            if self.resolution_scaling_factor is not None and output_shape is None:
                scaled = zip(sizes, self.resolution_scaling_factor, strict=True)
                sizes = [round(s * r) for s, r in scaled]
            y: Tensor = torch.fft.irfftn(out, s=sizes, dim=dims, norm=self.fft_norm)
            return y if self.bias is None else y + self.bias

    return FourierConv
