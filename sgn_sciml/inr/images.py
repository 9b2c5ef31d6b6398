"""Images from files, or those that scikit-image ships."""

import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sgn_sciml.inr.description import Signal
from sgn_sciml.inr.files.pixels import (
    NUMBERS,
    Pixels,
    UnreadImage,
    before_white,
    refuse_outside,
    scaled,
    with_opacity,
)
from sgn_sciml.inr.signals import SignalData

__all__ = ["ImageData", "read_image"]

SHIPPED = ("astronaut", "brick", "camera", "cat", "cell", "coffee", "grass", "gravel", "rocket")


def read_image(path: str, opacity: bool = False) -> Pixels:
    """An image as viewers show it, with values in [0, 1]; colour profiles are not applied.

    Args:
        path: png, jpg, tif, gif, bmp, webp, ppm or npy; or the name of an image of scikit-image.
        opacity: Keep that of an image which is not opaque everywhere.

    Returns:
        Shape ``(height, width, channels)``, 1 or 3 channels, transparent parts on white. With
        opacity 2 or 4 channels: it is the last one, and the others are multiplied by it.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not an image, is damaged, or of a kind that is not read.
    """
    pixels = read_pixels(path)
    if pixels.shape[2] in (1, 3):
        return pixels
    if pixels[..., -1].min() == 1:
        return pixels[..., :-1]
    if opacity:
        return pixels
    return before_white(pixels)


def read_pixels(path: str) -> Pixels:
    """The same with the opacity that the file has."""
    name = Path(path)
    if path in SHIPPED and not name.exists():
        import skimage

        return from_array(name, np.asarray(getattr(skimage.data, path)()))
    if name.is_dir():
        raise ValueError(
            f"{path} is a folder, not an image: sgn each {path} --config ... fits each one in it"
        )
    if not name.is_file():
        raise FileNotFoundError(
            f"no image {path}; give a png, jpg, tif or npy file, or one of {', '.join(SHIPPED)}"
        )
    try:
        if name.suffix == ".npy":
            return from_array(name, np.load(name))
        return decode(name)
    except UnreadImage:
        raise
    except Exception as error:  # each format's reader has errors of its own
        reason = str(error).strip().partition("\n")[0]
        raise ValueError(f"{path} cannot be read as an image: {reason or 'damaged'}") from error


def from_array(path: Path, raw: Any) -> Pixels:
    """The image of an array: grey, RGB, or either with opacity as the last channel."""
    dtype, shape = getattr(raw, "dtype", None), getattr(raw, "shape", ())
    if dtype is None or dtype.kind not in "uifb" or len(shape) not in (2, 3) or 0 in shape:
        what = "several arrays" if dtype is None else f"{dtype} of shape {shape}"
        raise UnreadImage(f"{path} is not an image: {what}")
    if raw.ndim == 2:
        raw = raw[..., None]
    if raw.shape[2] > 4:
        raise UnreadImage(
            f"{path} is not an image: {raw.shape[2]} channels (height, width, channels)"
        )
    if dtype.kind == "f":
        refuse_outside(path, raw)
        values = np.asarray(raw, np.float32)
    elif dtype.kind == "b":
        values = scaled(raw, 1)
    elif dtype.kind == "u" and dtype.itemsize <= 2:
        values = scaled(raw, 256**dtype.itemsize - 1)
    else:  # a mean of bytes, or 8 bits in 64: their largest number says nothing
        raise UnreadImage(
            f"{path} has numbers of type {dtype}, of which it is unknown which is white: {NUMBERS}"
        )
    if raw.shape[2] in (2, 4):
        return with_opacity(values[..., :-1], values[..., -1:])
    return values


def decode(path: Path) -> Pixels:
    """The pixels of an image file."""
    from sgn_sciml.inr.files.images import read_pillow
    from sgn_sciml.inr.files.tiff import is_tiff, read_tiff

    with warnings.catch_warnings():  # of tags that matter to nobody
        warnings.simplefilter("ignore")
        return read_tiff(path) if is_tiff(path) else read_pillow(path)


