"""The distance of a surface that was found from the true one."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sgn_sciml.inr.shapes.surfaces import Surface

__all__ = ["Comparison", "compare"]


@dataclass(frozen=True)
class Comparison:
    """Samples of two surfaces, each set compared with the other surface.

    Attributes:
        to_truth: Distances of samples of the found surface to the true one, shape ``(n,)``.
        to_found: Distances the other way.
        cosines_to_truth: Absolute cosines between their normals there; nan without normals.
        cosines_to_found: The other way.
    """

    to_truth: Tensor
    to_found: Tensor
    cosines_to_truth: Tensor
    cosines_to_found: Tensor


def compare(found: Surface, truth: Surface, count: int, seed: int = 0) -> Comparison:
    """Compare two surfaces.

    Distances to a surface of triangles are exact; those to a cloud of points are to its nearest
    point, and so no smaller than about half the space between its points.

    Args:
        found: The surface that was found.
        truth: The true one.
        count: Samples of each.
        seed: Seed of the samples.
    """
    parts = []
    for one, other in ((found, truth), (truth, found)):
        points, normals = one.sample(count, seed)
        distances, facing = other.nearest(points)
        if normals is None or facing is None:
            cosines = np.full(len(points), np.nan)
        else:
            cosines = np.abs((normals * facing).sum(1))
        parts.append((torch.from_numpy(distances), torch.from_numpy(cosines)))
    (there, cosines_there), (back, cosines_back) = parts
    return Comparison(there, back, cosines_there, cosines_back)
