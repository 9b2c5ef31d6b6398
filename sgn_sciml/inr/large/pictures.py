"""Large image files as arrays on disk.

An npy file and the uncompressed page of a TIFF file are mapped where they are. Another TIFF file
is decoded once, a tile or a strip at a time, into an npy file in the cache. PNG and JPEG can only
be decoded whole, which once takes 1 to 4 bytes a pixel of memory.
"""

import hashlib
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from sgn_sciml.inr.files.images import FORMATS, READABLE, exif_orientation, open_image
from sgn_sciml.inr.files.pixels import ADVICE, UnreadImage
from sgn_sciml.inr.files.tiff import (
    BLACK_IS_ZERO,
    FLOAT,
    RGB,
    UNSIGNED,
    is_tiff,
    only_image,
    orientation_of,
)
from sgn_sciml.inr.large.stores import MappedStore, release
from sgn_sciml.system.writing import whole_file

__all__ = ["open_picture"]

ROWS = 256  # of a decoded picture that are copied at once


def open_picture(path: str, cache: str) -> MappedStore:
    """The pixels of an image file, shape ``(height, width)`` or ``(height, width, channels)``.

    Args:
        path: npy, TIFF, PNG, JPEG, or another file that Pillow reads with 8 bits a channel.
        cache: Folder for what had to be decoded.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not an image, is damaged, or of a kind that is not read.
    """
    name = Path(path)
    if not name.is_file():
        raise FileNotFoundError(f"no image {path}; give a npy, tif, png or jpg file")
    if name.suffix == ".npy":
        return MappedStore(name)
    try:
        with warnings.catch_warnings():  # of tags that matter to nobody
            warnings.simplefilter("ignore")
            return _tiff(name, Path(cache)) if is_tiff(name) else _decoded(name, Path(cache))
    except (UnreadImage, OSError):
        raise
    except Exception as error:  # each format's reader has errors of its own
        reason = str(error).strip().partition("\n")[0]
        raise ValueError(f"{path} cannot be read as an image: {reason or 'damaged'}") from error


def _cached(path: Path, folder: Path) -> Path:
    """Where the pixels of a file are, or will be; another file of that name has another place."""
    about = path.stat()
    known = f"{path.resolve()} {about.st_size} {about.st_mtime_ns}"
    return folder / f"{path.stem}_{hashlib.sha256(known.encode()).hexdigest()[:12]}.npy"


def _tiff(path: Path, cache: Path) -> MappedStore:
    from tifffile import TiffFile

    with TiffFile(path) as file:
        page = only_image(path, file)
        kind, shape = page.photometric, tuple(page.shape)
        plain = kind in (BLACK_IS_ZERO, RGB) and page.sampleformat in (UNSIGNED, FLOAT)
        mingled = len(shape) == 2 or page.axes.endswith("S")
        if not plain or not mingled or not isinstance(page.bitspersample, int):
            raise UnreadImage(f"{path} is not read by parts: save it as RGB or grey TIFF")
        if page.bitspersample not in (8, 16, 32, 64) or orientation_of(page) != 1:
            raise UnreadImage(f"{path} is turned, or packs its bits: save it upright, 8 or 16 bit")
        dtype = np.dtype(page.dtype).newbyteorder(file.byteorder)
        if page.is_final and page.is_contiguous:
            return MappedStore(path, (dtype, shape, page.dataoffsets[0]))
        target = _cached(path, cache)
        if not target.exists():
            with whole_file(target) as partial:
                pixels: Any = np.lib.format.open_memmap(partial, "w+", page.dtype, shape)
                progress = tqdm(total=len(page.dataoffsets), desc="Decoding", disable=None)
                for segment, index, size in page.segments(maxworkers=1, buffersize=2**24):
                    progress.update()
                    if segment is None:
                        continue  # a tile that was left out is black
                    _, _, top, left, _ = index
                    part = segment.reshape(segment.shape[1:3] + shape[2:])
                    bottom, right = min(top + size[1], shape[0]), min(left + size[2], shape[1])
                    pixels[top:bottom, left:right] = part[: bottom - top, : right - left]
                    pixels.flush()
                    release(pixels)
                progress.close()
                del pixels
            print(f"decoded {path} into {target}")
    return MappedStore(target)


def _decoded(path: Path, cache: Path) -> MappedStore:
    target = _cached(path, cache)
    if target.exists():
        return MappedStore(target)
    with open_image(path) as image:
        if image.format not in FORMATS or image.mode not in READABLE:
            raise UnreadImage(
                f"{path} is of type {image.format} {image.mode}, which is not read by parts: "
                f"{ADVICE}"
            )
        if exif_orientation(image) != 1:
            raise UnreadImage(f"{path} is turned by its EXIF orientation: save it upright")
        channels = READABLE[image.mode]
        shape = (image.height, image.width, *([channels] if channels > 1 else []))
        print(f"decoding {path} whole, once: {image.format} has no parts")
        with whole_file(target) as partial:
            pixels: Any = np.lib.format.open_memmap(partial, "w+", np.uint8, shape)
            for top in tqdm(range(0, image.height, ROWS), desc="Decoding", disable=None):
                bottom = min(top + ROWS, image.height)
                pixels[top:bottom] = np.asarray(image.crop((0, top, image.width, bottom)))
                pixels.flush()
                release(pixels)
            del pixels
    print(f"decoded {path} into {target}")
    return MappedStore(target)
