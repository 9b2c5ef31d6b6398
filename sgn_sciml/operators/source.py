"""Where the samples of a test set come from: their numbers and coordinates in the source file."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sgn_sciml.layouts import find_source
from sgn_sciml.operators.stores import stride_for

__all__ = ["Points", "coordinates", "sample_numbers"]

Points = dict[str, NDArray[np.float64]]  # of each axis


def coordinates(data: Any, k: int) -> Points:
    """Coordinates of a test set, ``t`` of all frames in use; those the file lacks are absent."""
    if not hasattr(data, "describe"):
        return {}
    about = data.describe()["test_sets"][k]
    source = find_source(about["path"])
    stride = stride_for(source, data.pairing.names()[1][0], about["grid"]["x"])
    found = {a: source.coordinates[a] for a in ("t", *about["grid"]) if a in source.coordinates}
    times = data.pairing.times(source)[1]
    return {a: points[times] if a == "t" else points[::stride] for a, points in found.items()}


def sample_numbers(data: Any, k: int) -> NDArray[np.intp] | None:
    """Numbers of a test set's samples in their file, if known."""
    groups = getattr(data, "groups", {}).get("test")
    numbers: NDArray[np.intp] | None = groups[k].samples if groups else None
    return numbers
