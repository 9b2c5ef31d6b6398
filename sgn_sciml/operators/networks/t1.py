r"""Transform once: an operator that is learnt entirely in the frequency domain.

.. math::
    \hat a = \mathcal{T}_m a, \qquad
    y_0 = S \hat a, \quad h_0 = W \sqrt{K}\, \hat a, \qquad u = \mathcal{T}_m^{-1} y_L \\
    t = T_l(h_l), \quad y_{l+1} = (1 + g_l(t)) \odot y_l + r_l(t) / \sqrt K, \quad
    h_{l+1} = \rho\,(h_l + M_l t + B_l \sqrt K\, y_{l+1})

:math:`\mathcal{T}_m` keeps the m lowest modes per axis as K real coefficients. S multiplies each
mode, with a phase on periodic axes: any translation-invariant operator. L blocks correct it.

**Variance.** In a basis that is orthonormal in the mean, :math:`\mathrm{mean}\, a^2 = \sum_k
\hat a_k^2` on every grid. A smooth function has all of it in the K kept coefficients, so that
:math:`\sqrt K \hat a` has mean square :math:`\sigma^2`. Weights of variance 1 / (fan-in x mean
square of what comes in) and :math:`\rho^{-2} = 1 + 1/L` keep it in all features, and
:math:`1 / \sqrt K` hands it to the output. The paper assumes white noise on N points, of which
m modes keep m / N, and makes up for the loss: a smooth input would leave N / m times as large.

**Translations** turn mode k by an angle ks. With ``align`` mode 1 of each periodic axis is turned
into a pure cosine, and back at the end: the network commutes with them. Not in the paper.

References:
    Poli et al., *Transform Once* (2022), https://arxiv.org/abs/2211.14453
"""

import math
from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sgn_sciml.layers import ActivationLike, SpectralGate, make_activation
from sgn_sciml.networks.base import OperatorNetwork

__all__ = ["AxisEnds", "TransformOnce", "analyse", "synthesise"]

AxisEnds = Literal["periodic", "even", "closed"]


