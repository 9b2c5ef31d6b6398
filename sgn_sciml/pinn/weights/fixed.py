"""Weights of terms that stay what was asked for."""

import math
from collections.abc import Collection, Mapping, Sequence

import torch
from torch import Tensor

__all__ = ["fixed_weights"]


def fixed_weights(
    weights: Mapping[str, float] | None, terms: Sequence[str], built_in: Collection[str]
) -> Tensor | None:
    """The weights of a loss's terms, 1 where none is asked for.

    Args:
        weights: Weights by the names of terms.
        terms: Names of all terms.
        built_in: Names of conditions that the solution satisfies by construction.

    Returns:
        Weights, shape ``(terms,)``; None where all are 1.

    Raises:
        ValueError: If one is not positive, or of no term.
    """
    if not weights:
        return None
    for name, weight in weights.items():
        if name not in terms:
            why = (
                f"{name} is built into the solution" if name in built_in else f"there is no {name}"
            )
            raise ValueError(f"PINN: weights are of terms of the loss: {', '.join(terms)}; {why}")
        if not 0 < weight < math.inf:
            raise ValueError(f"PINN: the weight of {name} must be positive, got {weight}")
    return torch.tensor([float(weights.get(name, 1.0)) for name in terms])
