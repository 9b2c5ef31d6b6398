"""Checks of what C libraries take on trust: damage here would hang or end the process.

Two places were found by reading many thousand damaged files. HDF5 2.0 loops for ever in a
global heap, where text of variable length lies, if the size of an object is 0 or absurd. scipy
1.17 indexes a table with the type code of a MAT 5 array. Both are walked here first, headers only.
"""

import struct
import zlib
from pathlib import Path

from sgn_sciml.layouts.contents import LayoutError

__all__ = ["complex_matrices", "refuse_broken_heaps"]

HEAD = 2**20  # bytes; attributes of the files known here lie at the start
TYPES = {1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 4, 9: 8, 12: 8, 13: 8}  # code to bytes an item
NUMERIC = range(6, 16)  # classes of matrices: double, single, integers; not text or cells
COMPLEX = 0x800
MATRIX, COMPRESSED = 14, 15
PREFIX = 4096  # bytes of a matrix that hold its tags, name and shape


def refuse_broken_heaps(path: Path) -> None:
    """Walk the global heaps at the start of an HDF5 file.

    Raises:
        LayoutError: If an object does not fit into its heap.
    """
    with path.open("rb") as stream:
        head = stream.read(HEAD)
    at = head.find(b"GCOL\x01\0\0\0")
    while at >= 0:
        (size,) = struct.unpack_from("<Q", head.ljust(at + 16, b"\0"), at + 8)
        place, end = at + 16, at + size
        while place <= min(end, len(head)) - 16:
            index, length = struct.unpack_from("<H6xQ", head, place)
            step = 16 + -(-length // 8) * 8 if index else length  # index 0: free, with its header
            place += step
            if step == 0 or place > end:
                raise LayoutError(f"{path} is damaged (text does not fit its heap); get it again")
        at = head.find(b"GCOL\x01\0\0\0", at + 1)


def complex_matrices(path: Path) -> set[str]:
    """Walk the tags of all matrices of a MAT 5 file.

    Returns:
        Names of those whose numbers are complex, which no file of this family needs.

    Raises:
        LayoutError: If a part has an unknown type or does not fit into its matrix.
    """
    found = set()
    room = path.stat().st_size
    with path.open("rb") as stream:
        order = "<" if stream.read(128).endswith(b"IM") else ">"
        at = 128
        while at < room:
            stream.seek(at)
            kind, size = struct.unpack(order + "II", stream.read(8).ljust(8, b"\0"))
            at += 8 + size
            matrix = stream.read(min(size, PREFIX))
            if kind == COMPRESSED:
                matrix = zlib.decompressobj().decompress(matrix, PREFIX)
                kind, size = struct.unpack_from(order + "II", matrix)
                matrix = matrix[8:]
            elif at > room:
                raise LayoutError(f"{path} was cut off; get it again")
            if kind == MATRIX:
                name, sound, imaginary = _parts(matrix, size, order)
                if not sound:
                    raise LayoutError(f"{path} is damaged (tags of a matrix); get it again")
                found |= {name} if imaginary else set()
    return found


def _parts(matrix: bytes, size: int, order: str) -> tuple[str, bool, bool]:
    """Name of a matrix, whether its parts make sense, and whether its numbers are complex.

    The parts are flags, shape, name and, of numbers, values.
    """
    at, name, imaginary = 0, "", False
    for part in range(4):
        if at + 16 > len(matrix):
            break
        kind, length = struct.unpack_from(order + "II", matrix, at)
        if at == 0:
            (flags,) = struct.unpack_from(order + "I", matrix, 8)
            if flags & 0xFF not in NUMERIC:
                break
            imaginary = bool(flags & COMPLEX)
        if kind >> 16:  # up to four bytes lie inside the tag
            kind, length, begin, at = kind & 0xFFFF, kind >> 16, at + 4, at + 8
        else:
            begin, at = at + 8, at + 8 + -(-length // 8) * 8
        if kind not in TYPES or length % TYPES[kind] or at > size:
            return name, False, imaginary
        if part == 2:
            name = matrix[begin : begin + length].decode("latin-1")
    return name, True, imaginary
