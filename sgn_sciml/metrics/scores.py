r"""Scores of split-conformal bands: their quantile, and the lots that split the samples.

The two halves of a split have to be drawn by chance. Here a sample's own values are its lot: a
hash of their bits, so that it is in the same half in whichever order samples come, from however
many processes. For values :math:`v_i` as integers and weights :math:`w_i` drawn once,

.. math::
    lot = \sum_i w_i v_i \bmod p, \qquad p = 2^{31} - 1

Over the draw of the weights, lots of (linearly independent) samples are uniform and independent
of each other and of all else that is known of the samples.

References:
    Carter, Wegman, *Universal classes of hash functions* (1979)
"""

import math

import torch
from torch import Tensor

__all__ = ["conformal_quantile", "largest", "lots", "rank", "scores_needed"]

PRIME = 2**31 - 1


def rank(n: int, level: float) -> int:
    """Which of n ascending scores bounds the next one with probability ``level``."""
    return math.ceil((n + 1) * level - 1e-9)  # 100 * 0.55 is a little more than 55


def conformal_quantile(scores: Tensor, level: float) -> Tensor:
    """The score below which the next one lies with probability ``level`` or a little more.

    Args:
        scores: Exchangeable scores, shape ``(n, *)``.
        level: Probability, above 0 and below 1.

    Returns:
        The ceil((n + 1) level)-th smallest of them, shape ``(*)``.

    Raises:
        ValueError: If n is too small, ceil((n + 1) level) > n.

    Example:
        >>> conformal_quantile(torch.arange(1.0, 20.0), level=0.9)
        tensor(18.)
    """
    n, k = len(scores), rank(len(scores), level)
    if k > n:
        raise ValueError(f"level {level} needs {scores_needed(level)} scores, got {n}")
    return scores.kthvalue(k, dim=0).values


def scores_needed(level: float) -> int:
    """The fewest scores that have a quantile of this level."""
    n = max(1, math.floor(level / (1 - level)) - 1)
    while rank(n, level) > n:
        n += 1
    return n


def largest(errors: Tensor, scale: Tensor) -> Tensor:
    """Largest error over scale of each row; an error where the scale is zero counts as infinite.

    Args:
        errors: Absolute errors, shape ``(n, points)``.
        scale: s, shape ``(points,)``.

    Returns:
        Scores, shape ``(n,)``.
    """
    none = torch.where(errors > 0, torch.inf, errors)  # also where walls are met exactly: 0 / 0
    return torch.where(scale > 0, errors / scale, none).amax(1)


def lots(values: Tensor) -> Tensor:
    """A number of each sample that depends on its values alone, and looks like chance.

    Args:
        values: Fields, shape ``(batch, *)``; they are read in float32.

    Returns:
        Integers from 0 to 2^31 - 2, shape ``(batch,)``; the same for equal samples.
    """
    bits = values.detach().float().flatten(1).view(torch.int32).long() % PRIME
    weights = torch.randint(PRIME, bits.shape[1:], generator=torch.Generator().manual_seed(0))
    return (bits * weights.to(bits.device) % PRIME).sum(1) % PRIME
