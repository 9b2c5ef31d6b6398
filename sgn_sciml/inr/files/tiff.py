"""TIFF files: what their numbers and channels mean is read from their tags."""

import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import UnidentifiedImageError
from tifffile import TiffFile

from sgn_sciml.inr.files.images import (
    ORIENTATION,
    joined,
    open_image,
    read_bytewise,
    read_pillow,
)
from sgn_sciml.inr.files.pixels import (
    ADVICE,
    NUMBERS,
    Pixels,
    UnreadImage,
    refuse_large,
    refuse_outside,
    upright,
    with_opacity,
)

__all__ = ["is_tiff", "read_tiff"]

MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, YCBCR = 0, 1, 2, 3, 6  # PhotometricInterpretation
UNSIGNED, FLOAT = 1, 3  # SampleFormat
MULTIPLIED, OPACITY = 1, 2  # ExtraSamples
REDUCED, MASK = 1, 4  # bits of NewSubfileType


def is_tiff(path: Path) -> bool:
    """Whether a file begins as TIFF does."""
    with path.open("rb") as file:
        return file.read(4) in MAGIC


def read_tiff(path: Path) -> Pixels:
    """The image of a TIFF file, shape ``(height, width, channels)``.

    Raises:
        UnreadImage: If it holds several images, is compressed by what is not installed, or has
            channels, colours or numbers that are not read.
    """
    with TiffFile(path) as file:
        page = only_image(path, file)
        refuse_large(path, page.shape)
        if page.photometric == YCBCR:
            return read_pillow(path)
        refuse_unknown(path, page)
        try:
            raw = page.asarray()
        except (ValueError, ImportError) as error:
            if "imagecodecs" not in str(error) and not isinstance(error, ImportError):
                raise
            return read_compressed(path, page)
        pixels = from_numbers(path, page, channels_last(path, page, raw))
        return upright(pixels, orientation_of(page))


def only_image(path: Path, file: TiffFile) -> Any:
    """The one image of a file, beside which there may be thumbnails and masks."""
    pages = [p for p in file.pages if not getattr(p, "subfiletype", 0) & (REDUCED | MASK)]
    page = pages[0] if pages else file.pages[0]
    count = max(len(pages), file.series[0].size // page.size)  # ImageJ writes one page of many
    if count > 1:
        raise UnreadImage(f"{path} holds {count} pages: save the one to fit by itself")
    return page


def refuse_unknown(path: Path, page: Any) -> None:
    """Refuse numbers and colours that have no reading as grey or red, green and blue."""
    kind, bits = page.photometric, page.bitspersample
    if kind not in (WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE):
        name = getattr(kind, "name", kind)
        raise UnreadImage(f"{path} has colours of type {name}, which are not read: {ADVICE}")
    if page.sampleformat not in (UNSIGNED, FLOAT) or not isinstance(bits, int):
        raise UnreadImage(
            f"{path} has numbers of type {page.dtype}, of which it is unknown which is white: "
            f"{NUMBERS}"
        )
    extra = page.samplesperpixel - (3 if kind == RGB else 1)
    if extra < 0 or (extra > 1 and not {MULTIPLIED, OPACITY} & set(page.extrasamples)):
        raise UnreadImage(
            f"{path} has {page.samplesperpixel} channels, of which it does not say that they are "
            f"grey or colours and opacity: {ADVICE}"
        )


def channels_last(path: Path, page: Any, raw: NDArray[Any]) -> NDArray[Any]:
    """Numbers of a page, shape ``(height, width, channels)``."""
    if "S" not in page.axes:
        raw = raw[..., None]
    elif page.axes[-1] != "S":  # one plane a channel
        raw = np.moveaxis(raw, page.axes.index("S"), -1)
    if raw.ndim != 3:
        raise UnreadImage(f"{path} holds a volume, not an image: its axes are {page.axes}")
    return raw


def from_numbers(path: Path, page: Any, raw: NDArray[Any]) -> Pixels:
    """Pixels of the numbers of a page, channels last."""
    top = 1.0 if page.sampleformat == FLOAT else 2.0**page.bitspersample - 1
    count = 3 if page.photometric == RGB else 1
    if page.photometric == PALETTE:
        colour = looked_up(path, page, raw[..., 0])
    else:
        colour = (raw[..., :count] / top).astype(np.float32)
    if page.sampleformat == FLOAT:
        refuse_outside(path, raw)
    if page.photometric == WHITE_IS_ZERO:
        colour = 1 - colour
    kinds = [int(kind) for kind in page.extrasamples]
    found = next((k for k, kind in enumerate(kinds) if kind in (MULTIPLIED, OPACITY)), None)
    if found is not None:
        opacity = (raw[..., count + found, None] / top).astype(np.float32)
        colour = with_opacity(colour, opacity, kinds[found] == MULTIPLIED)
    return colour


def looked_up(path: Path, page: Any, numbers: NDArray[Any]) -> Pixels:
    """Colours of a palette of 16 bits; some writers fill their upper or lower half only."""
    palette = np.asarray(page.colormap)
    if numbers.max() >= palette.shape[1]:
        raise UnreadImage(f"{path} has colours beyond its palette of {palette.shape[1]}")
    top = 255 if palette.max() < 256 else 65535 if (palette % 256).any() else 255 * 256
    return np.asarray(palette.T[numbers] / top, np.float32)


def orientation_of(page: Any) -> int:
    tag = page.tags.get(ORIENTATION)
    return 1 if tag is None else int(tag.value)


def read_compressed(path: Path, page: Any) -> Pixels:
    """What tifffile cannot unpack by itself, and Pillow can; that turns it upright as well."""
    bits, grey = page.bitspersample, page.samplesperpixel == 1
    mingled = page.planarconfig == 1
    with suppress(UnidentifiedImageError):
        if bits in (1, 2, 4, 8) and (grey or page.photometric == RGB or mingled):
            if grey or page.photometric != WHITE_IS_ZERO:
                return read_pillow(path)
        elif bits == 16 and page.sampleformat == UNSIGNED and grey and page.photometric != PALETTE:
            with open_image(path) as image:
                raw = np.asarray(image).astype(np.uint16)[..., None]
            return from_numbers(path, page, raw)
        elif bits == 16 and page.sampleformat == UNSIGNED and page.photometric == RGB and mingled:
            return from_numbers(path, page, colours_16(path, page))
    raise UnreadImage(
        f"{path} is compressed by {page.compression.name}, which needs another package: "
        "pip install imagecodecs, or save it uncompressed"
    )


def colours_16(path: Path, page: Any) -> NDArray[np.uint16]:
    """Colours of 16 bits, in the machine's order of bytes, as libtiff gives them."""
    blend = {MULTIPLIED, OPACITY} & set(page.extrasamples)
    form = "RGB" if page.samplesperpixel == 3 else "RGBA" if blend else "RGBX"
    orders = ["L", "B"] if sys.byteorder == "little" else ["B", "L"]
    high, low = read_bytewise(path, [f"{form};16{order}" for order in orders])
    return joined(high, low)
