"""What the readers of volumes refuse alike."""

from collections.abc import Sequence
from pathlib import Path

from sgn_sciml.layouts.contents import LayoutError
from sgn_sciml.system.resources import refuse_too_large

__all__ = ["one_of", "refuse_large"]

READING = 16  # bytes per value: as in the file, scaled, in float32


def one_of(path: str | Path, count: int, frame: int | None) -> int:
    """The number of the volume that is meant, of several in a file.

    Raises:
        LayoutError: If that is not told, or there is no such volume.
    """
    if frame is None:
        if count > 1:
            raise LayoutError(
                f"{path} holds {count} volumes, one after the other: choose one with frame, 0 to "
                f"{count - 1} (--data.frame 0)"
            )
        return 0
    if not 0 <= frame < count:
        raise LayoutError(f"{path} has no volume {frame}: frame goes from 0 to {count - 1}")
    return frame


def refuse_large(path: str | Path, shape: Sequence[int]) -> None:
    """Refuse what memory cannot hold, before it is read.

    Raises:
        LayoutError: If it is too large.
    """
    try:
        refuse_too_large(shape, READING, "cut it or thin it out first")
    except ValueError as error:
        raise LayoutError(f"{path}: {error}") from None
