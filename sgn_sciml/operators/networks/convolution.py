"""Fourier convolution of the library: right on every grid, and in real arithmetic.

Dense weights and those in Tucker form are real parameters, complex in the state dict only, and
:mod:`sgn_sciml.operators.networks.fourier` does the work. Other forms of the library (``cp``,
``tt``, separable, complex fields, reduced precision) keep complex weights and its contractions.

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

from sgn_sciml.operators.networks.fourier.layout import first, last, straight
from sgn_sciml.operators.networks.fourier.product import convolve
from sgn_sciml.operators.networks.fourier.transforms import choose_transform
from sgn_sciml.operators.networks.fourier.weights import (
    DenseWeights,
    RealWeights,
    TuckerWeights,
)
from sgn_sciml.system.extras import needed_by

__all__ = ["spectral_convolution"]


@cache
def spectral_convolution() -> type[Any]:
    """The class, made when the library is first needed."""
    with needed_by("sgn_sciml.operators", "operators"):
        from neuralop.layers.spectral_convolution import SpectralConv

    class FourierConv(SpectralConv):  # type: ignore[misc]
        """The library's convolution; modes are picked and placed by their frequency."""

        weight: Any

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            plain = not (self.separable or self.complex_data)
            if plain and self.fno_block_precision == "full":
                self.weight = real_weights(self.weight, self.factorization)

        @property
        def real(self) -> bool:
            """Whether the weights are real numbers."""
            return isinstance(self.weight, RealWeights)

        def forward(self, x: Tensor, output_shape: tuple[int, ...] | None = None) -> Tensor:
            """Convolve, ``(batch, in_channels, *space) -> (batch, out_channels, *space)``."""
            if not self.real:
                return self._complex(x, output_shape)
            return first(self.on_points(last(straight(x)), output_shape))

        def on_points(
            self,
            x: Tensor,
            output_shape: tuple[int, ...] | None = None,
            skip: Tensor | None = None,
        ) -> Tensor:
            """Convolve ``(*space, batch, in_channels)``; where the weights are real.

            Args:
                x: Fields.
                output_shape: Another grid.
                skip: Matrix of a linear path that is added, ``(out_channels, in_channels)``; the
                    grid is then that of x.

            Returns:
                Fields ``(*space, batch, out_channels)``. Transforms run in single precision at
                least.
            """
            space = tuple(x.shape[:-2])
            grid = self.output_grid(space, output_shape)
            kept = self._kept(space, grid)
            weight = self.weight.dense(kept).flatten(0, len(kept) - 1)
            result = torch.promote_types(x.dtype, self.weight.dtype)
            wide = torch.promote_types(result, torch.float32)
            bias = None if self.bias is None else self.bias.flatten()
            with torch.autocast(x.device.type, enabled=False):
                y = convolve(
                    x.to(wide),
                    weight.to(wide),
                    None if bias is None else bias.to(wide),
                    None if skip is None else skip.to(wide),
                    choose_transform(space, kept, False),
                    choose_transform(grid, kept, True),
                )
            return y.to(result)

        def _kept(self, space: tuple[int, ...], grid: tuple[int, ...]) -> tuple[int, ...]:
            """Modes of each axis that both grids carry."""
            both = [min(sizes) for sizes in zip(space, grid, strict=True)]
            kept = [min(n, m) for n, m in zip(both, self.n_modes, strict=True)]
            kept[-1] = min(both[-1] // 2 + 1, self.n_modes[-1])
            return tuple(kept)

        def _complex(self, x: Tensor, output_shape: tuple[int, ...] | None) -> Tensor:
            """With complex weights; only the kept columns are transformed along other axes."""
            if x.dtype == torch.float64:  # .double() leaves complex weights as they are
                raise ValueError(
                    f"spectral weights in the form {self.factorization} are complex and single "
                    "precision: run it with --trainer.precision 32-true or bf16-mixed"
                )
            space = tuple(x.shape[2:])
            grid = self.output_grid(space, output_shape)
            *others, last = range(2, x.ndim)
            kept = self._kept(space, grid)

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

        def output_grid(
            self, space: tuple[int, ...], shape: tuple[int, ...] | None = None
        ) -> tuple[int, ...]:
            """The grid of the result for one of the input."""
            if shape is not None or self.resolution_scaling_factor is None:
                return tuple(shape or space)
            scaled = zip(space, self.resolution_scaling_factor, strict=True)
            return tuple(round(n * factor) for n, factor in scaled)

    return FourierConv


def real_weights(weight: Any, factorization: str | None) -> Any:
    """Weights as real numbers, where they are dense or in Tucker form."""
    form = (factorization or "dense").lower()
    if form == "dense":
        return DenseWeights(weight.tensor)
    return TuckerWeights(weight.core, list(weight.factors)) if form == "tucker" else weight


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
