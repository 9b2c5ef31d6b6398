r"""Self-scaled Broyden: the quasi-Newton method between BFGS and DFP that fits the curvature.

.. math::
    H_{k+1} = \frac{1}{\tau_k} \left(H_k - \frac{H_k y\, y^T H_k}{y^T H_k y}
        + \phi_k\, v v^T\right) + \frac{s s^T}{s^T y}, \qquad
    v = \sqrt{y^T H_k y} \left(\frac{s}{s^T y} - \frac{H_k y}{y^T H_k y}\right)

:math:`\phi = 1` is BFGS and :math:`\phi = 0` is DFP; :math:`\phi_k` and :math:`\tau_k` follow from
:math:`b = s^T H_k^{-1} s / s^T y` and :math:`h = y^T H_k y / s^T y`. On residual losses it needs
fewer iterations than self-scaled BFGS.

References:
    Al-Baali, *Numerical experience with a class of self-scaling quasi-Newton algorithms* (1998)

    Urbán, Stefanou and Pons, *Unveiling the optimization process of physics informed neural
    networks* (2025), https://arxiv.org/abs/2405.04230
"""

import math

import torch
from torch import Tensor

from sgn_sciml.optim.ssbfgs import SSBFGS

__all__ = ["SSBroyden"]


class SSBroyden(SSBFGS):
    """Self-scaled Broyden with a strong Wolfe line search; arguments as :class:`SSBFGS`."""

    @staticmethod
    def update(h: Tensor | None, s: Tensor, y: Tensor, bs: Tensor) -> Tensor:
        if h is None:
            return SSBFGS.update(h, s, y, bs)
        hy = h @ y
        sy, yhy, sbs = torch.stack([s @ y, y @ hy, s @ bs]).tolist()
        # Otherwise rounding has cost h its definiteness.
        if not (yhy > 0 and 0 < sbs * yhy < 1e12 * sy**2):
            return SSBFGS.update(h, s, y, bs)
        phi, tau = coefficients(sbs / sy, yhy / sy, len(s))
        v = math.sqrt(yhy) * (s / sy - hy / yhy)
        left = torch.stack([hy / (-yhy * tau), v * (phi / tau), s / sy], 1)
        return h.addmm_(left, torch.stack([hy, v, s], 0), beta=1 / tau)


def coefficients(b: float, h: float, dimension: int) -> tuple[float, float]:
    r"""Broyden's :math:`\phi` and the scaling :math:`\tau`.

    Args:
        b: :math:`s^T H^{-1} s / s^T y`, positive.
        h: :math:`y^T H y / s^T y`, positive; b h is at least 1.
        dimension: Number of parameters.
    """
    a = max(b * h - 1, 1e-12)  # 0 where y = H^{-1} s up to a factor
    least = min(1.0, h * (1 - math.sqrt(a / (a + 1))))
    theta = max((least - 1) / a, min(1 / least, (1 - b) / b))
    sigma = 1 + a * theta
    phi = (1 - theta) / sigma
    shrunk = min(1.0, 1 / b) * sigma ** (-1 / max(dimension - 1, 1))
    if theta > 0:
        return phi, min(shrunk, min(1.0, 1 / b) / theta)
    return phi, min(shrunk, sigma)
