"""Sounds that were cut short, in each container, and headers that say unusual things."""

import struct

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from sgn_sciml.inr.audio import read_audio

STORED = np.random.default_rng(0).integers(-30000, 30000, (101, 2))
SHORTS = STORED.astype(">i2").tobytes()
RIGHT = STORED.T / 32768
ODD = STORED[:, :1] // 256  # 101 bytes, and one to fill up


def read(tmp_path, content, name="sound"):
    (tmp_path / name).write_bytes(content)
    return read_audio(str(tmp_path / name))


@pytest.mark.parametrize("part", [0.1, 0.5, 0.95])
@pytest.mark.parametrize("kind", ["WAV", "WAVEX", "RF64", "AIFF", "AU", "W64", "CAF"])
def test_a_part_of_a_file_is_refused(kind, part, tmp_path):
    path = tmp_path / "whole"
    soundfile.write(path, RIGHT.T, 8000, format=kind, subtype="PCM_16")
    content = path.read_bytes()
    np.testing.assert_array_equal(read_audio(str(path))[0], RIGHT)
    cut = content[: len(content) - round(part * len(SHORTS))]
    with pytest.raises(ValueError, match=r"is cut short: it holds \d+ of \d+ bytes"):
        read(tmp_path, cut)


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_half_an_ogg_file_is_refused(subtype, tmp_path):
    tone = 0.5 * np.sin(0.1 * np.arange(60000))
    soundfile.write(tmp_path / "whole", tone, 48000, format="OGG", subtype=subtype)
    content = (tmp_path / "whole").read_bytes()
    assert read(tmp_path, content)[0].shape == (1, 60000)
    with pytest.raises(ValueError, match=r"is cut short|cannot be read as a sound"):
        read(tmp_path, content[: len(content) // 2])


def chunk(name, content, order=">"):
    return name + struct.pack(f"{order}I", len(content)) + content + b"\0" * (len(content) % 2)


def aiff(samples, channels, bits, frames, code=b"", offset=0, swapped=False, between=b""):
    """An AIFF file by its specification, AIFC with a code."""
    rate = struct.pack(">HQ", 16383 + 12, 8000 << 51)
    name = code + b"\x03odd" if code else b""
    comm = chunk(b"COMM", struct.pack(">hIh", channels, frames, bits) + rate + name)
    ssnd = chunk(b"SSND", struct.pack(">II", offset, 0) + b"\x55" * offset + samples)
    body = (b"AIFC" if code else b"AIFF") + between.join([ssnd, comm] if swapped else [comm, ssnd])
    return b"FORM" + struct.pack(">I", len(body)) + body


INTEGERS = {8: (128, b""), 12: (32768, b""), 16: (32768, b"sowt"), 24: (2**23, b"in24")}


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    bits=st.sampled_from(sorted(INTEGERS)),
    packed=st.booleans(),
    channels=st.integers(1, 3),
    frames=st.integers(2, 40),
    offset=st.integers(0, 9),
    swapped=st.booleans(),
    between=st.integers(0, 5),
    seed=st.integers(0, 2**32),
)
def test_aiff_by_its_specification(
    tmp_path_factory, bits, packed, channels, frames, offset, swapped, between, seed
):
    top, code = INTEGERS[bits]
    code = code if packed else b""
    numbers = np.random.default_rng(seed).integers(-top, top, (frames, channels))
    width, order = -(-bits // 8), "little" if code == b"sowt" else "big"
    samples = b"".join(int(v).to_bytes(width, order, signed=True) for v in numbers.flat)
    extra = chunk(b"ANNO", b"x" * between)
    content = aiff(samples, channels, bits, frames, code, offset, swapped, extra)
    found, rate = read(tmp_path_factory.getbasetemp(), content, "fuzzed.aiff")
    assert rate == 8000
    np.testing.assert_allclose(found, numbers.T / top, atol=1e-7)


@pytest.mark.parametrize("counted", [0, 50, 500])
def test_aiff_with_two_lengths_is_a_question(counted, tmp_path):
    with pytest.raises(ValueError, match=f"counts {counted} samples of each channel and holds"):
        read(tmp_path, aiff(SHORTS, 2, 16, counted))


def wav(samples, bits, frame, channels=2):
    header = struct.pack("<HHIIHH", 1, channels, 8000, 8000 * frame, frame, bits)
    body = b"WAVE" + chunk(b"fmt ", header, "<") + chunk(b"data", samples, "<")
    return b"RIFF" + struct.pack("<I", len(body)) + body


def test_a_missing_byte_of_filling_is_not_missed(tmp_path):
    content = wav((ODD + 128).astype("u1").tobytes(), 8, 1, channels=1)
    np.testing.assert_array_equal(read(tmp_path, content[:-1])[0], ODD.T / 128)
    with pytest.raises(ValueError, match="holds 100 of 101 bytes"):
        read(tmp_path, content[:-2])


def test_three_bytes_in_four_are_named(tmp_path):
    with pytest.raises(ValueError, match="8 bytes for 2 channels of 24 bit"):
        read(tmp_path, wav(STORED.astype("<i4").tobytes(), 24, 8))


@pytest.mark.parametrize("size", [b"\x7f\0\0\x24", b"\xff\xff\xff\xff"])
def test_an_aiff_from_a_pipe_is_read_to_its_end(size, tmp_path):
    content = bytearray(aiff(SHORTS, 2, 16, 0x7F000000 // 4))
    place = content.index(b"SSND") + 4
    content[place : place + 4] = size
    np.testing.assert_array_equal(read(tmp_path, content)[0], RIGHT)


@pytest.mark.parametrize("size", [0xFFFFFFFF, len(SHORTS)])
def test_au_with_and_without_its_length(size, tmp_path):
    head = b".snd" + struct.pack(">5I", 32, size, 3, 8000, 2) + b"a note\0\0"
    np.testing.assert_array_equal(read(tmp_path, head + SHORTS)[0], RIGHT)
