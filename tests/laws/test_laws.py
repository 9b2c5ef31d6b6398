"""What holds for every law."""

from dataclasses import replace

import numpy as np
import pytest

from sgn_sciml.laws import LAWS
from sgn_sciml.laws.law import rng_of

SMALL = {
    "burgers-r10": {"res": 64, "steps": 50, "grid": 256},
    "burgers-paper": {"res": 64},
    "burgers-pdebench": {"res": 64, "frames": 5, "time": 0.1},
    "advection-pdebench": {"res": 64, "frames": 5},
    "darcy": {"res": 8, "grid": 15},
    "darcy-lognormal": {"res": 8, "grid": 15},
    "navier-stokes-2d": {"res": 16, "grid": 32, "frames": 3, "time": 1.0},
}
FINER = {"darcy": 15, "darcy-lognormal": 15, "navier-stokes-2d": 32}


@pytest.fixture(params=LAWS)
def law(request):
    return LAWS[request.param](**SMALL[request.param])


def rngs(*samples):
    return [rng_of(7, sample) for sample in samples]


def test_fields_lie_on_the_coordinates(law):
    points = {name: len(values) for name, values in law.coordinates().items()}
    fields = law.solve(rngs(0, 1))
    assert {name: v.shape for name, v in fields.items()} == {
        name: (2, *(points[axis] for axis in axes)) for name, axes in law.axes.items()
    }
    assert all(np.isfinite(v).all() and v.dtype == np.float64 for v in fields.values())


def test_a_sample_does_not_depend_on_its_neighbours(law):
    together, alone = law.solve(rngs(0, 1, 2)), law.solve(rngs(1))
    for name in law.axes:
        assert np.array_equal(together[name][1], alone[name][0])


def test_samples_differ(law):
    u = law.solve(rngs(0, 1))[list(law.axes)[-1]]
    assert np.abs(u[0] - u[1]).max() > 0.01 * np.abs(u).max()


def test_a_coarser_file_holds_every_other_point(law):
    finer = replace(law, res=FINER.get(law.name, 2 * law.res))
    coarse, fine = law.solve(rngs(0)), finer.solve(rngs(0))
    for name, axes in law.axes.items():
        space = tuple(slice(None, None, 2) if axis in "xy" else slice(None) for axis in axes)
        assert np.array_equal(coarse[name], fine[name][(slice(None), *space)])
    assert np.array_equal(law.coordinates()["x"], finer.coordinates()["x"][::2])


def test_a_resolution_that_does_not_fit_is_refused(law):
    with pytest.raises(ValueError, match=r"--res must|--grid minus one"):
        replace(law, res=11)


def test_the_stream_of_a_sample_depends_on_the_seed():
    assert rng_of(0, 1).random() != rng_of(1, 0).random()
