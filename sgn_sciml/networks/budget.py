"""Width of a network for a number of parameters: rivals are compared at equal ones."""

from collections.abc import Callable
from functools import cache, partial

import torch
from torch import nn

from sgn_sciml.networks.base import count_parameters

__all__ = ["match_parameters"]


def match_parameters(
    build: Callable[[int, int], nn.Module], budget: int, tolerance: float = 0.02
) -> tuple[int, int]:
    """Widths at which a network has a number of parameters, within a tolerance.

    No formula is used: networks are built and their parameters counted, whatever their layers.
    All hidden layers are equally wide if one width meets the tolerance. If none does (a unit of a
    Kolmogorov-Arnold layer is many parameters) the first has a width of its own, as near to the
    others' as possible.

    Args:
        build: Makes the network from ``width`` and ``first_width``, with parameters that grow with
            both; a ValueError counts as too narrow a layer.
        budget: Number of trained real numbers.
        tolerance: Deviation allowed, relative to the budget.

    Returns:
        ``width`` and ``first_width``.

    Raises:
        ValueError: If no widths meet the tolerance, none can be built, or none make a difference.

    Example:
        >>> from sgn_sciml.networks import CoordinateMLP
        >>> match_parameters(
        ...     lambda width, first: CoordinateMLP(2, 1, width, 3, first_width=first), 10_000
        ... )
        (68, 68)
    """
    if budget < 1:
        raise ValueError(f"a budget is at least 1 parameter, got {budget}")
    refused: list[ValueError] = []

    @cache
    def excess(width: int, first: int) -> int:
        try:
            with torch.random.fork_rng(devices=()):  # a trial leaves the random numbers alone
                return count_parameters(build(width, first)) - budget
        except ValueError as error:
            refused.append(error)
            return -budget

    def fits(width: int, first: int) -> bool:
        return excess(width, first) <= 0

    even = largest(lambda width: fits(width, width), budget)
    if even >= budget:  # each unit has a parameter at least: none was ever built, or none grows
        raise refused[-1] if refused else ValueError("the parameters do not grow with the width")
    tries = {(width, width) for width in (even, even + 1) if width}
    best = min(tries, key=lambda widths: abs(excess(*widths)))
    if abs(excess(*best)) > tolerance * budget:
        for width in range(max(even // 2, 1), even + 3):
            first = largest(partial(fits, width), budget)
            tries |= {(width, each) for each in (first, first + 1) if each}
        fitting = [each for each in tries if abs(excess(*each)) <= tolerance * budget]
        if not fitting:
            best = min(tries, key=lambda widths: abs(excess(*widths)))
            raise ValueError(
                f"no widths give {budget} parameters within {tolerance:.0%}: width {best[0]}, "
                f"first_width {best[1]} come nearest, off by {excess(*best):+d}"
            )
        best = min(fitting, key=lambda widths: (abs(widths[0] - widths[1]), abs(excess(*widths))))
    return best


def largest(holds: Callable[[int], bool], limit: int) -> int:
    """The largest number for which something holds that holds for all below it; 0 if for none.

    The search ends beyond a limit.
    """
    above = 1
    while above <= limit and holds(above):
        above *= 2
    low = above // 2
    while above - low > 1:
        middle = (low + above) // 2
        low, above = (middle, above) if holds(middle) else (low, middle)
    return low
