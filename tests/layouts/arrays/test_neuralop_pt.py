import pickle

import numpy as np
import pytest
import torch

from sgn_sciml.layouts import open_source

from ..files import pt, values


@pytest.fixture(params=[False, True], ids=["archive", "legacy"])
def written(request, tmp_path):
    return lambda **tensors: open_source(pt(tmp_path / "a.pt", request.param, **tensors))


def test_darcy_with_bool_input(written):
    y = values(5, 8, 6)
    source = written(x=y > 100, y=y)
    assert source.fields["x"].axes == source.fields["y"].axes == ("sample", "x", "y")
    assert source.read("x").dtype == bool
    assert np.array_equal(source.read("x"), y > 100)
    assert np.array_equal(source.read("y", [4, 4], stride=3), y[[4, 4], ::3, ::3])
    assert source.notes[0] == "no coordinates in the file"
    assert source.notes[1] == "x: axes taken for sample, x, y; as of inputs and targets"


def test_burgers(written):
    y = values(5, 7, 8, dtype="f8")
    source = written(x=y[:, 0].copy(), y=y, visc=np.array([[0.01]]))
    assert source.fields["y"].axes == ("sample", "time", "x")
    assert source.parameters == {"visc": 0.01}
    assert np.array_equal(source.read("y", [-1], slice(2), 2), y[-1:, :2, ::2])
    assert "y: axes taken for sample, time, x; another" in source.notes[1]


def test_channels(written):
    x, y = values(5, 3, 8, 6), values(5, 1, 8, 6)
    source = written(x=x, y=y)
    assert source.fields["x"].axes == ("sample", "x", "y", "component")
    assert np.array_equal(source.read("x"), np.moveaxis(x, 1, -1))
    assert source.read("x").flags.c_contiguous
    assert np.array_equal(source.read("y"), np.moveaxis(y, 1, -1))
    source = written(x=values(5, 1, 16))
    assert source.fields["x"].axes == ("sample", "x", "component")


def test_trajectory_on_a_plane(written):
    source = written(x=values(5, 8, 6), y=values(5, 7, 8, 6))
    assert source.fields["y"].axes == ("sample", "time", "x", "y")


def test_tensors_saved_from_matlab_order(written):
    """The Burgers file of neuraloperator is stored with the samples last."""
    y = values(6, 7, 8)
    transposed = torch.from_numpy(np.ascontiguousarray(y.T)).permute(2, 1, 0)
    source = written(x=transposed[:, 0], y=transposed)
    assert np.array_equal(source.read("y", [5, 2]), y[[5, 2]])
    assert source.read("y").flags.c_contiguous


def test_parameters_with_gradient(written):
    assert written(x=torch.rand(3, 4, requires_grad=True)).read("x").shape == (3, 4)


def test_lists_are_noted(written):
    source = written(x=values(5, 8), weights=values(9), name="darcy")
    assert source.notes[0] == "weights, a list of 9 numbers, is not read"
    assert source.parameters == {"name": "darcy"}


def test_parts_that_do_not_fit(written):
    with pytest.raises(ValueError, match="y has 4 along sample, x has 5"):
        written(x=values(5, 8), y=values(4, 8))
    with pytest.raises(ValueError, match="holds no field"):
        written(visc=0.1)
    with pytest.raises(ValueError, match="too many axes"):
        written(x=values(2, 2, 2, 2, 2, 2, 2))
    with pytest.raises(ValueError, match="x holds complex numbers"):
        written(x=torch.zeros(3, 4, dtype=torch.complex64))
    with pytest.raises(ValueError, match="x is sparse"):
        written(x=torch.eye(3).to_sparse())


def test_tensors_that_are_no_arrays(written):
    x = torch.rand(5, 8)
    z = torch.complex(x, x).conj()  # its imaginary part is stored with a sign to apply
    source = written(
        x=x, half=x.bfloat16(), imaginary=z.imag, spectrum=z.clone(), mask=x.to_sparse()
    )
    assert np.array_equal(source.read("half"), x.bfloat16().float())
    assert np.array_equal(source.read("imaginary"), -x)
    assert {"spectrum is left out: it holds complex numbers"} < set(source.notes)
    with pytest.raises(ValueError, match="mask cannot be read as a field: it is sparse"):
        source.read("mask")


sprung = []


class Trap:
    def __reduce__(self):
        return sprung.append, (1,)


@pytest.mark.parametrize("legacy", [True, False])
def test_code_in_a_pickle_is_not_run(tmp_path, legacy):
    path = tmp_path / "a.pt"
    torch.save({"x": Trap()}, path, _use_new_zipfile_serialization=not legacy)
    with pytest.raises(ValueError, match="holds more than tensors"):
        open_source(path)
    path.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(ValueError, match="holds more than tensors"):
        open_source(path)
    assert sprung == []


def test_other_objects(tmp_path):
    path = tmp_path / "a.pt"
    torch.save([torch.zeros(3, 4)], path)
    with pytest.raises(ValueError, match="no dictionary but list"):
        open_source(path)


def test_damaged_archive(tmp_path):
    path = pt(tmp_path / "a.pt", x=values(5, 8))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match="known are"):
        open_source(path)
