r"""Encodings by waves and by activations, of coordinates scaled to :math:`[-1, 1]^d`."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sgn_sciml.layers.activations import ActivationLike, make_activation

__all__ = [
    "ActivationEncoding",
    "Encoding",
    "GaussianFourierFeatures",
    "LearnableFourierFeatures",
    "PeriodicEncoding",
    "PositionalEncoding",
]


class Encoding(nn.Module):
    """Base of the encodings, shape ``(..., in_features) -> (..., out_features)``.

    Args:
        in_features: Number of coordinates.
        out_features: Number of encoded features.
    """

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features

    def init_behind(self, linear: nn.Linear) -> None:
        """Initialise the linear layer after it, where that is the encoding's affair: it is not."""

    def magnitudes(self) -> Tensor:
        """Frequency of each encoded feature, shape ``(out_features,)``, 0 where it has none.

        Raises:
            NotImplementedError: If features have no frequencies.
        """
        raise NotImplementedError(f"features of {type(self).__name__} have no frequencies")


def known(encoding: Encoding, in_features: int | None) -> int:
    """The number of coordinates of an encoding.

    Raises:
        ValueError: If it was not given.
    """
    if in_features is None:
        raise ValueError(f"{type(encoding).__name__} needs in_features, the number of coordinates")
    return in_features


class ActivationEncoding(Encoding):
    """An activation applied to the coordinates: the bases of a first Kolmogorov-Arnold layer.

    Args:
        in_features: Number of coordinates.
        activation: Activation, a class or a name.

    Raises:
        ValueError: If the activation takes another number of channels.

    Example:
        >>> from sgn_sciml.layers.expansions import Chebyshev
        >>> ActivationEncoding(2, Chebyshev).out_features
        16
    """

    def __init__(self, in_features: int, activation: ActivationLike) -> None:
        made = make_activation(activation, in_features)
        if made.in_features != in_features:
            raise ValueError(
                f"{type(made).__name__} takes {made.in_features} channels and cannot encode "
                f"{in_features} coordinates"
            )
        super().__init__(in_features, made.out_features)
        self.activation = made

    def init_behind(self, linear: nn.Linear) -> None:
        self.activation.init_behind(linear)

    def forward(self, s: Tensor) -> Tensor:
        y: Tensor = self.activation(s)
        return y


class PeriodicEncoding(Encoding):
    r"""Make the network periodic in some coordinates.

    Coordinate :math:`s_i` becomes :math:`\cos k\pi s_i, \sin k\pi s_i` for k = 1..harmonics, which
    has period 2, the width of the scaled domain; the other coordinates pass unchanged.

    Args:
        in_features: Number of coordinates; a configuration may leave it out.
        axes: Which coordinates are periodic; in a configuration those of the problem, and the
            first, if None.
        harmonics: Number of harmonics of each.

    Raises:
        ValueError: For an axis that does not exist or comes twice, or no harmonics.

    References:
        Dong and Ni, *A method for representing periodic functions and enforcing exactly periodic
        boundary conditions with deep neural networks* (2021), https://arxiv.org/abs/2007.07442
    """

    def __init__(
        self,
        in_features: int | None = None,
        axes: tuple[int, ...] | None = None,
        harmonics: int = 1,
    ) -> None:
        in_features = known(self, in_features)
        axes = (0,) if axes is None else axes
        if harmonics < 1 or not all(0 <= axis < in_features for axis in axes):
            raise ValueError(f"axes must lie in 0..{in_features - 1} and harmonics be >= 1")
        if len(set(axes)) < len(axes):
            raise ValueError(f"an axis is named twice: {tuple(axes)}")
        super().__init__(in_features, in_features + len(axes) * (2 * harmonics - 1))
        self.axes = tuple(axes)
        self.others = tuple(i for i in range(in_features) if i not in self.axes)
        self.harmonics = harmonics

    def forward(self, s: Tensor) -> Tensor:
        k = math.pi * torch.arange(1, self.harmonics + 1, dtype=s.dtype, device=s.device)
        parts = [s[..., i : i + 1] for i in self.others]
        for axis in self.axes:
            phase = s[..., axis : axis + 1] * k
            parts += [phase.cos(), phase.sin()]
        return torch.cat(parts, dim=-1)

    def magnitudes(self) -> Tensor:
        k = math.pi * torch.arange(1, self.harmonics + 1)
        return torch.cat([torch.zeros(len(self.others)), k.repeat(2 * len(self.axes))])

    def extra_repr(self) -> str:
        return f"{self.in_features}, axes={self.axes}, harmonics={self.harmonics}"


