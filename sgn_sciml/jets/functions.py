r"""Elementwise functions and their derivatives :math:`f, f', \ldots, f^{(5)}`."""

import math
from collections.abc import Callable
from itertools import islice

import torch
from torch import Tensor

__all__ = ["derivatives"]


def tanh(z: Tensor) -> list[Tensor]:
    t = torch.tanh(z)
    s = t * t
    f1 = 1 - s
    return [
        t,
        f1,
        -2 * t * f1,
        f1 * (6 * s - 2),
        t * f1 * (16 - 24 * s),
        f1 * (16 - s * (120 - 120 * s)),
    ]


def sin(z: Tensor) -> list[Tensor]:
    s, c = torch.sin(z), torch.cos(z)
    return [s, c, -s, -c, s, c]


def cos(z: Tensor) -> list[Tensor]:
    return [*sin(z)[1:], -torch.sin(z)]


def exp(z: Tensor) -> list[Tensor]:
    return [torch.exp(z)] * 6


def sigmoid(z: Tensor) -> list[Tensor]:
    # half of 1 + tanh(z / 2)
    value, *rest = tanh(z / 2)
    return [0.5 + value / 2, *(f / 2 ** (k + 2) for k, f in enumerate(rest))]


def gelu(z: Tensor) -> list[Tensor]:
    below = 0.5 * (1 + torch.erf(z * math.sqrt(0.5)))
    density = torch.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
    s = z * z
    return [
        z * below,
        below + z * density,
        density * (2 - s),
        density * z * (s - 4),
        density * (s * (7 - s) - 4),
        density * z * (18 + s * (s - 11)),
    ]


def square(z: Tensor) -> list[Tensor]:
    zero = torch.zeros_like(z)
    return [z * z, 2 * z, torch.full_like(z, 2), zero, zero, zero]


def reciprocal(z: Tensor) -> list[Tensor]:
    r = 1 / z
    return [r, -(r**2), 2 * r**3, -6 * r**4, 24 * r**5, -120 * r**6]


def sqrt(z: Tensor) -> list[Tensor]:
    found = [torch.sqrt(z)]
    for k in range(5):
        found.append((0.5 - k) * found[-1] / z)
    return found


def log(z: Tensor) -> list[Tensor]:
    return [torch.log(z), *reciprocal(z)[:5]]


def atan(z: Tensor) -> list[Tensor]:
    s, f1 = z * z, 1 / (1 + z * z)
    return [
        torch.atan(z),
        f1,
        -2 * z * f1**2,
        (6 * s - 2) * f1**3,
        24 * z * (1 - s) * f1**4,
        24 * (1 + s * (5 * s - 10)) * f1**5,
    ]


def absolute(z: Tensor) -> list[Tensor]:
    zero = torch.zeros_like(z)
    return [z.abs(), z.sign(), zero, zero, zero, zero]


def sign(z: Tensor) -> list[Tensor]:
    return [torch.sign(z), *[torch.zeros_like(z)] * 5]


def floor(z: Tensor) -> list[Tensor]:
    return [torch.floor(z), *[torch.zeros_like(z)] * 5]


FUNCTIONS: dict[str, Callable[[Tensor], list[Tensor]]] = {
    **{f.__name__: f for f in (tanh, sin, cos, exp, sigmoid, gelu, square, reciprocal, sqrt)},
    **{f.__name__: f for f in (sign, floor, log, atan)},
    "abs": absolute,
}


def derivatives(name: str, z: Tensor, order: int) -> list[Tensor]:
    """A function and its derivatives up to an order of at most 5, each of the shape of z."""
    return list(islice(FUNCTIONS[name](z), order + 1))
