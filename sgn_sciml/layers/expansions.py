r"""Bases of each channel: Kolmogorov-Arnold layers without splines.

.. math::
    y_j = \sum_i \sum_b W_{jib}\, \varphi_b(u_i) + c_j

A Kolmogorov-Arnold layer learns a function of each input for each output and adds them up. In
given bases that is a matrix after all bases of all inputs, so the layer is an *expansion*, shape
``(..., n) -> (..., B n)``, and one linear layer after it with its :math:`d_{out}(B n + 1)`
parameters. Channels run fastest: the columns of W are basis by basis.

=============  =================================================  ====
expansion      :math:`\varphi_b(u)`                               B
=============  =================================================  ====
Fourier KAN    :math:`\cos ku,\ \sin ku` for k = 1..K             2K
Chebyshev KAN  :math:`T_k(\tanh u)` for k = 1..K                  K
=============  =================================================  ====

The constant is the bias of the linear layer. Splines are in :mod:`sgn_sciml.layers.splines`. With
Chebyshev polynomials of high degree as the encoding of the coordinates and ReLU after it a
network is SL2A-INR without the low-rank products that bring its first layer to the others.

References:
    Mehrabian et al., *Implicit neural representations with Fourier Kolmogorov-Arnold networks*
    (2024), https://arxiv.org/abs/2409.09323

    Heidari et al., *SL2A-INR: single-layer learnable activation for implicit neural
    representation* (2024), https://arxiv.org/abs/2409.10836

    Sidharth et al., *Chebyshev polynomial-based Kolmogorov-Arnold networks* (2024),
    https://arxiv.org/abs/2405.07200
"""

from abc import ABC, abstractmethod

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sgn_sciml.layers.activations import Activation, Function, as_function

__all__ = ["Chebyshev", "Expansion", "FourierKan"]

CACHED = 2**17
"""Numbers that a processor's cache holds with what they are made from: more, and memory is what
takes the time, five times as much for wide splines."""


class Expansion(Activation, ABC):
    """Base of the expansions, shape ``(..., n) -> (..., bases * n)``.

    Points are taken some at a time on a CPU.

    Args:
        features: Number of channels n.
        bases: Number of bases of each.

    Raises:
        ValueError: If there are no bases.
    """

    def __init__(self, features: int, bases: int) -> None:
        if bases < 1:
            raise ValueError(f"{type(self).__name__} needs at least one basis, got {bases}")
        super().__init__(features, out_features=bases * features)
        self.bases = bases

    @abstractmethod
    def expand(self, u: Tensor) -> Tensor:
        """Evaluate the bases."""

    def forward(self, u: Tensor) -> Tensor:
        if not self.blocked(u):
            return self.expand(u)
        rows = CACHED // self.out_features + 1
        count = u.shape[:-1].numel()
        if not isinstance(u, Tensor) or u.device.type != "cpu" or count <= rows:
            return self.expand(u)  # a jet comes in blocks of its own
        parts = [self.expand(part) for part in torch.split(u.reshape(count, -1), rows)]
        return torch.cat(parts).view(*u.shape[:-1], self.out_features)

    def blocked(self, u: Tensor) -> bool:
        """Whether to take points some at a time."""
        return not torch.compiler.is_exporting()  # a file is for any number of points

    def init_behind(self, linear: nn.Linear) -> None:
        """Initialise the coefficients: Xavier-uniform, zero bias."""
        nn.init.xavier_uniform_(linear.weight)
        nn.init.zeros_(linear.bias)

    def init_head(self, linear: nn.Linear) -> None:
        self.init_behind(linear)

    def extra_repr(self) -> str:
        return f"{self.features} -> {self.out_features}"


class FourierKan(Expansion):
    r"""Fourier series of each channel; coefficients start as :math:`N(0, 1/nK)`.

    Args:
        features: Number of channels n.
        harmonics: Number of harmonics K.
        smooth: Let the k-th coefficients start as :math:`N(0, 1/nk^4)`, so that the functions are
            smooth at first.

    Raises:
        ValueError: If there are no harmonics.
    """

    def __init__(self, features: int, harmonics: int = 8, smooth: bool = False) -> None:
        super().__init__(features, 2 * harmonics)
        self.harmonics = harmonics
        self.smooth = smooth

    def init_behind(self, linear: nn.Linear) -> None:
        k = torch.arange(1.0, self.harmonics + 1).to(linear.weight)
        each = k**-2 if self.smooth else torch.full_like(k, self.harmonics**-0.5)
        with torch.no_grad():
            linear.weight.normal_(0, self.features**-0.5)
            linear.weight.mul_(each.repeat_interleave(self.features).repeat(2))
        nn.init.zeros_(linear.bias)

    def expand(self, u: Tensor) -> Tensor:
        k = torch.arange(1, self.harmonics + 1, dtype=u.dtype, device=u.device)
        phase = torch.cat([u] * self.harmonics, dim=-1) * k.repeat_interleave(self.features)
        return torch.cat([phase.cos(), phase.sin()], dim=-1)


class Chebyshev(Expansion):
    r"""Chebyshev polynomials of each channel, :math:`T_{k+1} = 2 t\, T_k - T_{k-1}`.

    Args:
        features: Number of channels n.
        degree: Highest degree K.
        squash: Function that brings u into [-1, 1]; None where it is there, as coordinates are.

    Raises:
        ValueError: If the degree is below 1.
    """

    def __init__(
        self,
        features: int,
        degree: int = 8,
        squash: Function | None = F.tanh,
    ) -> None:
        super().__init__(features, degree)
        self.squash = None if squash is None else as_function(squash)

    def expand(self, u: Tensor) -> Tensor:
        t = u if self.squash is None else self.squash(u)
        found = [t]
        if self.bases > 1:
            found.append(2 * t.square() - 1)
        for _ in range(self.bases - 2):
            found.append(2 * t * found[-1] - found[-2])
        return torch.cat(found, dim=-1)
