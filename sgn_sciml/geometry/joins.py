r"""R-functions: formulas of regions from formulas of their parts.

.. math::
    f \wedge g = f + g - \sqrt{f^2 + g^2}, \qquad f \vee g = f + g + \sqrt{f^2 + g^2}

are positive where both, or where one of them is, and zero on the boundary of that. Where one of
them is zero, their normal derivative is that of the other; they are smooth but where both vanish,
as at corners.

References:
    Rvachev and Sheiko, *R-functions in boundary value problems in mechanics* (1995)
"""

from collections.abc import Sequence
from functools import reduce

import torch
from torch import Tensor

__all__ = ["all_of", "between", "either"]


def all_of(formulas: Sequence[Tensor]) -> Tensor:
    """Positive where all formulas are."""
    return reduce(lambda f, g: f + g - torch.sqrt(f * f + g * g), formulas)


def either(formulas: Sequence[Tensor]) -> Tensor:
    """Positive where one of the formulas is."""
    return reduce(lambda f, g: f + g + torch.sqrt(f * f + g * g), formulas)


def between(x: Tensor, low: float, high: float) -> Tensor:
    """Positive between two numbers, with slopes of 1 and -1 there."""
    return (x - low) * (high - x) / (high - low)