def narrow_range(values: Tensor) -> tuple[float, float] | None:
    """Least and greatest value, if they span less than half of [0, 1].

    Beside all of [0, 1] such an image is nearly flat to a network: 12 bits of a camera in a file
    of 16, a night, an X-ray. Others keep [0, 1], as published figures do.
    """
    if values.numel() == 0:
        return None
    low, high = float(values.min()), float(values.max())
    return (low, high) if 0 < high - low < 0.5 else None


class ImageData(SignalData):
    """An image; one that spans less than half of [0, 1] is learnt on its own range.

    Args:
        path: png, jpg, tif, gif, bmp, webp, ppm or npy (grey, RGB, a palette, with or without
            opacity, 8 or 16 bit); or the name of an image that scikit-image ships: camera,
            astronaut, cat, coffee, brick, gravel, grass, cell, rocket.
        size: Height and width to resize to, or the longer of the two, which keeps their ratio;
            None keeps the file's.
        crop: Height and width of the middle to keep before that, or one number for both.
        grey: Make it grey.
        opacity: Learn the opacity of a transparent image as well, as its last channel; colours
            are then multiplied by it, so that what nobody sees costs nothing. Otherwise they are
            put on white.
        mask: Image of what may be learnt from: black where the image is unknown or damaged.
        kwargs: Options of :class:`SignalData`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not an image, or a size is out of range.
    """

    def __init__(
        self,
        path: str = "camera",
        size: int | tuple[int, int] | None = None,
        crop: int | tuple[int, int] | None = None,
        grey: bool = False,
        opacity: bool = False,
        mask: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.path = path
        self.size = size
        self.crop = (crop, crop) if isinstance(crop, int) else crop
        self.grey = grey
        self.opacity = opacity
        self.mask = mask
        for name, value in (("size", size), ("crop", crop)):
            if value is not None and np.min(value) < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")

    def load(self) -> Signal:
        """Read the image and its mask, crop and resize both."""
        from skimage.color import rgb2gray

        image = read_image(self.path, opacity=True)
        if image.shape[2] in (2, 4) and not self.opacity:
            way = "--data.opacity true learns its opacity as well"
            note = f"{self.path} is transparent in places: put on white; {way}"
            print(note, file=sys.stderr)
            image = before_white(image)
        mask = None if self.mask is None else read_image(self.mask)
        if mask is not None and mask.shape[:2] != image.shape[:2]:
            raise ValueError(
                f"the mask {self.mask} has {mask.shape[:2]} pixels, the image {image.shape[:2]}"
            )
        image = self._fitted(image)
        if self.grey and image.shape[2] >= 3:
            image = np.concatenate([rgb2gray(image[..., :3])[..., None], image[..., 3:]], 2)
        values = torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1))).float()
        values = values.clamp(0, 1)
        known = None if mask is None else torch.from_numpy(self._fitted(mask).mean(2) > 0.5)
        bounds = narrow_range(values if known is None else values[:, known])
        facts: dict[str, Any] = {"name": Path(self.path).stem, "mask": self.mask}
        if bounds is not None:
            facts["range"] = list(bounds)
        if Path(self.path).is_file():
            facts["path"] = self.path
        return Signal(
            values, "image", 0.0, 1.0, ("y", "x"), mask=known, bounds=bounds, facts=facts
        )

    def _fitted(self, image: NDArray[np.float32]) -> NDArray[np.float32]:
        """The middle of an image, in the size that was asked for."""
        from skimage.transform import resize

        if self.crop is not None:
            top, left = ((n - m) // 2 for n, m in zip(image.shape, self.crop, strict=False))
            if min(top, left) < 0:
                raise ValueError(
                    f"crop {self.crop} is larger than the image, {image.shape[:2]} pixels"
                )
            image = image[top : top + self.crop[0], left : left + self.crop[1]]
        size: Sequence[int] | int | None = self.size
        if isinstance(size, int):
            longer = max(image.shape[:2])
            size = [max(1, round(size * n / longer)) for n in image.shape[:2]]
        if size is not None and tuple(size) != image.shape[:2]:
            with warnings.catch_warnings():  # NaN: told apart after loading
                warnings.simplefilter("ignore")
                image = resize(image, size, anti_aliasing=True)  # type: ignore[no-untyped-call]
        return image