class GaussianFourierFeatures(Encoding):
    r"""Random Fourier features :math:`[\cos 2\pi B s, \sin 2\pi B s]`.

    The entries of B are drawn from :math:`N(0, \sigma^2)`.

    Args:
        in_features: Number of coordinates; a configuration may leave it out.
        num_frequencies: Number of frequencies, half the output channels.
        scale: Standard deviation sigma, in cycles per unit of the scaled coordinate.
        trainable: Train B; it is a fixed buffer otherwise, as in the paper.

    Raises:
        ValueError: If ``num_frequencies`` is below 1.

    References:
        Tancik et al., *Fourier features let networks learn high frequency functions in low
        dimensional domains* (2020), https://arxiv.org/abs/2006.10739
    """

    def __init__(
        self,
        in_features: int | None = None,
        num_frequencies: int = 64,
        scale: float = 1.0,
        trainable: bool = False,
    ) -> None:
        in_features = known(self, in_features)
        if num_frequencies < 1:
            raise ValueError(f"need num_frequencies >= 1, got {num_frequencies}")
        super().__init__(in_features, 2 * num_frequencies)
        b = scale * torch.randn(num_frequencies, in_features)
        self.scale = scale
        self.frequencies: Tensor
        if trainable:
            self.frequencies = nn.Parameter(b)
        else:
            self.register_buffer("frequencies", b)

    def forward(self, s: Tensor) -> Tensor:
        phase = 2 * math.pi * s @ self.frequencies.T
        return torch.cat([phase.cos(), phase.sin()], dim=-1)

    def magnitudes(self) -> Tensor:
        radians: Tensor = 2 * math.pi * torch.linalg.vector_norm(self.frequencies.detach(), dim=1)
        return radians.repeat(2)

    def extra_repr(self) -> str:
        return f"{self.in_features}, {self.out_features // 2}, scale={self.scale}"


class LearnableFourierFeatures(Encoding):
    r"""Trained Fourier features and a small network on them.

    .. math::
        e(s) = W_2\, \mathrm{GELU}\!\left(W_1 \tfrac{1}{\sqrt{2m}}
        [\cos W_r s,\ \sin W_r s] + b_1\right) + b_2

    :math:`W_r` is m by d and starts as :math:`N(0, \gamma^2)`; the paper writes its deviation
    :math:`\gamma^{-1}`. There are :math:`md + (2m + 1) h + (h + 1) e` parameters. (For trained
    features without the network, see :class:`GaussianFourierFeatures`.)

    Args:
        in_features: Number of coordinates d; a configuration may leave it out.
        num_frequencies: Number of frequencies m.
        hidden: Width h of the network.
        out_features: Number of encoded features e.
        scale: Standard deviation of the frequencies, in radians per unit of the scaled coordinate.

    Raises:
        ValueError: If a number is below 1.

    References:
        Li et al., *Learnable Fourier features for multi-dimensional spatial positional encoding*
        (2021), https://arxiv.org/abs/2106.02795
    """

    def __init__(
        self,
        in_features: int | None = None,
        num_frequencies: int = 32,
        hidden: int = 32,
        out_features: int = 64,
        scale: float = 10.0,
    ) -> None:
        in_features = known(self, in_features)
        if min(num_frequencies, hidden, out_features) < 1:
            raise ValueError(
                "num_frequencies, hidden and out_features must be at least 1, got "
                f"{num_frequencies}, {hidden}, {out_features}"
            )
        super().__init__(in_features, out_features)
        self.scale = scale
        self.frequencies = nn.Parameter(scale * torch.randn(num_frequencies, in_features))
        self.hidden = nn.Linear(2 * num_frequencies, hidden)
        self.output = nn.Linear(hidden, out_features)

    def forward(self, s: Tensor) -> Tensor:
        phase = s @ self.frequencies.T
        waves = torch.cat([phase.cos(), phase.sin()], dim=-1) * (2 * len(self.frequencies)) ** -0.5
        y: Tensor = self.output(F.gelu(self.hidden(waves)))
        return y

    def extra_repr(self) -> str:
        return f"{self.in_features}, {len(self.frequencies)}, scale={self.scale}"


class PositionalEncoding(Encoding):
    r"""Octaves of each coordinate, :math:`\sin 2^k\pi s, \cos 2^k\pi s` for k = 0..octaves-1.

    The highest frequency is :math:`2^{\text{octaves}-2}` cycles per unit of the scaled coordinate;
    a grid of n samples along [-1, 1] carries up to n/4. The waves have period 2, so that they take
    the two ends of the domain for one place; the coordinates themselves tell them apart. (The
    formula is the paper's; its authors' code leaves out :math:`\pi` and adds the coordinates.)

    Args:
        in_features: Number of coordinates; a configuration may leave it out.
        octaves: Number of frequencies of each.
        include_input: Whether the coordinates come first.

    Raises:
        ValueError: If ``octaves`` is below 1.

    References:
        Mildenhall et al., *NeRF: representing scenes as neural radiance fields for view synthesis*
        (2020), https://arxiv.org/abs/2003.08934
    """

    def __init__(
        self, in_features: int | None = None, octaves: int = 8, include_input: bool = True
    ) -> None:
        in_features = known(self, in_features)
        if octaves < 1:
            raise ValueError(f"need octaves >= 1, got {octaves}")
        super().__init__(in_features, in_features * (2 * octaves + include_input))
        self.octaves = octaves
        self.include_input = include_input

    def forward(self, s: Tensor) -> Tensor:
        k = math.pi * 2 ** torch.arange(self.octaves, dtype=s.dtype, device=s.device)
        phase = torch.cat([s[..., i : i + 1] * k for i in range(self.in_features)], dim=-1)
        parts = [phase.sin(), phase.cos()]
        return torch.cat([s, *parts] if self.include_input else parts, dim=-1)

    def magnitudes(self) -> Tensor:
        k = math.pi * 2 ** torch.arange(self.octaves)
        plain = torch.zeros(self.in_features * self.include_input)
        return torch.cat([plain, k.repeat(2 * self.in_features)])

    def extra_repr(self) -> str:
        return f"{self.in_features}, octaves={self.octaves}, include_input={self.include_input}"
