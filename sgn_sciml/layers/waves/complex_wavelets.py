r"""WIRE as published: complex wavelets with complex weights, in real numbers.

.. math::
    T(z) = e^{i \omega z - |s z|^2}, \qquad z = C h + c \in \mathbb{C}^n

A complex channel is two real ones: the channels are first the real parts, then the imaginary
parts. With z = a + ib the wavelet is

.. math::
    e^{-\omega b - s^2 (a^2 + b^2)}\, (\cos \omega a + i \sin \omega a),

and a complex matrix C = A + iB is the real matrix :math:`\begin{pmatrix} A & -B \\ B & A
\end{pmatrix}`, made of half as many numbers. The real part of a complex read-out, which is the
output, is a plain linear layer. The first layer is real in the published code (z = a); here it has
complex weights on the real coordinates, :math:`(A;\, B)`, twice as many of a few.

Weights are those of :mod:`sgn_sciml.layers.waves.wavelets`, uniform in :math:`\pm 1/\sqrt d` for
their real and imaginary parts alike, d the complex inputs. n complex channels cost
:math:`2 n (d + 1)` real parameters.

References:
    Saragadam et al., *WIRE: wavelet implicit neural representations* (2023),
    https://arxiv.org/abs/2301.05187
"""

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from sgn_sciml.layers.activations import Activation

__all__ = ["ComplexGabor"]


class ComplexMatrix(nn.Module):
    """A real matrix that acts on real and imaginary parts as a complex one does."""

    def forward(self, upper: Tensor) -> Tensor:
        """The whole matrix from its upper half ``[A, -B]``, shape ``(n, 2 d) -> (2 n, 2 d)``."""
        real, minus = upper.chunk(2, dim=1)
        return torch.cat([upper, torch.cat([-minus, real], dim=1)])

    def right_inverse(self, weight: Tensor) -> Tensor:
        """The upper half."""
        return weight[: len(weight) // 2]


class ComplexGabor(Activation):
    r"""The complex Gabor wavelet on n complex channels, shape ``(..., 2 n) -> (..., 2 n)``.

    Args:
        features: Number of complex channels n.
        omega: Frequency, in radians per unit of z.
        scale: Scale s of the envelope, in units of 1/z.

    Raises:
        ValueError: If the frequency is negative, or the scale not positive.
    """

    def __init__(self, features: int, omega: float = 10.0, scale: float = 10.0) -> None:
        if not omega >= 0 or not scale > 0:
            raise ValueError(
                f"need omega not negative and scale positive, got {omega} and {scale}"
            )
        super().__init__(features, in_features=2 * features, out_features=2 * features)
        self.omega = omega
        self.scale = scale

    def init_linear(self, linear: nn.Linear, first: bool) -> None:
        complex_inputs = linear.in_features if first else linear.in_features // 2
        bound = complex_inputs**-0.5
        nn.init.uniform_(linear.weight, -bound, bound)
        nn.init.uniform_(linear.bias, -bound, bound)
        if not first:
            parametrize.register_parametrization(linear, "weight", ComplexMatrix())

    def init_head(self, linear: nn.Linear) -> None:
        bound = (linear.in_features // 2) ** -0.5
        nn.init.uniform_(linear.weight, -bound, bound)
        nn.init.uniform_(linear.bias, -bound, bound)

    def forward(self, u: Tensor) -> Tensor:
        a, b = u[..., : self.features], u[..., self.features :]
        size = torch.exp(-self.omega * b - self.scale**2 * (a.square() + b.square()))
        phase = self.omega * a
        return torch.cat([size * torch.cos(phase), size * torch.sin(phase)], dim=-1)

    def extra_repr(self) -> str:
        return f"{self.features}, omega={self.omega:g}, scale={self.scale:g}"
