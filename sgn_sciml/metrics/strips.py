"""Measures of pictures that come in strips of rows, from the top, each of whole rows.

No strip is kept but the last rows of the one before, so memory does not grow with the picture.
"""

from typing import Any

import torch
from torch import Tensor

from sgn_sciml.metrics.similarity import WINDOW, MeanSimilarity, inner_similarity
from sgn_sciml.metrics.spectral import SpectralError

__all__ = ["TILE", "StripSSIM", "TileSpectralError"]

TILE = 64  # pixels along the side of a tile whose spectrum is taken, and rows of a strip
COLUMNS = 1024  # of a strip that are compared at once


class StripSSIM(MeanSimilarity):
    """Mean structural similarity of a picture in [0, 1] that comes in strips of rows.

    The same number as :class:`~sgn_sciml.metrics.SSIM` of the whole picture: the windows that lie
    across two strips count. A strip of another width begins another picture, as does one that is
    not ``joined``; nan without a window.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._above: tuple[Tensor, Tensor] | None = None

    def update(self, preds: Tensor, target: Tensor, joined: bool = True) -> None:
        """Take in a strip ``(1, channels, rows, width)``.

        Args:
            preds: Prediction.
            target: Truth.
            joined: Whether it lies below the strip before it.
        """
        if joined and self._above is not None and self._above[0].shape[-1] == preds.shape[-1]:
            above = self._above
            preds, target = (
                torch.cat(each, 2) for each in zip(above, (preds, target), strict=True)
            )
        keep = WINDOW - 1
        self._above = preds[:, :, -keep:].clone(), target[:, :, -keep:].clone()
        if min(preds.shape[2:]) < WINDOW:
            return
        for left in range(0, preds.shape[-1] - keep, COLUMNS):
            block = slice(left, left + COLUMNS + keep)
            inside = inner_similarity(preds[..., block], target[..., block])
            self.total += inside.double().sum()
            self.count += inside.numel()

    def reset(self) -> None:
        """Forget all strips."""
        super().reset()
        self._above = None


class TileSpectralError(SpectralError):
    """Spectral error of the tiles that a strip of rows can be cut into, 64 x 64 pixels each.

    Wavenumbers are waves per tile; rows and columns beyond the last whole tile are left out.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("even", max_wavenumber=TILE // 2, **kwargs)

    def update(self, pred: Tensor, target: Tensor) -> None:
        """Add a strip ``(1, channels, rows, width)``."""
        rows, columns = (n - n % TILE for n in target.shape[2:])
        if rows and columns:
            super().update(*(tiles(u[..., :rows, :columns]) for u in (pred, target)))


def tiles(u: Tensor) -> Tensor:
    """Tiles of a picture ``(1, channels, height, width)``, ``(tiles, channels, 64, 64)``."""
    cut = u[0].unfold(1, TILE, TILE).unfold(2, TILE, TILE)
    return cut.movedim(0, 2).flatten(0, 1)
