r"""Between fields and their lowest modes, by products with matrices or by FFTs.

Fields have shape ``(*grid, batch, channels)``, modes ``(modes, 2, batch, channels)`` with real and
imaginary parts, in the order of :mod:`~sgn_sciml.operators.networks.fourier.matrices`. Then both
are matrices with one column per sample and channel, and nothing has to be moved.

Each :class:`Transform` is a matrix M: ``analyse`` multiplies by it, ``synthesise`` by its
transpose. So the gradient of one is the other.
"""

import math
from abc import ABC, abstractmethod
from operator import index

import torch
import torch.nn.functional as F
from torch import Tensor

from sgn_sciml.operators.networks.fourier.matrices import (
    fourier_matrices,
    frequencies,
    multiplicities,
)

__all__ = ["FastTransform", "ProductTransform", "Transform", "choose_transform"]

# Multiplications of products that cost as much as points * log2(points) of an FFT along strided
# axes. One thread: they break even at 1,024 points and 130 modes, 8,192 and 300, 256 x 256 and 64.
SPEED = 25.0


class Transform(ABC):
    """A truncated Fourier transform of real fields on a grid.

    Args:
        grid: Points along each axis.
        counts: Modes kept along each axis; the last one counts k = 0, 1, ...
        synthesis: Whether the transpose makes a field of its modes, or else ``analyse`` makes the
            modes (means over the domain) of a field.
    """

    def __init__(self, grid: tuple[int, ...], counts: tuple[int, ...], synthesis: bool) -> None:
        # plain numbers also where a compiler has symbols for sizes
        self.grid = tuple([index(n) for n in grid])
        self.counts = tuple([index(n) for n in counts])
        self.synthesis = synthesis
        self.modes = math.prod(counts)

    before = 0  # modes that are zero and take part, in front of the others and behind
    behind = 0

    @abstractmethod
    def analyse(self, x: Tensor) -> Tensor:
        """Modes of fields."""

    @abstractmethod
    def synthesise(self, y: Tensor) -> Tensor:
        """Fields of modes, with the zero ones around them."""

    def room(self, batch: int, channels: int, like: Tensor) -> tuple[Tensor, Tensor]:
        """Memory for modes that ``synthesise`` takes, and the part of it to be written."""
        whole = like.new_empty(self.before + self.modes + self.behind, 2, batch, channels)
        whole[: self.before] = 0
        whole[self.before + self.modes :] = 0
        return whole, whole[self.before : self.before + self.modes]

    def around(self, y: Tensor) -> Tensor:
        """Modes with the zero ones around them."""
        return F.pad(y, (0,) * 6 + (self.before, self.behind)) if self.before else y


class ProductTransform(Transform):
    """By products with matrices."""

    def __init__(self, grid: tuple[int, ...], counts: tuple[int, ...], synthesis: bool) -> None:
        super().__init__(grid, counts, synthesis)
        if len(grid) > 1:  # -0, and +k where there is -k only
            rest = math.prod(counts[1:])
            self.before = rest
            self.behind = (2 * (counts[0] // 2 + 1) - 1 - counts[0]) * rest

    def matrices(self, like: Tensor) -> tuple[Tensor, ...]:
        """The matrix of each axis."""
        found: tuple[Tensor, ...] = fourier_matrices(
            self.grid, self.counts, self.synthesis, like.dtype, like.device
        )
        return found

    def analyse(self, x: Tensor) -> Tensor:
        first, *others = self.matrices(x)
        z = first @ x.reshape(self.grid[0], -1)
        columns = x.shape[-2] * x.shape[-1]
        for axis, matrix in enumerate(others, start=1):
            rest = math.prod(self.grid[axis + 1 :]) * columns
            z = z.view(-1, matrix.shape[1], rest)
            z = torch.bmm(matrix.expand(len(z), -1, -1), z)
        z = z.view(-1, 2, *x.shape[-2:])
        return z[self.before : self.before + self.modes]

    def synthesise(self, y: Tensor) -> Tensor:
        first, *others = self.matrices(y)
        z, columns = y, y.shape[-2] * y.shape[-1]
        for axis, matrix in reversed([*enumerate(others, start=1)]):
            rest = math.prod(self.grid[axis + 1 :]) * columns
            z = z.reshape(-1, len(matrix), rest)
            z = torch.bmm(matrix.mT.expand(len(z), -1, -1), z)
        z = first.mT @ z.reshape(len(first), -1)
        return z.view(*self.grid, *y.shape[-2:])


class FastTransform(Transform):
    """By FFTs."""

    def places(self, like: Tensor) -> list[Tensor]:
        """Where the kept modes are in the spectra of all axes but the last."""
        pairs = zip(self.grid[:-1], self.counts[:-1], strict=True)
        places = [[k % n for k in frequencies(count)] for n, count in pairs]
        return [torch.tensor(each, device=like.device) for each in places]

    def weights(self, like: Tensor, synthesise: bool) -> Tensor:
        """Factors of the modes of the last axis beside what torch's transforms do."""
        n, count = self.grid[-1], self.counts[-1]
        scale = [1 / math.prod(self.grid)] * count
        times = multiplicities(n, count)
        factors = times if self.synthesis else scale
        if synthesise:  # torch counts them by their multiplicity itself
            factors = [a / b for a, b in zip(factors, times, strict=True)]
        return torch.tensor(factors, dtype=like.dtype, device=like.device)[:, None, None]

    def analyse(self, x: Tensor) -> Tensor:
        last, count = len(self.grid) - 1, self.counts[-1]
        z = torch.fft.rfft(x, dim=last).narrow(last, 0, count)
        for axis, places in enumerate(self.places(x)):
            z = torch.fft.fft(z, dim=axis).index_select(axis, places)
        z = (z * self.weights(x, False)).flatten(0, last)
        return torch.view_as_real(z).movedim(-1, 1).contiguous()

    def synthesise(self, y: Tensor) -> Tensor:
        last = len(self.grid) - 1
        z = torch.complex(y[:, 0], y[:, 1]).reshape(*self.counts, *y.shape[2:])
        z = z * self.weights(y, True)
        for axis, places in enumerate(self.places(y)):
            shape = (*z.shape[:axis], self.grid[axis], *z.shape[axis + 1 :])
            z = torch.fft.ifft(
                z.new_zeros(shape).index_copy(axis, places, z), dim=axis, norm="forward"
            )
        field: Tensor = torch.fft.irfft(z, n=self.grid[-1], dim=last, norm="forward")
        return field.contiguous()


def choose_transform(grid: tuple[int, ...], counts: tuple[int, ...], synthesis: bool) -> Transform:
    """The faster of the two for a grid and its modes."""
    points = math.prod(grid)
    fast = operations(grid, counts) > SPEED * points * math.log2(max(points, 2))
    kind = FastTransform if fast else ProductTransform
    return kind(grid, counts, synthesis)


def operations(grid: tuple[int, ...], counts: tuple[int, ...]) -> int:
    """Multiplications that the products with matrices take, for one sample and channel."""
    if len(grid) == 1:
        return 2 * counts[0] * grid[0]
    matrices = counts[0] // 2 + 1
    total = 2 * matrices * math.prod(grid)
    for axis, (n, count) in enumerate(zip(grid[1:], counts[1:], strict=True), start=1):
        count = 2 * count if axis == 1 else count  # for both signs of the first
        total += matrices * 2 * count * 2 * n * math.prod(grid[axis + 1 :])
        matrices *= count
    return total
