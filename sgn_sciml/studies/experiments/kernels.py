r"""The tangent kernel of a network, and what it says about frequencies.

On the points :math:`x_1 \dots x_N` a network u of parameters theta has the empirical kernel

.. math::
    K = J J^T, \qquad J_{ip} = \partial u(x_i) / \partial \theta_p .

Gradient flow on :math:`\frac{1}{2N} \|u - f\|^2` changes the residual r as
:math:`\dot r = -K r / N` as long as the kernel stays what it is. Points are equispaced over a
period, so that the real Fourier modes are orthonormal: q of wavenumber k decays at first at the
rate :math:`q^T K q / N`, and were q an eigenvector, always.

References:
    Jacot, Gabriel and Hongler, *Neural tangent kernel: convergence and generalization in neural
    networks* (2018), https://arxiv.org/abs/1806.07572

    Roy and Vetterli, *The effective rank* (2007), https://ieeexplore.ieee.org/document/7098875
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

__all__ = [
    "alignment",
    "effective_rank",
    "flow_times",
    "fourier_modes",
    "jacobian",
    "kernel_distance",
    "mode_rates",
    "rounding",
    "spectrum",
]


def jacobian(network: nn.Module, tensors: Mapping[str, Tensor], x: Tensor) -> Tensor:
    """Derivatives of a network's values by its trained parameters, in double precision.

    Single precision would bury all eigenvalues below 1e-7 of the first in rounding.

    Args:
        network: A network of one field.
        tensors: Its parameters and buffers by name.
        x: Points, shape ``(N, d)``.

    Returns:
        Shape ``(N, P)``; a complex parameter counts as two.
    """
    exact = {name: doubled(t) for name, t in tensors.items()}
    names = [name for name, p in network.named_parameters() if p.requires_grad]
    trained = {name: exact.pop(name) for name in names}

    def value(parameters: dict[str, Tensor], point: Tensor) -> Tensor:
        y: Tensor = functional_call(network, exact | parameters, (point[None],))
        return y[0, 0]

    by_point = vmap(grad(value), in_dims=(None, 0), randomness="different")
    rows: dict[str, Tensor] = by_point(trained, x.double())
    parts = [torch.view_as_real(r) if r.is_complex() else r for r in rows.values()]
    return torch.cat([part.reshape(len(x), -1) for part in parts], dim=1).detach()


def doubled(t: Tensor) -> Tensor:
    """A tensor in double precision; whole numbers stay."""
    if t.is_complex():
        return t.to(torch.complex128)
    return t.double() if t.is_floating_point() else t


def fourier_modes(points: int) -> tuple[Tensor, Tensor]:
    """Real Fourier modes on equispaced points of a period.

    Args:
        points: Number of points N.

    Returns:
        Orthonormal columns, shape ``(N, N)``, and the wavenumber of each, shape ``(N,)``: one of
        0, cosine and sine of the others, and of N / 2, if N is even, the cosine only.

    Example:
        >>> fourier_modes(4)[1]
        tensor([0, 1, 1, 2])
    """
    wavenumber = (torch.arange(points) + 1) // 2
    sine = (torch.arange(points) % 2 == 0) & (wavenumber > 0)
    angle = 2 * math.pi * torch.outer(torch.arange(points), wavenumber).double() / points
    modes = torch.where(sine, angle.sin(), angle.cos())
    return modes / modes.norm(dim=0), wavenumber


def mode_rates(kernel: Tensor) -> Tensor:
    """Rate at which a kernel begins to learn each wavenumber, mean of its modes' q^T K q / N.

    Args:
        kernel: Kernel on equispaced points of a period, shape ``(N, N)``.

    Returns:
        Rates of the wavenumbers 0 to N // 2, in units of 1 / (rate times step) of gradient descent
        on half the mean square; over all modes they sum to the trace over N.
    """
    modes, wavenumber = fourier_modes(len(kernel))
    quotients = torch.einsum("ia,ij,ja->a", modes, kernel, modes) / len(kernel)
    total = torch.zeros(len(kernel) // 2 + 1, dtype=kernel.dtype).index_add(
        0, wavenumber, quotients
    )
    return total / wavenumber.bincount()


def spectrum(kernel: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvalues of a kernel from the largest on, and eigenvectors in columns.

    Those lost in rounding have the smallest eigenvalue that could be told from zero. All are NaN
    if the kernel is not finite, as that of a network which diverged.
    """
    if not kernel.isfinite().all():
        nan = torch.full_like(kernel, torch.nan)
        return nan[0], nan
    values, vectors = torch.linalg.eigh(kernel)
    values = values.flip(0)
    return values.clamp(min=float(rounding(values))), vectors.flip(1)


def rounding(eigenvalues: Tensor) -> Tensor:
    """The smallest eigenvalue that can be told from zero; the largest comes first."""
    return eigenvalues[0] * len(eigenvalues) * torch.finfo(eigenvalues.dtype).eps


def effective_rank(eigenvalues: Tensor) -> float:
    """The exponential of the entropy of eigenvalues over their sum.

    Example:
        >>> round(effective_rank(torch.tensor([2.0, 2.0, 2.0, 0.0])), 6)
        3.0
    """
    share = eigenvalues / eigenvalues.sum()
    return float(torch.special.entr(share).sum().exp())


def alignment(vectors: Tensor) -> tuple[Tensor, Tensor]:
    """How far vectors are Fourier modes.

    Args:
        vectors: Orthonormal columns, values on equispaced points of a period, shape ``(N, m)``.

    Returns:
        Share of each one's square that lies in its strongest wavenumber, sine and cosine together,
        and that wavenumber, both of shape ``(m,)``.
    """
    modes, wavenumber = fourier_modes(len(vectors))
    squares = (modes.T @ vectors).square()
    power = torch.zeros(len(vectors) // 2 + 1, vectors.shape[1], dtype=vectors.dtype)
    share, strongest = power.index_add(0, wavenumber, squares).max(dim=0)
    return share, strongest


def kernel_distance(a: Tensor, b: Tensor) -> float:
    """One minus the cosine between two kernels: 0 of those that differ by a factor only."""
    return float(1 - (a * b).sum() / (a.norm() * b.norm()))


def flow_times(
    eigenvalues: Tensor, vectors: Tensor, residual: Tensor, waves: Tensor, limits: Tensor
) -> Tensor:
    """When gradient flow with a fixed kernel has learned each tone, whatever else it learns.

    Args:
        eigenvalues: Of the kernel, from the largest on, shape ``(N,)``.
        vectors: Its eigenvectors in columns, shape ``(N, N)``.
        residual: Target minus values at the beginning, shape ``(N,)``.
        waves: Complex tones of amplitude 1, shape ``(N, K)``.
        limits: A tone counts as learned when the amplitude of what is left is below, shape
            ``(K,)``.

    Returns:
        Times, as those of :func:`mode_rates`, to a tenth; infinite for what takes longer than 1e12
        times that of the first eigenvector. Shape ``(K,)``.
    """
    count = len(residual)
    time = count / eigenvalues[0] * torch.logspace(-2, 12, 340, dtype=residual.dtype)
    parts = (2 / count) * (waves.mH @ vectors.to(waves.dtype)) * (vectors.T @ residual)
    decay = torch.exp(-torch.outer(eigenvalues, time) / count)
    below = (parts @ decay.to(parts.dtype)).abs() < limits[:, None]
    first = below.int().argmax(dim=1)
    return torch.where(below.any(dim=1), time[first], torch.inf)
