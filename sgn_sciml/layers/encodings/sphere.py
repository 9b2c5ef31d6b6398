r"""Spherical harmonics of a place on a globe, given by longitude and latitude.

.. math::
    Y_{lm} = \sqrt 2\; q_{lm}(z) \begin{cases} \mathrm{Re} \\ \mathrm{Im} \end{cases}
    (x + i y)^{|m|}, \qquad (x, y, z) = (\cos\theta \cos\lambda,\ \cos\theta \sin\lambda,\
    \sin\theta)

for degrees l up to L, the imaginary part where m is negative, without the factor and the power for
m = 0. They are orthonormal on the sphere, know that longitudes meet and that all of them meet at
the poles, and are polynomials of (x, y, z), so that no derivative fails there. :math:`q_{lm}` is
the normalised Legendre function without its power of :math:`\cos\theta`, by the usual recurrence
of three terms.

A SIREN after them is what the authors recommend for places.

References:
    Rußwurm et al., *Geographic location encoding with spherical harmonics and sinusoidal
    representation networks* (2024), https://arxiv.org/abs/2310.06743
"""

import math

import torch
from torch import Tensor

from sgn_sciml.layers.encodings.fourier import Encoding, known

__all__ = ["SphericalHarmonics"]


class SphericalHarmonics(Encoding):
    r"""Real harmonics up to a degree, shape ``(..., d) -> (..., (L + 1)^2 + d - 2)``.

    Other coordinates than longitude and latitude come behind, unchanged. The domain of the network
    must have the ends that are named here, which are those of the whole globe: a grid that ends
    one cell before 360 degrees ends there.

    Args:
        in_features: Number of coordinates d; a configuration may leave it out.
        degree: Highest degree L.
        axes: Which coordinates are longitude and latitude.
        longitude: Degrees at the ends of the scaled longitude.
        latitude: Degrees at the ends of the scaled latitude.

    Raises:
        ValueError: If the degree is negative, or two axes do not exist.
    """

    def __init__(
        self,
        in_features: int | None = None,
        degree: int = 10,
        axes: tuple[int, int] = (0, 1),
        longitude: tuple[float, float] = (-180.0, 180.0),
        latitude: tuple[float, float] = (-90.0, 90.0),
    ) -> None:
        in_features = known(self, in_features)
        if degree < 0:
            raise ValueError(f"SphericalHarmonics needs a degree of at least 0, got {degree}")
        if len(set(axes)) != 2 or not all(0 <= axis < in_features for axis in axes):
            raise ValueError(
                f"SphericalHarmonics: longitude and latitude are two of {in_features} "
                f"coordinates, counted from 0, got axes={tuple(axes)}"
            )
        super().__init__(in_features, (degree + 1) ** 2 + in_features - 2)
        self.degree = degree
        self.axes = tuple(axes)
        self.longitude = longitude
        self.latitude = latitude

    def forward(self, s: Tensor) -> Tensor:
        ends = (self.longitude, self.latitude)
        angles = [
            math.radians(low) + (s[..., axis : axis + 1] + 1) * math.radians((high - low) / 2)
            for axis, (low, high) in zip(self.axes, ends, strict=True)
        ]
        others = [s[..., i : i + 1] for i in range(self.in_features) if i not in self.axes]
        return torch.cat([*self.harmonics(*angles), *others], dim=-1)

    def harmonics(self, longitude: Tensor, latitude: Tensor) -> list[Tensor]:
        """The harmonics at angles in radians, by degree and, within it, from m = -l to l."""
        z, shadow = torch.sin(latitude), torch.cos(latitude)
        x, y = shadow * torch.cos(longitude), shadow * torch.sin(longitude)
        found: dict[tuple[int, int], Tensor] = {}
        real, imaginary = 0.0 * z + 1.0, 0.0 * z
        for m in range(self.degree + 1):
            if m:
                real, imaginary = x * real - y * imaginary, x * imaginary + y * real
            for degree, legendre in enumerate(self.legendre(z, m), m):
                found[degree, m] = legendre * real
                if m:
                    found[degree, -m] = legendre * imaginary
        return [found[k, m] for k in range(self.degree + 1) for m in range(-k, k + 1)]

    def legendre(self, z: Tensor, m: int) -> list[Tensor]:
        r"""The factors :math:`q_{lm}` for l from m on, with that of both signs of m."""
        first = math.sqrt((2 if m else 1) / (4 * math.pi))
        for k in range(1, m + 1):
            first *= math.sqrt((2 * k + 1) / (2 * k))
        found = [0.0 * z + first]
        for k in range(m + 1, self.degree + 1):
            up = math.sqrt((4 * k * k - 1) / (k * k - m * m))
            following = up * z * found[-1]
            if k > m + 1:
                back = math.sqrt(((k - 1) ** 2 - m * m) / (4 * (k - 1) ** 2 - 1))
                following = following - up * back * found[-2]
            found.append(following)
        return found

    def extra_repr(self) -> str:
        return f"{self.in_features}, degree={self.degree}, axes={self.axes}"
