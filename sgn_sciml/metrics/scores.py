r"""Scores of split-conformal bands: their quantile, and the lots that split the samples.

The two halves of a split have to be drawn by chance. Samples are put in an order of their own,
that of a fixed linear functional of their values,

.. math::
    place = \sum_i v_i \sin i^2, \qquad i = 1, 2, \dots

and lots are drawn for the ranks in it. Their seed is the order by size of the gaps between some of
the places. So a sample is in the same half in whichever order samples come, from however many
processes, and in whatever unit; and over data sets each subset of a size is drawn as often.
"""

import math

import torch
from torch import Tensor

from sgn_sciml.metrics.base import accumulator

__all__ = ["conformal_quantile", "half", "largest", "place", "rank", "scores_needed"]

GAPS = 16  # between places, that make a seed: more would be near ties, which rounding decides
PRIME = 2**61 - 1


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


def place(values: Tensor) -> Tensor:
    """Where each sample stands in an order that depends on its values, but not on their unit.

    Args:
        values: Fields, shape ``(batch, *)``.

    Returns:
        Numbers to sort by, shape ``(batch,)``; the same for equal samples.
    """
    u = values.detach().flatten(1).to(accumulator(values.device))
    number = torch.arange(1, u.shape[1] + 1, device=u.device, dtype=u.dtype)
    return (u * number.square().sin()).sum(1)


def half(placed: Tensor, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Split samples into two halves by lots.

    Args:
        placed: The place of each sample, shape ``(n,)``; equal ones keep their order.
        seed: Seed of the lots.

    Returns:
        Numbers of the samples of each half, shapes ``(n // 2,)`` and ``(n - n // 2,)``.
    """
    n = len(placed)
    ordered = placed.sort(stable=True)
    some = torch.linspace(0, n - 1, min(n, GAPS + 1), dtype=torch.float64).long()
    sizes = ordered.values[some.to(placed.device)].diff().argsort(stable=True).tolist()
    own = sum(size * GAPS**k for k, size in enumerate(sizes)) % PRIME
    lots = torch.randperm(n, generator=torch.Generator().manual_seed(own + seed))
    drawn = ordered.indices[lots.to(placed.device)]
    return drawn[: n // 2], drawn[n // 2 :]
