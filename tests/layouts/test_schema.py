"""Files whose arrays are named by the user."""

import h5py
import numpy as np
import pytest

from sgn_sciml.layouts import Schema, open_source

from .files import mat5, mat73, pdebench_groups, pt, values


def hdf5(path, **arrays):
    with h5py.File(path, "w") as file:
        for name, data in arrays.items():
            file[name] = data
    return path


WRITERS = {"h5": hdf5, "mat": mat5, "mat73": mat73, "pt": pt}


@pytest.mark.parametrize("kind", WRITERS)
def test_axes_in_any_order(kind, tmp_path):
    u = values(3, 2, 4, 5, 1)  # channels, samples, y... in no order that a file would tell
    path = WRITERS[kind](tmp_path / "mine", u=u)
    source = open_source(path, Schema(axes={"u": "component sample x time -"}))
    assert source.fields["u"].axes == ("sample", "time", "x", "component")
    assert np.array_equal(source.read("u"), u[..., 0].transpose(1, 3, 2, 0))
    assert np.array_equal(
        source.read("u", [1, 0], slice(1, 4, 2), 2),
        u[..., 0].transpose(1, 3, 2, 0)[::-1, 1:4:2, ::2],
    )
    assert source.assumed == ()


@pytest.mark.parametrize("kind", WRITERS)
def test_one_run_and_a_field_that_all_share(kind, tmp_path):
    u, mask = values(6, 8, 7), values(8, 7, seed=1)
    path = WRITERS[kind](tmp_path / "mine", u=u, mask=mask)
    source = open_source(path, Schema({"u": "time x y", "mask": "x y"}))
    assert np.array_equal(source.read("u"), u[None])
    assert np.array_equal(source.read("mask", [0, 0]), np.stack([mask, mask]))
    source = open_source(path, Schema({"u": "sample x y", "mask": "x y"}))
    assert np.array_equal(source.read("mask"), np.broadcast_to(mask, (6, 8, 7)))


def test_places_coordinates_and_constants(tmp_path):
    u, nu = values(6, 5, 8), np.linspace(0.1, 0.6, 6)
    path = tmp_path / "mine.h5"
    with h5py.File(path, "w") as file:
        file["out/velocity"], file["out/other"] = u, values(4, 4, 4)
        file["grid/points"], file["viscosity"], file["force"] = np.arange(8.0), nu, 2.0
    schema = Schema(
        axes={"u": "sample t x"},
        fields={"u": "out/velocity"},
        coordinates={"x": "grid/points"},
        parameters={"nu": "viscosity", "f": "force"},
    )
    source = open_source(path, schema)
    assert {*source.fields} == {"u"}
    assert np.array_equal(source.read("u"), u)
    assert source.coordinates["x"].tolist() == list(range(8))
    assert source.parameters == {"f": 2.0}
    assert np.array_equal(source.sample_parameter("nu"), nu)


def test_a_schema_goes_before_what_names_suggest(tmp_path):
    u = values(6, 5, 8)
    path = hdf5(tmp_path / "a.h5", tensor=u)
    with pytest.raises(ValueError, match=r"tensor of shape .* may have the axes"):
        open_source(path)
    source = open_source(path, Schema({"tensor": "time x sample"}))
    assert np.array_equal(source.read("tensor"), u.transpose(2, 0, 1))
    frames = values(3, 4, 6, 1)
    groups = pdebench_groups(tmp_path / "groups.h5", frames)
    source = open_source(groups, Schema({"data": "sample time x -"}, coordinates={"t": "grid/t"}))
    assert np.array_equal(source.read("data"), frames[..., 0])


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"axes": {"w": "sample x"}}, "has no array 'w'; it has u"),
        (
            {"axes": {"u": "sample x"}},
            r"u has shape \(6, 5, 8\), which the axes 'sample x' do not",
        ),
        ({"axes": {"u": "sample - x"}}, "do not fit"),
        ({"axes": {"u": "sample batch x"}}, "each axis once"),
        ({"axes": {"u": "sample q x"}}, "'q' is not one of sample, time"),
        ({"axes": {"u": "sample time component"}}, "needs an x"),
        ({"axes": {"u": "sample x z"}}, "needs x, then y, then z"),
        ({"coordinates": {"r": "u"}}, "coordinates are x, y, z and t, not 'r'"),
        ({"axes": {"u": "sample time x"}, "parameters": {"k": "x"}}, "8 entries for 6 samples"),
    ],
)
def test_names_that_do_not_fit(tmp_path, schema, message):
    path = hdf5(tmp_path / "a.h5", u=values(6, 5, 8), x=np.arange(8.0))
    with pytest.raises(ValueError, match=message):
        open_source(path, Schema(**schema))


def test_labels_of_dimensions_name_axes(tmp_path):
    u = values(8, 8, 8)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["u"] = u
        for dim, label in zip(file["u"].dims, ("x", "t", "sample"), strict=True):
            dim.label = label
    source = open_source(tmp_path / "a.h5")
    assert np.array_equal(source.read("u"), u.transpose(2, 1, 0))
    source = open_source(tmp_path / "a.h5", Schema({"u": "sample time x"}))
    assert np.array_equal(source.read("u"), u)


def test_what_is_not_named_beside_what_is_may_be_unclear(tmp_path):
    path = hdf5(tmp_path / "a.h5", u=values(6, 5, 8), w=values(6, 7, 9))
    source = open_source(path, Schema({"u": "sample time x"}))
    assert {*source.fields} == {"u"}
    assert "may have the axes (sample, time, x) or" in source.left_out["w"]
