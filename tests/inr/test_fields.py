"""Snapshots: which part of a benchmark file becomes the signal."""

import numpy as np
import pytest

from sgn_sciml.inr.fields import FieldData
from sgn_sciml.layouts import open_source
from tests.conftest import ROOT
from tests.layouts.files import pdebench_groups, values

SMALL = ROOT / "data" / "small"
BURGERS, DARCY, FLOW = (
    str(SMALL / f"{name}.h5") for name in ("burgers_lowvisc_64", "darcy_22", "navier_stokes_16")
)


def loaded(path, **kwargs):
    data = FieldData(path, **kwargs)
    data.setup("fit")
    return data.description


def stored(path, field, sample):
    return open_source(path).read(field, [sample])[0]


def test_the_last_frame_of_the_first_sample_is_the_default():
    signal = loaded(FLOW)
    np.testing.assert_array_equal(signal.values[0], stored(FLOW, "u", 0)[-1])
    assert (signal.kind, signal.axes) == ("field", ("x", "y"))


@pytest.mark.parametrize("frame", [0, 5, -2])
def test_any_frame_of_any_sample(frame):
    signal = loaded(FLOW, sample=-1, frame=frame)
    np.testing.assert_array_equal(signal.values[0], stored(FLOW, "u", -1)[frame])


def test_the_range_is_that_of_the_snapshot():
    signal = loaded(DARCY, field="u")
    assert signal.values.min() == signal.low
    assert signal.values.max() == signal.high


def test_the_first_field_is_the_default():
    np.testing.assert_array_equal(loaded(DARCY).values[0], stored(DARCY, "a", 0))


def test_space_time_has_time_first():
    signal = loaded(BURGERS, spacetime=True, sample=2)
    np.testing.assert_array_equal(signal.values[0], stored(BURGERS, "u", 2))
    assert (signal.axes, signal.grid) == (("t", "x"), (41, 64))


def test_a_frame_of_one_space_axis_is_a_curve():
    signal = loaded(BURGERS, frame=3)
    assert (signal.axes, signal.grid) == (("x",), (64,))


@pytest.fixture
def vectors(tmp_path):
    """Two samples of a vector over t, x, y, and the file that holds them."""
    u = values(2, 3, 4, 5, 2)
    return u, str(pdebench_groups(tmp_path / "v.h5", u))


def test_components_are_channels(vectors):
    u, path = vectors
    signal = loaded(path, sample=1, frame=1)
    assert signal.axes == ("x", "y")
    np.testing.assert_array_equal(signal.values, np.moveaxis(u[1, 1], -1, 0))


def test_components_in_space_time_are_channels(vectors):
    u, path = vectors
    signal = loaded(path, spacetime=True)
    assert signal.axes == ("t", "x", "y")
    np.testing.assert_array_equal(signal.values, np.moveaxis(u[0], -1, 0))


def test_a_snapshot_beyond_memory_is_refused(monkeypatch):
    monkeypatch.setattr("os.sysconf", lambda name: 10, raising=False)  # a machine of 100 bytes
    with pytest.raises(ValueError, match=r"of memory.*smaller part"):
        loaded(FLOW)


@pytest.mark.parametrize(
    ("path", "options", "message"),
    [
        (DARCY, {"field": "p"}, "no field 'p'; it has a, u"),
        (DARCY, {"sample": 300}, "there is no sample 300"),
        (DARCY, {"frame": 1}, "a has 1 times, there is no frame 1"),
        (DARCY, {"spacetime": True}, "a has no time"),
        (BURGERS, {"frame": 41}, "u has 41 times, there is no frame 41"),
        (BURGERS, {"frame": -42}, "there is no frame -42"),
    ],
)
def test_what_the_file_has_not_is_refused(path, options, message):
    with pytest.raises(ValueError, match=message):
        loaded(path, **options)


def test_a_missing_file_says_where_to_get_it(tmp_path):
    with pytest.raises(FileNotFoundError, match="sgn data make"):
        loaded(str(tmp_path / "gone.h5"))


def test_another_file_is_refused(tmp_path):
    path = tmp_path / "v.h5"
    path.write_bytes(b"no data")
    with pytest.raises(ValueError, match="not a known layout"):
        loaded(str(path))


def test_the_card_tells_which_part_of_which_file():
    data = FieldData(FLOW, sample=1, frame=4)
    data.setup("fit")
    about = data.description.about()
    assert about["files"] == [{"path": FLOW}]
    assert {k: about[k] for k in ("law", "field", "sample", "frame")} == {
        "law": "navier-stokes-2d",
        "field": "u",
        "sample": 1,
        "frame": 4,
    }
    assert about["ends"] == {"x": [0.0, 0.9375], "y": [0.0, 0.9375]}
