import numpy as np
import pytest
import scipy.io

from sgn_sciml.layouts import open_source

from .files import mat5, mat73, values

WRITERS = {
    "5": mat5,
    "5-compressed": lambda path, **v: mat5(path, True, **v),
    "7.3": mat73,
}


@pytest.fixture(params=WRITERS)
def written(request, tmp_path):
    return lambda **variables: open_source(WRITERS[request.param](tmp_path / "a.mat", **variables))


def test_burgers(written):
    a, u = values(6, 16, dtype="f8"), values(6, 16, dtype="f8", seed=1)
    source = written(a=a, u=u)
    assert source.fields["a"].axes == source.fields["u"].axes == ("sample", "x")
    assert np.array_equal(source.read("u", [5, 0], stride=4), u[[5, 0], ::4])
    assert "no coordinates in the file" in source.notes


def test_darcy(written):
    coeff, sol = values(5, 12, 10), values(5, 12, 10, dtype="f8", seed=1)
    source = written(coeff=coeff, sol=sol)
    assert source.fields["coeff"].axes == ("sample", "x", "y")
    assert source.read("coeff").dtype == np.float32
    assert np.array_equal(source.read("coeff"), coeff)
    assert np.array_equal(source.read("sol", [3], stride=3), sol[[3], ::3, ::3])


def test_trajectory_with_time_last(written):
    a, u = values(5, 8, 8), values(5, 8, 8, 6, seed=1)
    source = written(a=a, u=u, t=np.arange(1.0, 7.0))
    assert source.fields["u"].axes == ("sample", "time", "x", "y")
    assert np.array_equal(source.read("u"), np.moveaxis(u, -1, 1))
    assert np.array_equal(
        source.read("u", [4, 1], slice(2, 5, 2), 2), np.moveaxis(u, -1, 1)[[4, 1], 2:5:2, ::2, ::2]
    )
    assert source.coordinates["t"].tolist() == [1, 2, 3, 4, 5, 6]
    assert (
        "u: axes taken for sample, x, y, time; time is as long as the time vector" in source.notes
    )
    assert source.assumed == ()


def test_trajectory_with_time_first(written):
    first, u = values(5, 16), values(5, 7, 16, seed=1)
    source = written(input=first, output=u, visc=np.array(0.001), tspan=np.linspace(0, 1, 7))
    assert source.fields["output"].axes == ("sample", "time", "x")
    assert np.array_equal(source.read("output"), u)
    assert source.parameters == {"visc": 0.001}
    assert source.coordinates.keys() == {"t"}
    assert any(note.startswith("frame 0 of output may be zeros") for note in source.notes)


def test_companion_tells_time(written):
    source = written(a=values(5, 8, 8), u=values(5, 8, 8, 6))
    assert source.fields["u"].shape == (5, 6, 8, 8)
    assert any("another field has the shape of one frame" in note for note in source.notes)


def test_cube_with_companion_is_a_question(written):
    with pytest.raises(
        ValueError, match=r"u of shape \(5, 8, 8, 8\) may have the axes \(sample, x"
    ):
        written(a=values(5, 8, 8), u=values(5, 8, 8, 8))


def test_guesses_are_noted(written):
    source = written(u=values(3, 4, 4, 6), w=values(3, 6, 4, 4))
    assert source.fields["u"].axes == source.fields["w"].axes == ("sample", "time", "x", "y")
    assert source.assumed == (
        "u: axes taken for sample, x, y, time; the axis of time alone differs",
        "w: axes taken for sample, time, x, y; the axis of time alone differs",
        "axes can be named: sgn data inspect FILE --axes 'w=sample time x y'; "
        "to train, data.init_args.schema.axes",
    )


def test_one_time_too_many_is_not_used(written):
    source = written(u=values(5, 7, 16), tspan=np.linspace(0, 1, 8))
    assert source.fields["u"].axes == ("sample", "time", "x")
    assert source.coordinates == {}
    assert "8 times for 7 frames: which of them is not known" in source.notes


def test_coordinates_and_lists(written):
    source = written(u=values(5, 16), x=np.linspace(0, 1, 16), weights=np.arange(9.0))
    assert np.array_equal(source.coordinates["x"], np.linspace(0, 1, 16))
    assert list(source.fields) == ["u"]
    assert source.notes[0] == "weights, a list of 9 numbers, is not read"


def test_single_sample(written):
    u = values(1, 16)
    source = written(a=u + 1, u=u)
    assert source.num_samples == 1
    assert np.array_equal(source.read("u"), u)


def test_parts_that_do_not_fit(written):
    with pytest.raises(ValueError, match=r"(a|u) has \d along sample, (u|a) has"):
        written(a=values(4, 16), u=values(5, 16))
    with pytest.raises(ValueError, match="u has 16 along x, coordinate x has 15"):
        written(u=values(5, 16), x=np.linspace(0, 1, 15))
    with pytest.raises(ValueError, match="holds no field"):
        written(visc=np.array(0.1))
    with pytest.raises(ValueError, match="too many axes"):
        written(u=values(2, 3, 2, 3, 2, 2, 2))


def test_chunks_are_in_canonical_order(tmp_path):
    source = open_source(mat73(tmp_path / "a.mat", u=values(40, 30)))
    chunks = source.fields["u"].chunks
    assert chunks is not None
    assert len(chunks) == 2
    assert any(note.startswith("samples lie last") for note in source.notes)


def test_text_cells_and_bools(tmp_path):
    path = tmp_path / "a.mat"
    u = values(3, 4, dtype="f8")
    scipy.io.savemat(path, {"u": u, "mask": u > 3, "name": "text", "s": {"k": 1}, "e": []})
    source = open_source(path)
    assert set(source.fields) == {"u", "mask"}
    assert source.read("mask").dtype == bool
    assert np.array_equal(source.read("mask"), u > 3)


@pytest.mark.parametrize("compressed", [True, False])
def test_complex_numbers_are_left_out(tmp_path, compressed):
    a = values(3, 4, dtype="f8")
    source = open_source(mat5(tmp_path / "a.mat", compressed, a=a, a_hat=a * 1j))
    assert np.array_equal(source.read("a"), a)
    assert "a_hat is left out: it holds complex numbers" in source.notes
    with pytest.raises(ValueError, match="a_hat cannot be read as a field: it holds complex"):
        source.read("a_hat")
    with pytest.raises(ValueError, match="holds no field: a_hat holds complex"):
        open_source(mat5(tmp_path / "b.mat", compressed, a_hat=a * 1j))


def test_cut_off(tmp_path):
    path = mat5(tmp_path / "a.mat", u=values(30, 40))
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(ValueError, match="was cut off"):
        open_source(path)
