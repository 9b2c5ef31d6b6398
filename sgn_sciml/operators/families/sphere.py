r"""Spherical harmonic transforms of fields on latitudes and longitudes.

.. math::
    \hat f_{lm} = \int f\, \overline{Y_{lm}}\, d\Omega, \qquad
    f = \sum_{l < L} \sum_{|m| \le l} \hat f_{lm} Y_{lm}

with orthonormal harmonics. Latitudes are evenly spaced from pole to pole, both ends included
(Clenshaw and Curtis), or those of Gauss; longitudes are evenly spaced and periodic. A field of
degrees below L is transformed exactly if there are 2L - 1 even or L Gauss latitudes, and 2L - 1
longitudes.

References:
    Driscoll and Healy, *Computing Fourier transforms and convolutions on the 2-sphere* (1994)

    Waldvogel, *Fast construction of the Fejer and Clenshaw-Curtis quadrature rules* (2006)
"""

import math
from functools import lru_cache
from typing import Literal

import numpy as np
import torch
from torch import Tensor

__all__ = ["Latitudes", "analyse_sphere", "colatitudes", "synthesise_sphere"]

Latitudes = Literal["even", "gauss"]


def colatitudes(count: int, kind: Latitudes) -> tuple[Tensor, Tensor]:
    """Angles from the north pole and quadrature weights of cos, shape ``(count,)``, float64."""
    if kind == "gauss":
        x, w = np.polynomial.legendre.leggauss(count)
        return torch.from_numpy(np.arccos(x[::-1]).copy()), torch.from_numpy(w[::-1].copy())
    angle = torch.linspace(0, math.pi, count, dtype=torch.float64)
    k = torch.arange(0, count, 2, dtype=torch.float64)  # integrals of cosines, 2 / (1 - k^2)
    integral = 2 / (1 - k**2)
    integral[1:] *= 2
    if count % 2:
        integral[-1] /= 2
    ends = torch.ones(count, dtype=torch.float64)
    ends[[0, -1]] = 0.5
    return angle, ends * ((angle[:, None] * k).cos() @ integral) / (count - 1)


@lru_cache(maxsize=64)
def _legendre(
    count: int, kind: Latitudes, degrees: int, dtype: torch.dtype, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Normalised associated Legendre functions, ``(m, l, latitudes)``; the same with weights."""
    angle, weights = colatitudes(count, kind)
    x, s = angle.cos(), angle.sin()
    p = torch.zeros(degrees, degrees, count, dtype=torch.float64)
    p[0, 0] = (4 * math.pi) ** -0.5
    for n in range(1, degrees):
        p[n, n] = -(((2 * n + 1) / (2 * n)) ** 0.5) * s * p[n - 1, n - 1]
        p[n - 1, n] = (2 * n + 1) ** 0.5 * x * p[n - 1, n - 1]
        m = torch.arange(n - 1, dtype=torch.float64)[:, None]
        a = ((4 * n**2 - 1) / (n**2 - m**2)).sqrt()
        b = (((n - 1) ** 2 - m**2) / (4 * (n - 1) ** 2 - 1)).sqrt()
        p[: n - 1, n] = a * (x * p[: n - 1, n - 1] - b * p[: n - 1, n - 2])
    return p.to(device, dtype), (p * weights).to(device, dtype)


def analyse_sphere(f: Tensor, degrees: int, kind: Latitudes = "even") -> Tensor:
    """Coefficients of orders m >= 0.

    Args:
        f: Real fields, shape ``(*, latitudes, longitudes)``.
        degrees: Number of degrees L, at most half the longitudes.
        kind: Kind of the latitudes.

    Returns:
        Complex coefficients, shape ``(*, L, L)``: degree l and order m, 0 where m > l.
    """
    rows, columns = f.shape[-2:]
    _, weighted = _legendre(rows, kind, degrees, f.dtype, f.device)
    wave = torch.fft.rfft(f)[..., :degrees] * (2 * math.pi / columns)
    parts = [torch.einsum("mlt,...tm->...lm", weighted, p) for p in (wave.real, wave.imag)]
    return torch.complex(*parts)


def synthesise_sphere(
    c: Tensor, latitudes: int, longitudes: int, kind: Latitudes = "even"
) -> Tensor:
    """Fields of coefficients, the inverse of :func:`analyse_sphere`."""
    functions, _ = _legendre(latitudes, kind, c.shape[-1], c.real.dtype, c.device)
    parts = [torch.einsum("mlt,...lm->...tm", functions, p) for p in (c.real, c.imag)]
    f: Tensor = torch.fft.irfft(torch.complex(*parts) * longitudes, longitudes)
    return f
