"""Equal parameters: the width at which a network has a given number of them."""

from collections.abc import Callable

import torch

from sgn_sciml.networks import Network, count_parameters

__all__ = ["matching_width"]


def matching_width(
    make: Callable[[int], Network], parameters: int, tolerance: float = 0.02, largest: int = 4096
) -> int:
    """The width whose number of trainable parameters comes nearest to a budget.

    Networks are built at trial widths and counted, so that no formula can be wrong; random numbers
    stay as they were.

    Args:
        make: Builds the network of a width; more width must mean more parameters.
        parameters: The budget, in real numbers.
        tolerance: Deviation allowed, relative to the budget.
        largest: Largest width that is tried.

    Returns:
        The width.

    Raises:
        ValueError: If no width comes near enough.
    """

    def count(width: int) -> int:
        with torch.random.fork_rng(devices=()):
            return count_parameters(make(width))

    low, high = 1, 2
    while high < largest and count(high) < parameters:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if count(middle) < parameters else (low, middle)
    counts = {width: count(width) for width in (low, high)}
    best = min(counts, key=lambda width: abs(counts[width] - parameters))
    if abs(counts[best] - parameters) > tolerance * parameters:
        raise ValueError(
            f"no width gives {parameters} parameters within {tolerance:.0%}: {best} gives "
            f"{counts[best]}"
        )
    return best
