"""The bytes of samples that the header of a sound announces, and those that are there.

libsndfile plays what is left of a file that was cut short without a word. WAV, RF64, AIFF, W64 and
CAF are chunks of a name and a size; AU tells the size in its header.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

__all__ = ["frames_of_aiff", "refuse_cut_short"]

UNKNOWN_32 = 0x7F000000  # a writer that did not know the length left a size from here on
UNKNOWN_64 = 2**62
PLAIN = (1, 3, 0xFFFE)  # codes of WAV: integers, floating point, either with more of a header
Order = Literal["big", "little"]  # of the bytes of a number


@dataclass(frozen=True)
class Chunk:
    """A part of a file.

    Attributes:
        name: Its name.
        start: Where its content begins.
        size: Bytes of the content, as announced.
    """

    name: bytes
    start: int
    size: int


def refuse_cut_short(path: str, file: Path) -> None:
    """Refuse a file that does not hold the samples it announces, or says how to read them wrongly.

    Args:
        path: What the user called it.
        file: The file.

    Raises:
        ValueError: If it is cut short, or its frames have other sizes than its samples.
    """
    there = file.stat().st_size
    with file.open("rb") as stream:
        found = samples_of(path, stream)
        ended = ogg_is_whole(stream)
    if found is not None and found.start + found.size > there:
        held = max(0, there - found.start)
        raise ValueError(
            f"{path} is cut short: it holds {held} of {found.size} bytes; get the whole file"
        )
    if not ended:
        raise ValueError(f"{path} is cut short: its last page is missing; get the whole file")


def samples_of(path: str, stream: BinaryIO) -> Chunk | None:
    """The part that holds the samples; None if the file tells none, or not its length."""
    head = stream.read(16)
    form, kind = head[:4], head[8:12]
    if form in (b"RIFF", b"RIFX", b"RF64", b"BW64") and kind == b"WAVE":
        return wave_samples(path, stream, "big" if form == b"RIFX" else "little")
    if form == b"FORM" and kind in (b"AIFF", b"AIFC", b"8SVX", b"16SV"):
        return known(named(chunks(stream, 12, 4, "big"), (b"SSND", b"BODY")), UNKNOWN_32)
    if form == b"riff" and head[4:8] == b"\x2e\x91\xcf\x11":
        return known(named(w64_chunks(stream), (b"data",)), UNKNOWN_64)
    if form == b"caff":
        return known(named(chunks(stream, 8, 8, "big", even=False), (b"data",)), UNKNOWN_64)
    if form in (b".snd", b"dns."):
        order: Order = "big" if form == b".snd" else "little"
        start, size = (int.from_bytes(head[k : k + 4], order) for k in (4, 8))
        return known(Chunk(form, start, size), UNKNOWN_32)
    return None


def frames_of_aiff(file: Path) -> int | None:
    """Samples of each channel that an AIFF file counts; None if its data has no size."""
    with file.open("rb") as stream:
        head = stream.read(12)
        if head[:4] != b"FORM" or head[8:] not in (b"AIFF", b"AIFC"):
            return None
        parts = {chunk.name: chunk for chunk in chunks(stream, 12, 4, "big")}
        if b"COMM" not in parts or known(parts.get(b"SSND"), UNKNOWN_32) is None:
            return None
        stream.seek(parts[b"COMM"].start + 2)
        return int.from_bytes(stream.read(4), "big")


def refuse_odd_frames(path: str, stream: BinaryIO, start: int, order: Order) -> None:
    """Refuse WAV whose samples fill more bytes than their bits need, which libsndfile misreads."""
    stream.seek(start)
    code, channels, _, _, frame, bits = struct.unpack(
        ("<" if order == "little" else ">") + "HHIIHH", stream.read(16).ljust(16, b"\0")
    )
    if code in PLAIN and frame != channels * -(-bits // 8):
        raise ValueError(
            f"{path} has {frame} bytes for {channels} channels of {bits} bit, which is not read: "
            "convert it to wav of 16 or 32 bit"
        )


def wave_samples(path: str, stream: BinaryIO, order: Order) -> Chunk | None:
    """The data of a WAV file, whose size may stand in an earlier chunk of 64 bits."""
    size = None
    for chunk in chunks(stream, 12, 4, order):
        if chunk.name == b"ds64":
            stream.seek(chunk.start + 8)
            size = int.from_bytes(stream.read(8), "little")
        elif chunk.name == b"fmt ":
            refuse_odd_frames(path, stream, chunk.start, order)
        elif chunk.name == b"data":
            if size is not None and chunk.size == 0xFFFFFFFF:
                return known(Chunk(chunk.name, chunk.start, size), UNKNOWN_64)
            return known(chunk, UNKNOWN_32)
    return None


def chunks(
    stream: BinaryIO, start: int, width: int, order: Order, even: bool = True
) -> Iterator[Chunk]:
    """The chunks of a file: four letters, a size, the content, padded to an even length."""
    while True:
        stream.seek(start)
        head = stream.read(4 + width)
        if len(head) < 4 + width:
            return
        size = int.from_bytes(head[4:], order)
        yield Chunk(head[:4], start + 4 + width, size)
        start += 4 + width + size + (size % 2 if even else 0)


def w64_chunks(stream: BinaryIO) -> Iterator[Chunk]:
    """The chunks of a W64 file: sizes count the head of 24 bytes and are padded to eight."""
    start = 40
    while True:
        stream.seek(start)
        head = stream.read(24)
        size = int.from_bytes(head[16:], "little") - 24
        if len(head) < 24 or size < 0:
            return
        yield Chunk(head[:4], start + 24, size)
        start += 24 + (size + 7) // 8 * 8


def named(parts: Iterator[Chunk], names: tuple[bytes, ...]) -> Chunk | None:
    return next((chunk for chunk in parts if chunk.name in names), None)


def known(chunk: Chunk | None, unknown: int) -> Chunk | None:
    """A chunk whose size was known to who wrote it."""
    return chunk if chunk is not None and chunk.size < unknown else None


def ogg_is_whole(stream: BinaryIO) -> bool:
    """Whether the last page of an Ogg file says that it is the last; so for other files."""
    stream.seek(0)
    if stream.read(4) != b"OggS":
        return True
    stream.seek(0, 2)
    stream.seek(max(0, stream.tell() - 65536 - 512))  # a page is at most that long
    rest = stream.read()
    page = rest[rest.rfind(b"OggS") :]
    count = page[26] if len(page) > 26 else 0
    length = 27 + count + sum(page[27 : 27 + count])
    return len(page) > 26 and bool(page[5] & 4) and length <= len(page)