def analyse(x: Tensor, modes: int, boundary: AxisEnds) -> Tensor:
    r"""Real coefficients of the m lowest modes along the last axis.

    The basis is :math:`1, \sqrt 2 \cos 2 \pi k x, \sqrt 2 \sin 2 \pi k x` (first all cosines) on a
    periodic axis, else :math:`1, \sqrt 2 \cos \pi k x`. Modes that a grid cannot hold are zero.
    Samples are at j / n (periodic), (j + 1/2) / n (even, DCT-II) or j / (n - 1) (closed, DCT-I).
    Shape ``(..., n)`` to ``(..., 2m - 1)`` on a periodic axis, to ``(..., m)`` otherwise.
    """
    if boundary != "periodic":
        x = torch.cat([x, (x if boundary == "even" else x[..., 1:-1]).flip(-1)], dim=-1)
    kept = min(modes, (x.shape[-1] + 1) // 2)
    c = torch.fft.rfft(x, norm="forward")[..., :kept]
    if boundary == "even":
        c = c * half_cell(c, x.shape[-1]).conj()  # from cell edges to cell centres
    c = F.pad(torch.cat([c[..., :1], 2**0.5 * c[..., 1:]], dim=-1), (0, modes - kept))
    return torch.cat([c.real, -c.imag[..., 1:]], dim=-1) if boundary == "periodic" else c.real


def synthesise(c: Tensor, modes: int, size: int, boundary: AxisEnds) -> Tensor:
    """The inverse of :func:`analyse`: n = ``size`` samples, of the modes they can hold."""
    length = {"periodic": size, "even": 2 * size, "closed": 2 * size - 2}[boundary]
    kept = min(modes, (length + 1) // 2)
    cosine = torch.cat([c[..., :1], 0.5**0.5 * c[..., 1:kept]], dim=-1)
    sine = F.pad(0.5**0.5 * c[..., modes : modes + kept - 1], (1, 0))
    spectrum = torch.complex(cosine, -sine if boundary == "periodic" else 0 * cosine)
    if boundary == "even":
        spectrum = spectrum * half_cell(spectrum, length)
    x: Tensor = torch.fft.irfft(spectrum, n=length, norm="forward")
    return x[..., :size]


def half_cell(c: Tensor, size: int) -> Tensor:
    """Phases of a shift by half a cell."""
    return torch.exp(1j * math.pi / size * torch.arange(c.shape[-1], device=c.device).to(c))


def turn(c: Tensor, angle: Tensor, axis: int) -> Tensor:
    """Shift along a periodic axis: turn its modes k >= 1 by angles, shape ``(batch, m - 1)``."""
    angle = angle.reshape(len(angle), *(1,) * (c.ndim - 2), -1)
    c = c.movedim(2 + axis, -1)
    p, q = c[..., 1:].chunk(2, dim=-1)
    turned = [p * angle.cos() - q * angle.sin(), p * angle.sin() + q * angle.cos()]
    return torch.cat([c[..., :1], *turned], dim=-1).movedim(-1, 2 + axis)


class TransformOnce(OperatorNetwork):
    """Residual network on Fourier or cosine coefficients; the output holds the kept modes only.

    Args:
        in_channels: Number of input functions.
        out_channels: Number of output functions.
        axes: Number of space axes.
        modes: Number of modes m, the constant included: one number, or one per axis.
        boundary: How functions go on, one word or one per axis: ``periodic``, ``even`` (mirrored,
            sampled at cell centres) or ``closed`` (mirrored, sampled with both ends).
        width: Hidden features.
        depth: Number of blocks L.
        activation: Activation, a class or a name; a spectral gate by default.
        align: Commute with translations of periodic axes; not for a law with a fixed forcing.
        gain: Size of the blocks' correction at the start, relative to the input.

    Raises:
        ValueError: If a size is below 1, or modes or boundaries are not one per axis.

    Example:
        >>> network = TransformOnce(1, 1, modes=16, width=32, depth=2)
        >>> network(torch.zeros(5, 1, 100)).shape
        torch.Size([5, 1, 100])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        axes: int = 1,
        modes: int | Sequence[int] = 16,
        boundary: AxisEnds | Sequence[AxisEnds] = "periodic",
        width: int = 384,
        depth: int = 4,
        activation: ActivationLike = SpectralGate,
        align: bool = True,
        gain: float = 1e-2,
    ) -> None:
        super().__init__(in_channels, out_channels, axes)
        self.modes = (modes,) * axes if isinstance(modes, int) else tuple(modes)
        self.boundary = (boundary,) * axes if isinstance(boundary, str) else tuple(boundary)
        if not len(self.modes) == len(self.boundary) == axes:
            raise ValueError(f"need modes and boundary for {axes} axes, got {modes}, {boundary}")
        if min(in_channels, out_channels, axes, *self.modes, width, depth) < 1:
            raise ValueError("channels, axes, modes, width and depth must be at least 1")
        if wrong := set(self.boundary) - {"periodic", "even", "closed"}:
            raise ValueError(f"boundary is periodic, even or closed, got {wrong}")
        wraps = [b == "periodic" for b in self.boundary]
        self.periodic = tuple(i for i, m in enumerate(self.modes) if wraps[i] and m > 1)
        k = math.prod(2 * m - 1 if wraps[i] else m for i, m in enumerate(self.modes))
        self.align, self.scale = align, k**0.5
        copy = torch.arange(-out_channels, 0) % in_channels  # the last inputs
        start = torch.eye(in_channels * 2 ** len(self.periodic))[copy]
        self.propagator = nn.Parameter(start[..., None].repeat(1, 1, k))
        self.lift = linear(in_channels * k, width)
        self.act = nn.ModuleList(make_activation(activation, width) for _ in range(depth))
        with torch.no_grad():
            square = [float(act(torch.randn(1024, width)).square().mean()) for act in self.act]
        # a block adds variance 1 / L to h, half from M, half from B; gain^2 / L to y, all from r
        k = k * out_channels
        readout = [linear(width, 2 * k, depth * s, gain) for s in square]
        for layer in readout:
            layer.weight.data[k:] = 0
        self.readout = nn.ModuleList(readout)
        self.mix = nn.ModuleList(linear(width, width, 2 * depth * s) for s in square[:-1])
        self.back = nn.ModuleList(linear(k, width, 2 * depth) for _ in square[:-1])

    def forward(self, x: Tensor) -> Tensor:
        kinds = list(zip(self.modes, x.shape[2:], self.boundary, strict=True))
        for i, (m, _, kind) in enumerate(kinds, start=2):
            x = analyse(x.movedim(i, -1), m, kind).movedim(-1, i)
        angles = [self.phase(x, axis) for axis in self.periodic] if self.align else []
        for axis, angle in zip(self.periodic, angles, strict=False):
            x = turn(x, -angle, axis)
        x = self.correct(x)
        for axis, angle in zip(self.periodic, angles, strict=False):
            x = turn(x, angle, axis)
        for i, (m, n, kind) in enumerate(kinds, start=2):
            x = synthesise(x.movedim(i, -1), m, n, kind).movedim(-1, i)
        return x

    def correct(self, c: Tensor) -> Tensor:
        """Map coefficients to coefficients, shape ``(batch, channels, *coefficients)``."""
        terms, depth = c, len(self.act)
        for axis in self.periodic:
            angle = c.new_full((1, self.modes[axis] - 1), math.pi / 2)
            terms = torch.cat([terms, turn(terms, angle, axis)], dim=1)
        y = (terms.flatten(2).unsqueeze(1) * self.propagator).sum(2)  # not einsum: full precision
        h = self.lift(self.scale * c.flatten(1))
        for i in range(depth):
            t = self.act[i](h)
            r, g = self.readout[i](t).reshape(len(y), 2, *y.shape[1:]).unbind(1)
            y = (1 + g) * y + r / self.scale
            if i < depth - 1:
                h = h + self.mix[i](t) + self.back[i](self.scale * y.flatten(1))
                h = h / (1 + 1 / depth) ** 0.5
        return y.reshape(len(y), -1, *c.shape[2:])

    def resolvable(self, points: Sequence[int]) -> tuple[int, ...]:
        """As of the base; along an axis that is not periodic, a cosine for each point."""
        pairs = zip(points, self.boundary, strict=False)
        return tuple(n // 2 if boundary == "periodic" else n for n, boundary in pairs)

    def phase(self, c: Tensor, axis: int) -> Tensor:
        """Angles k theta of a periodic axis, theta that of mode 1, shape ``(batch, m - 1)``."""
        m = self.modes[axis]
        line = c.sum(1).movedim(1 + axis, 1).reshape(len(c), 2 * m - 1, -1)[..., 0]
        p, q = line[:, 1], line[:, m]
        theta = torch.atan2(q, p.masked_fill((p == 0) & (q == 0), 1))  # its gradient stays finite
        return theta[:, None] * torch.arange(1, m, device=c.device)


def linear(fan_in: int, fan_out: int, mean_square: float = 1.0, gain: float = 1.0) -> nn.Linear:
    """A linear layer with output of mean square gain^2 for inputs of the given mean square."""
    layer = nn.Linear(fan_in, fan_out)
    nn.init.normal_(layer.weight, std=gain * (fan_in * mean_square) ** -0.5)
    nn.init.zeros_(layer.bias)
    return layer
