"""Spectral weights as real numbers, complex only in the state dict.

Names and values there are those of neuraloperator, so weights go to and fro. In training they are
real, which optimisers, gradient clipping, mixed precision, compilers and ``.double()`` take; Adam
does the same to them as to complex ones.
"""

from typing import Any

import torch
from torch import Tensor, nn

from sgn_sciml.operators.networks.fourier.matrices import frequencies

__all__ = ["DenseWeights", "RealWeights", "TuckerWeights"]


class RealWeights(nn.Module):
    """Parameters whose entries in the state dict are complex."""

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of the real and imaginary parts."""
        return next(self.parameters()).dtype

    def pack(self, name: str, value: Tensor) -> Tensor:
        """A complex entry as a real parameter."""
        return torch.view_as_real(value.resolve_conj())

    def unpack(self, name: str, value: Tensor) -> Tensor:
        """A real parameter as a complex entry."""
        return as_complex(value)

    def put(self, name: str, value: Tensor) -> None:
        """Make a parameter of a complex entry."""
        self.register_parameter(name, nn.Parameter(self.pack(name, value.detach()).contiguous()))

    def _save_to_state_dict(
        self, destination: dict[str, Any], prefix: str, keep_vars: bool
    ) -> None:
        for name, parameter in self.named_parameters(recurse=False):
            value = parameter if keep_vars else parameter.detach()
            destination[prefix + name] = self.unpack(name, value)

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, *args: Any, **kwargs: Any
    ) -> None:
        for name, _ in self.named_parameters(recurse=False):
            value = state_dict.get(prefix + name)
            if isinstance(value, Tensor) and value.is_complex():
                state_dict[prefix + name] = self.pack(name, value)
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)


class DenseWeights(RealWeights):
    """One matrix for each mode.

    Args:
        value: Complex weights, shape ``(in_channels, out_channels, *modes)``, wavenumbers of all
            axes but the last rising from the most negative one.

    Attributes:
        tensor: Shape ``(*modes, in_channels, 2, out_channels)``, wavenumbers in the order of
            :mod:`~sgn_sciml.operators.networks.fourier.matrices`.
    """

    tensor: nn.Parameter

    def __init__(self, value: Tensor) -> None:
        super().__init__()
        self.put("tensor", value)

    def pack(self, name: str, value: Tensor) -> Tensor:
        for axis, count in enumerate(value.shape[2:-1], start=2):
            order = torch.tensor(frequencies(count), device=value.device) + count // 2
            value = value.index_select(axis, order)
        real = torch.view_as_real(value.resolve_conj())
        return real.permute(*range(2, real.ndim - 1), 0, -1, 1)

    def unpack(self, name: str, value: Tensor) -> Tensor:
        modes = value.ndim - 3
        value = as_complex(value.permute(modes, modes + 2, *range(modes), modes + 1).contiguous())
        for axis, count in enumerate(value.shape[2:-1], start=2):
            order = torch.tensor(frequencies(count), device=value.device) + count // 2
            value = value.index_select(axis, order.argsort())
        return value

    def dense(self, kept: tuple[int, ...]) -> Tensor:
        """Weights of the lowest modes, shape ``(*kept, in_channels, 2, out_channels)``."""
        return self.tensor[tuple(slice(count) for count in kept)]

    def to_tensor(self) -> Tensor:
        """Complex weights in neuraloperator's order."""
        return self.unpack("tensor", self.tensor)

    @property
    def shape(self) -> torch.Size:
        """Shape of the complex weights."""
        *modes, rows, _, columns = self.tensor.shape
        return torch.Size((rows, columns, *modes))


class TuckerWeights(RealWeights):
    """A core and one factor for each of input channels, output channels and modes.

    Args:
        core: Complex core.
        factors: Complex factors, shape ``(size, rank)``.
    """

    core: nn.Parameter

    def __init__(self, core: Tensor, factors: list[Tensor]) -> None:
        super().__init__()
        self.put("core", core)
        self.factors = RealWeights()
        for i, factor in enumerate(factors):
            self.factors.put(f"factor_{i}", factor)

    def decomposition(self) -> tuple[Tensor, list[Tensor]]:
        """Core and factors, complex."""
        factors = [as_complex(factor) for factor in self.factors.parameters()]
        return as_complex(self.core), factors

    def dense(self, kept: tuple[int, ...]) -> Tensor:
        """Weights of the lowest modes, shape ``(*kept, in_channels, 2, out_channels)``."""
        core, (rows, columns, *modes) = self.decomposition()
        for factor in (rows, columns):  # first, while there are few modes; they end up behind
            core = torch.tensordot(core, factor, dims=([0], [1]))
        last = len(kept) - 1
        for axis in reversed(range(len(kept))):  # each ends up in front
            factor, count = modes[axis], kept[axis]
            if axis < last:
                order = torch.tensor(frequencies(count), device=factor.device)
                factor = factor[order + len(factor) // 2]
            core = torch.tensordot(factor[:count], core, dims=([1], [last]))
        return torch.view_as_real(core.resolve_conj()).movedim(-1, -2)

    def to_tensor(self) -> Tensor:
        """Complex weights in neuraloperator's order."""
        core, factors = self.decomposition()
        for factor in factors:
            core = torch.tensordot(core, factor, dims=([0], [1]))
        return core

    @property
    def shape(self) -> torch.Size:
        """Shape of the complex weights."""
        return torch.Size(len(factor) for factor in self.factors.parameters())


def as_complex(value: Tensor) -> Tensor:
    """Pairs of numbers as complex ones, in single precision at least."""
    wide = value.to(torch.promote_types(value.dtype, torch.float32))
    return torch.view_as_complex(wide.contiguous())
