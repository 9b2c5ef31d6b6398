"""Fixtures of operators: a file of samples of each kind."""

import numpy as np
import pytest

from sgn_sciml.layouts import write_samples


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """50 samples: pairs ``a``, ``b`` to ``u`` on 16 and 8 x 8 points, ``w`` over 6 times."""
    folder, rng = tmp_path_factory.mktemp("operators"), np.random.default_rng(1)
    t, x = np.arange(6) / 5, np.arange(16) / 16
    shapes = {
        "line": ({"x": x}, {"a": ("x",), "b": ("x",), "u": ("x",)}),
        "waves": ({"x": x, "t": t}, {"w": ("t", "x")}),
        "plane": ({"x": x[::2], "y": x[::2]}, {"a": ("x", "y"), "u": ("x", "y")}),
        "flow": ({"x": x[::2], "y": x[::2], "t": t}, {"w": ("t", "x", "y")}),
    }
    for name, (coordinates, axes) in shapes.items():
        block = {
            field: rng.normal(size=(50, *(len(coordinates[a]) for a in over)))
            for field, over in axes.items()
        }
        write_samples(
            folder / f"{name}.h5", coordinates, axes, [block], 50,
            attrs={"law": name, "seed": 3}, groups={"parameters": {"nu": 0.1}},
        )  # fmt: skip
    return lambda name: str(folder / f"{name}.h5")
