"""PNG files of any depth and filter, written without the decoder under test."""

import struct
import zlib

import numpy as np

GREY, RGB, PALETTE, GREY_OPACITY, RGB_OPACITY = 0, 2, 3, 4, 6


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(pixels, kind, depth, filters=(0,), **chunks):
    """A file of integers, shape (height, width, channels), each row filtered in turn."""
    height, width, channels = pixels.shape
    bits = np.unpackbits(pixels.astype(">u2").view("u1").reshape(*pixels.shape, 2), axis=-1)
    rows = np.packbits(bits[..., -depth:].reshape(height, -1), axis=1).astype(int)
    step, above, packed = max(1, channels * depth // 8), np.zeros(rows.shape[1], int), b""
    for number, row in enumerate(rows):
        left, corner = (np.r_[np.zeros(step, int), line[:-step]] for line in (row, above))
        guess = left + above - corner
        gaps = np.abs(np.stack([guess - left, guess - above, guess - corner]))
        paeth = np.choose(gaps.argmin(0), [left, above, corner])
        kind_of_row = filters[number % len(filters)]
        expected = (0, left, above, (left + above) // 2, paeth)[kind_of_row]
        packed += bytes([kind_of_row]) + ((row - expected) % 256).astype("u1").tobytes()
        above = row
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0))
    extra = b"".join(chunk(name.encode(), data) for name, data in chunks.items())
    body = chunk(b"IDAT", zlib.compress(packed)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + header + extra + body
