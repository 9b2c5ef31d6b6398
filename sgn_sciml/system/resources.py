"""Processors and memory that there are."""

import os
from collections.abc import Sequence

import numpy as np

__all__ = ["available_cores", "physical_memory", "refuse_too_large"]


def available_cores() -> int:
    """Processors that this process may use; all of them where the platform does not say."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def physical_memory() -> int | None:
    """Bytes of memory of this machine; None where it does not say (Windows)."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def refuse_too_large(shape: Sequence[int], bytes_each: int, advice: str) -> None:
    """Refuse values that the memory of this machine cannot hold, before any is made.

    Args:
        shape: Their number along each axis.
        bytes_each: What each takes.
        advice: What to do about it.

    Raises:
        ValueError: If they need more memory than there is.
    """
    there = physical_memory()
    needed = float(np.prod(shape, dtype=float)) * bytes_each
    if there is not None and needed > there:
        raise ValueError(
            f"{' x '.join(map(str, shape))} values need about {needed / 2**30:.0f} GB of memory, "
            f"this machine has {there / 2**30:.0f} GB: {advice}"
        )
