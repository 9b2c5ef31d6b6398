"""Image files as viewers show them: depth, palettes, transparency, orientation.

Values are those of the file over the largest that its depth holds; no colour profile is applied.
"""

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from sgn_sciml.inr.files.pixels import (
    ADVICE,
    Pixels,
    UnreadImage,
    refuse_large,
    scaled,
    upright,
    with_opacity,
)

__all__ = ["ORIENTATION", "joined", "open_image", "read_bytewise", "read_pillow"]

FORMATS = ("PNG", "JPEG", "MPO", "TIFF", "GIF", "BMP", "WEBP", "PPM")  # others may lose digits
ORIENTATION = 0x0112  # tag of EXIF and TIFF
READABLE = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4}  # modes of 8 bits a channel
COLOURS = {"CMYK": "inks (CMYK)", "LAB": "CIELAB", "YCbCr": "YCbCr", "HSV": "HSV"}


def read_pillow(path: Path) -> Pixels:
    """The image of a file that Pillow reads without loss.

    Raises:
        UnreadImage: If it holds several images, or numbers or colours that are not read.
        OSError: If it is not an image, or damaged.
    """
    with open_image(path) as image:
        kind, frames = image.format, getattr(image, "n_frames", 1)
        if kind not in FORMATS:
            raise UnreadImage(f"{path} is an image of type {kind}, which is not read: {ADVICE}")
        if frames > 1 and kind != "MPO":  # of a phone: the photo, then smaller ones of its kind
            raise UnreadImage(f"{path} holds {frames} images: save the one to fit by itself")
        depth, coloured = png_header(path) if kind == "PNG" else (8, False)
        key = image.info.get("transparency")
        orientation = 1 if kind == "TIFF" else exif_orientation(image)  # Pillow turns TIFF
    if depth == 16:
        values, opacity = read_png16(path, coloured, key)
    else:
        values, opacity = read_8bit(path, key, depth)
    return upright(with_opacity(values, opacity), orientation)


def open_image(path: Path) -> ImageFile.ImageFile:
    """An image, its pixels not read yet; memory, not a fixed number, limits its size."""
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        image = Image.open(path)
    finally:
        Image.MAX_IMAGE_PIXELS = limit
    try:
        refuse_large(path, (image.height, image.width, len(image.getbands())))
    except UnreadImage:
        image.close()
        raise
    return image


def exif_orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except Exception:  # broken EXIF has errors of all types, and the image is whole
        return 1


def png_header(path: Path) -> tuple[int, bool]:
    """Bits a channel of a PNG file, and whether it has colours or opacity; its checksums fit."""
    with open_image(path) as image:
        image.verify()  # decoding looks at some only
    with path.open("rb") as file:
        depth, kind = struct.unpack("BB", file.read(26)[24:])
    return depth, kind in (2, 4, 6)


def read_8bit(path: Path, key: Any, depth: int) -> tuple[Pixels, Pixels | None]:
    """Colours and opacity of an image of up to 8 bits a channel."""
    with open_image(path) as image:
        if image.format == "PPM":
            refuse_deep_colours(path, image)
        mode = image.mode
        if mode == "I" and image.format == "PPM":  # Pillow has brought them to 16 bits
            return scaled(np.asarray(image)[..., None], 65535), None
        shown: Image.Image = image
        if mode in ("P", "PA"):
            shown = image.convert("RGB" if mode == "P" and key is None else "RGBA")
            key = None  # now in the opacity
        elif mode == "1":
            shown, depth = image.convert("L"), 1
        if shown.mode not in READABLE:
            raise UnreadImage(
                f"{path} has {COLOURS.get(mode, f'numbers of type {mode}')}, which are not read: "
                f"{ADVICE}"
            )
        raw = np.asarray(shown).reshape(image.height, image.width, READABLE[shown.mode])
    if shown.mode in ("LA", "RGBA"):
        return scaled(raw[..., :-1], 255), scaled(raw[..., -1:], 255)
    # A key counts in the file's depth, to which Pillow does not bring it.
    return scaled(raw, 255), keyed(raw, key, 255 // (2 ** min(depth, 8) - 1))


def refuse_deep_colours(path: Path, image: ImageFile.ImageFile) -> None:
    """Refuse colours of 16 bits in PPM: Pillow would drop half of them without a word."""
    args = image.tile[0][3] if image.tile else ()
    if image.mode == "RGB" and isinstance(args, tuple) and max(args[1:] or (0,)) > 255:
        raise UnreadImage(f"{path} has colours of 16 bit, which are not read from PPM: {ADVICE}")


def read_png16(path: Path, split: bool, key: Any) -> tuple[Pixels, Pixels | None]:
    """Colours and opacity of a PNG file of 16 bits a channel."""
    if not split:  # grey
        with open_image(path) as image:
            raw = np.asarray(image).astype(np.uint16)[..., None]
        return scaled(raw, 65535), keyed(raw, key, 1)
    with open_image(path) as image:
        form = str(image.tile[0][3])
    if form == "LA;16B":  # its four bytes pass for four channels
        (quad,) = read_bytewise(path, ["RGBA"])
        raw = joined(quad[..., ::2], quad[..., 1::2])
    else:
        high, low = read_bytewise(path, [form, form.replace("16B", "16L")])
        raw = joined(high, low)
    if raw.shape[2] in (2, 4):
        return scaled(raw[..., :-1], 65535), scaled(raw[..., -1:], 65535)
    return scaled(raw, 65535), keyed(raw, key, 1)


def read_bytewise(path: Path, forms: Sequence[str]) -> list[NDArray[np.uint8]]:
    """The bytes of an image that Pillow takes from the file, once for each form.

    Pillow keeps one byte of a colour of 16 bits, the higher one; told that the other one is, it
    keeps that.
    """
    found = []
    for form in forms:
        with open_image(path) as image:
            (tile,) = image.tile
            args = (form, *tile[3][1:]) if isinstance(tile[3], tuple) else form
            image.tile = [tile._replace(args=args)]
            found.append(np.asarray(image))
    return found


def joined(high: NDArray[np.uint8], low: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Numbers of 16 bits from their bytes."""
    return np.asarray(256 * high.astype(np.uint16) + low, np.uint16)


def keyed(raw: NDArray[Any], key: Any, step: int) -> Pixels | None:
    """Opacity where one colour counts as transparent."""
    if key is None:
        return None
    found = (raw != np.asarray(key, np.int64) * step).any(-1, keepdims=True)
    return np.asarray(found, np.float32)
