"""Ends of colour scales: which scale fits values of any unit, and whether values lie beyond it."""

from typing import Any, Literal

import numpy as np
from matplotlib.colors import LogNorm
from numpy.typing import NDArray

__all__ = ["beyond", "largest", "logarithmic"]

DECADES = 6  # below the largest value


def beyond(
    values: NDArray[Any], low: float, high: float
) -> Literal["neither", "min", "max", "both"]:
    """On which sides values lie beyond a scale: where its colour bar ends in an arrow.

    Args:
        values: Values, of any shape; what is not finite does not count.
        low: Lower end of the scale.
        high: Upper end.
    """
    known = values[np.isfinite(values)]
    # Within single precision of an end is on it.
    slack = 1e-6 * (high - low)
    below, above = bool((known < low - slack).any()), bool((known > high + slack).any())
    if below and above:
        return "both"
    return "min" if below else "max" if above else "neither"


def largest(values: NDArray[Any]) -> float:
    """The largest size of finite values in their own unit, 1 where all are zero."""
    known = np.abs(values[np.isfinite(values)]).astype(float)
    return float(known.max(initial=0)) or 1.0


def logarithmic(values: NDArray[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Colours of six decades below the largest value, and the colour bar that tells of less.

    Returns:
        Options of the image and of its colour bar.
    """
    top = largest(values)
    bottom = top * 10.0**-DECADES
    style = {"norm": LogNorm(bottom, top, clip=True), "cmap": "viridis"}
    below = bool((values[np.isfinite(values)] < bottom * (1 - 1e-6)).any())
    return style, {"extend": "min" if below else "neither"}
