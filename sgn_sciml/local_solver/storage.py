"""Slabs on disk: one file each, so that a killed run goes on after the last whole one.

A file holds the slab, the state after it and the error so far, all in float64; a run that goes on
from them has the numbers of one that was never stopped.
"""

from io import BytesIO
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sgn_sciml.local_solver.cells import Cells
from sgn_sciml.local_solver.local_solution import Slab
from sgn_sciml.local_solver.state import State
from sgn_sciml.system.writing import write_whole

__all__ = ["load_slabs", "save_slab"]

STATE = ("time", "length", "theta", "error", "sharper", "solved", "rejected", "slow", "scales")

Begun = tuple[list[Slab], State, Slab]


def save_slab(folder: Path, number: int, state: State, part: Slab, error: Slab) -> Path:
    """Write slab ``number`` of a run.

    Raises:
        OSError: If the disk is full; nothing of it is left.
    """
    content = {
        "part": packed(part),
        "error": packed(error),
        "state": {name: getattr(state, name) for name in STATE},
    }
    path = folder / f"{number:05d}.pt"
    buffer = BytesIO()  # torch says of a full disk that a position is unexpected
    torch.save(content, buffer)
    return write_whole(path, buffer.getbuffer())


def load_slabs(folder: Path) -> Begun | None:
    """The slabs of a run, up to the first that is missing or damaged; None without any."""
    parts: list[Slab] = []
    last: tuple[State, Slab] | None = None
    for number in range(len(list(folder.glob("*.pt")))):
        try:
            content = torch.load(folder / f"{number:05d}.pt", weights_only=True)
            part, error = unpacked(content["part"]), unpacked(content["error"])
            state = State(cells=part.cells, **content["state"])
        except (OSError, RuntimeError, KeyError, TypeError, EOFError, ValueError):
            break
        parts.append(part)
        last = state, error
    return None if last is None else (parts, *last)


def packed(part: Slab) -> dict[str, Any]:
    """A part as tensors and numbers."""
    return {
        "lower": part.cells.lower,
        "upper": part.cells.upper,
        "periodic": list(part.cells.periodic),
        "coefficients": part.coefficients,
        "estimate": part.estimate,
        "error": part.error,
        "scales": part.scales,
        "sizes": part.sizes,
    }


def unpacked(content: dict[str, Any]) -> Slab:
    """The part of what :func:`packed` made."""
    lower, upper = content["lower"], content["upper"]
    if not isinstance(lower, Tensor) or lower.shape != upper.shape:
        raise ValueError("not a slab")
    cells = Cells(lower, upper, tuple(content["periodic"]))
    names = ("coefficients", "estimate", "error", "scales", "sizes")
    return Slab(cells, *(content[name] for name in names))
