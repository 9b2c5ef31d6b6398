"""Images that need not fit into memory."""

from pathlib import Path
from typing import Any

from sgn_sciml.inr.large.data import LargeData
from sgn_sciml.inr.large.signal import StoredSamples, StoredSignal, placeholder, refuse_constant

__all__ = ["LargeImageData"]


class LargeImageData(LargeData):
    """An image that need not fit into memory, learnt on [0, 1].

    npy files and uncompressed TIFF files are read where they are. Other TIFF files are decoded
    once, a tile at a time, into ``cache``; PNG, JPEG and others whole, once, with 1 to 4 bytes of
    memory a pixel. ``predict`` writes ``predictions.tif``, a strip at a time.

    Args:
        path: npy, tif, png or jpg; grey or RGB, 8 or 16 bit, or (npy and tif) floats in [0, 1].
        cache: Folder for decoded images; they may be deleted at any time.
        count: Samples that a step takes, about.
        side: Pixels of a window along each axis.
        scale: Samples of a prediction per sample of the signal, along each axis.
        points: File of points to predict at instead, npy, shape ``(N, axes)``, from -1 to 1.
        seed: Seed of the windows; the command line sets it to ``seed_everything``.

    Raises:
        FileNotFoundError: If there is no such file; in ``setup``, as what follows.
        ValueError: If it is not an image of a kind that is read, or a number is out of range.
    """

    def __init__(
        self,
        path: str,
        cache: str = "data/cache",
        count: int = 65536,
        side: int = 16,
        scale: float = 1.0,
        points: str | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__(count, side, scale, points, seed)
        self.path = path
        self.cache = cache

    def load(self) -> StoredSignal:
        """Open the image."""
        from sgn_sciml.inr.large.pictures import open_picture  # brings Pillow and tifffile

        store = open_picture(self.path, self.cache)
        shape, kind = store.shape, store.dtype.kind
        if len(shape) not in (2, 3) or (len(shape) == 3 and shape[2] not in (1, 3)):
            raise ValueError(
                f"{self.path} has shape {shape}: a large image is grey or RGB, (height, width) or "
                "(height, width, 1 or 3); save it without opacity"
            )
        if kind not in "uf" or (kind == "u" and store.dtype.itemsize > 2):
            raise ValueError(
                f"{self.path} has numbers of type {store.dtype}: save it as 8 or 16 bit without a "
                "sign, or as floating-point numbers in [0, 1]"
            )
        top = 1.0 if kind == "f" else float(256**store.dtype.itemsize - 1)
        samples = StoredSamples(store, axes=2, top=top)
        low, high = (end / top for end in samples.ends())
        if low < 0 or high > 1:
            raise ValueError(f"{self.path} has values outside [0, 1]; scale the numbers to it")
        refuse_constant(self.path, low, high)
        bounds = (low, high) if high - low < 0.5 else None
        facts: dict[str, Any] = {"name": Path(self.path).stem, "path": self.path}
        facts["bits"] = 8 if top == 255 else 16
        if bounds is not None:
            facts["range"] = list(bounds)
        values = placeholder(samples.channels, samples.grid)
        return StoredSignal(
            values, "image", 0.0, 1.0, ("y", "x"), bounds=bounds, facts=facts, samples=samples
        )
