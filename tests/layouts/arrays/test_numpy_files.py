"""What is special about files of NumPy: heads, mapping, and what is refused."""

import zipfile

import numpy as np
import pytest

from sgn_sciml.layouts import Schema, open_source

from ..files import npy, npz, values

U = values(6, 8, 8)


def test_what_was_not_compressed_is_mapped(tmp_path):
    for order in "CF":
        path = npz(tmp_path / "a.npz", a=U, u=np.asarray(U + 1, order=order), nu=0.5)
        source = open_source(path)
        assert source.parameters == {"nu": 0.5}
        assert np.array_equal(source.read("u", [4, 1]), U[[4, 1]] + 1)
        assert isinstance(source._array("u"), np.memmap)
    source = open_source(npy(tmp_path / "u.npy", U), Schema({"u": "sample x y"}))
    assert np.array_equal(source.read("u", [5]), U[5:])


def test_types_of_another_byte_order_and_constants_of_samples(tmp_path):
    path = npz(tmp_path / "a.npz", True, a=U[:, 0], u=U[:, 1].astype(">f8"), nu=np.arange(6.0))
    source = open_source(path)
    assert source.fields["u"].dtype == np.dtype("f8")
    assert np.array_equal(source.read("u"), U[:, 1])
    assert list(source.sample_parameter("nu")) == [0, 1, 2, 3, 4, 5]


def test_what_is_no_number_is_left_out_and_never_unpickled(tmp_path):
    class Never:
        def __reduce__(self):
            return (pytest.fail, ("unpickled",))

    path = npz(
        tmp_path / "a.npz",
        a=U[:, 0],
        words=np.array(["a", "b"]),
        waves=U * 1j,
        objects=np.array([Never()], object),
    )
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("about.txt", "it is about")
    source = open_source(path)
    assert source.left_out == {
        "words": "holds text",
        "waves": "holds complex numbers",
        "objects": "holds objects",
        "about.txt": "is not an array",
    }
    assert np.array_equal(source.read("a"), U[:, 0])


def test_a_cut_file_and_a_changed_number_are_one_line(tmp_path):
    path = npy(tmp_path / "u.npy", U)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ValueError, match="not what the file holds of it; get it again"):
        open_source(path)
    path = npz(tmp_path / "a.npz", a=U[:, 0])
    content = bytearray(path.read_bytes())
    content[300] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match="is damaged"):
        open_source(path).read("a")
