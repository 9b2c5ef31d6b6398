"""Damage that once hung or ended the process is refused in time."""

import struct

import pytest

from sgn_sciml.layouts import open_source

from .files import mat5, pdebench_groups, values


def test_heap_that_never_ends(tmp_path):
    path = pdebench_groups(tmp_path / "a.h5", values(2, 3, 4, 4, 2))
    content = bytearray(path.read_bytes())
    heap = content.index(b"GCOL")
    (length,) = struct.unpack_from("<Q", content, heap + 24)
    free = heap + 32 + -(-length // 8) * 8  # after the first of two objects
    for size in (0, 2**63, 2**64 - 8):
        struct.pack_into("<Q", content, free + 8, size)
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"text does not fit its heap|damaged"):
            open_source(path)


@pytest.mark.parametrize("place", [128 + 24, 128 + 48, 128 + 64])
@pytest.mark.parametrize("code", [0, 42, 200])
def test_unknown_type_of_numbers(tmp_path, place, code):
    path = mat5(tmp_path / "a.mat", coeff=values(4, 4, 4))
    content = bytearray(path.read_bytes())
    content[place] = code
    path.write_bytes(content)
    with pytest.raises(ValueError, match="is damaged"):
        open_source(path)
