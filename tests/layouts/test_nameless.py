"""Axes of arrays that come without names: what is told, what is assumed, what is asked."""

from pathlib import Path

import pytest

from sgn_sciml.layouts.trajectories import sort_out

PATH = Path("mine")


def axes(convention="hdf5", **shapes):
    """Axes by field, as words; those that the file does not tell end in a question mark."""
    found = sort_out(PATH, shapes, convention=convention)
    assumed = {note.partition(":")[0] for note in found.assumed}
    return {k: " ".join(v) + "?" * (k in assumed) for k, v in found.fields.items()}


@pytest.mark.parametrize(
    ("shapes", "expected"),
    [
        # coordinates in space decide by their lengths
        ({"u": (20, 7, 32), "x": (32,), "t": (7,)}, "sample time x"),
        ({"u": (20, 7, 32), "x": (32,), "t": (8,)}, "sample time x"),
        ({"u": (20, 32, 24), "x": (32,), "y": (24,), "t": (20,)}, "time x y"),
        ({"u": (32, 24), "x": (32,), "t": (24,)}, "x time"),
        ({"u": (24, 32), "x": (32,), "t": (24,)}, "time x"),
        ({"u": (20, 7, 32, 24, 2), "x": (32,), "y": (24,)}, "sample time x y component"),
        (
            {"u": (20, 7, 2, 32, 24), "x": (32,), "y": (24,), "t": (7,)},
            "sample time component x y",
        ),
        ({"u": (20, 32), "x": (32,)}, "sample x?"),
        # a time vector
        ({"u": (20, 7, 32), "t": (7,)}, "sample time x"),
        ({"u": (20, 32, 24, 7), "t": (7,)}, "sample x y time"),
        ({"u": (20, 32, 24), "t": (20,)}, "time x y"),
        # companions and channels
        ({"u": (20, 32, 24, 7), "a": (20, 32, 24)}, "sample x y time"),
        ({"u": (20, 7, 32), "a": (20, 32)}, "sample time x"),
        ({"u": (20, 1, 32, 24)}, "sample component x y"),
        ({"u": (20, 3, 32, 24), "a": (20, 1, 32, 24)}, "sample component x y?"),
        ({"u": (20, 32, 24, 3), "a": (20, 32, 24, 2)}, "sample x y component?"),
        ({"u": (20, 32, 32, 1)}, "sample x y component"),
        # equal sides, and names
        ({"u": (20, 7, 32, 32)}, "sample time x y?"),
        ({"u": (20, 32, 32, 7)}, "sample x y time?"),
        ({"u": (20, 32, 24), "a": (20, 32, 24)}, "sample x y?"),
        ({"u": (20, 8, 8, 8), "input": (20, 8, 8, 8)}, "sample x y z?"),
        ({"u": (20, 32)}, "sample x?"),
    ],
)
def test_axes_are_told(shapes, expected):
    assert axes(**shapes)["u"] == expected


@pytest.mark.parametrize(
    "shapes",
    [
        {"u": (20, 32, 32)},  # twenty pictures, or twenty times of one
        {"u": (10, 7, 32)},
        {"u": (10, 7, 16, 24)},
        {"u": (20, 32, 32), "v": (20, 32, 32)},
        {"u": (20, 16, 16, 16)},
        {"u": (20, 20, 32), "t": (20,)},
        {"u": (32, 32), "x": (32,), "t": (32,)},
        {"u": (20, 3, 32), "x": (32,)},  # components, or times
        {"u": (20, 2, 32, 32), "a": (20, 32, 32)},
        {"u": (20, 32, 32, 2), "a": (20, 32, 32)},
        {"u": (20, 32, 32, 3)},
        {"u": (20, 8, 8, 8), "a": (20, 8, 8)},
        {"u": (20, 32, 24), "x": (32,), "y": (24,)},  # one run, or samples
        {"u": (20, 50), "t": (50,)},
        {"u": (20, 32, 24, 3), "x": (32,), "y": (24,)},  # components, or times
    ],
)
def test_ambiguous_axes_are_asked_for(shapes):
    with pytest.raises(ValueError, match=r"mine: u of shape .* may have the axes .* --axes 'u="):
        axes(**shapes)


def test_scattered_points_are_no_grid():
    with pytest.raises(
        ValueError, match="has no grid of 4 or more points along each axis of space"
    ):
        axes(U_star=(5000, 2, 200), t=(200,))


def test_channels_follow_the_samples_in_files_of_neuraloperator():
    def found(**shapes):
        return axes("neuralop", **shapes)

    assert found(x=(20, 2, 32, 32), y=(20, 2, 32, 32))["x"] == "sample component x y?"
    assert found(x=(20, 9, 32, 32))["x"] == "sample component x y?"
    assert found(x=(20, 32), y=(20, 17, 32), visc=(1,))["y"] == "sample time x"
    assert found(x=(20, 32), y=(20, 17, 32))["y"] == "sample time x"
    assert found(x=(20, 16, 16, 16), y=(20, 16, 16, 16))["x"] == "sample x y z?"
    for shapes in (
        {"x": (20, 2, 32, 32), "y": (20, 32, 32)},
        {"x": (20, 9, 32, 32), "y": (20, 32, 32)},
        {"y": (20, 2, 32), "x": (20, 32)},
        {"x": (20, 2, 32), "y": (20, 2, 32)},
        {"x": (20, 16, 24, 32), "y": (20, 16, 24, 32)},
    ):
        with pytest.raises(ValueError, match="may have the axes"):
            found(**shapes)


def test_a_field_that_all_samples_share():
    found = sort_out(PATH, {"mask": (32, 24), "u": (9, 7, 32, 24), "x": (32,), "y": (24,)})
    assert found.fields == {"mask": ("x", "y"), "u": ("sample", "time", "x", "y")}
    assert (found.repeated("mask"), found.repeated("u")) == ({"sample": 9}, {})


def test_lists_are_constants_of_the_samples():
    found = sort_out(PATH, {"a": (9, 32), "u": (9, 32), "nu": (9,), "w": (5,), "k": (9, 1)})
    assert found.lists == {"nu": "nu", "k": "k"}
    assert found.notes[0] == "w, a list of 5 numbers, is not read"
    found = sort_out(PATH, {"a": (9, 32), "u": (9, 32), "nu": (1, 9)}, convention="matlab")
    assert found.lists == {"nu": "nu"}
