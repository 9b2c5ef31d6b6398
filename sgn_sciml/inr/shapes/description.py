"""The description of a shape by its data module."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from sgn_sciml.inr.description import cell_centres
from sgn_sciml.inr.shapes.surfaces import Frame, MeshSurface, Surface
from sgn_sciml.runs.description import DataDescription

__all__ = ["Solid"]


@dataclass(frozen=True)
class Solid(DataDescription):
    """A shape in the box [-1, 1]^3 of a network.

    Attributes:
        surface: Its surface in the box; one that is closed tells what is inside.
        frame: Where the box lies in the coordinates of the file.
        unit: Name of the file's unit of length, or nothing.
        cells: Cells along each side of the box at whose centres inside and outside are compared.
        resolution: Cells along each side of the box for marching cubes.
        compared: Samples of each surface by which they are compared.
        ending: Format of a predicted mesh, the ending of its file.
        facts: What else a card should say, plain values; ``path`` of the file.
        seed: Seed of samples that it is measured by.
    """

    surface: Surface
    frame: Frame
    unit: str = ""
    cells: int = 64
    resolution: int = 128
    compared: int = 30_000
    ending: str = "ply"
    facts: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0

    @property
    def kind(self) -> str:
        return "shape"

    @property
    def points(self) -> Mapping[str, int]:
        return {}

    @property
    def signed(self) -> bool:
        """Whether it tells what is inside."""
        return self.surface.closed

    def inside(self) -> Tensor:
        """Whether centres of cells lie inside, shape ``(cells, cells, cells)``, by exact tests.

        Raises:
            ValueError: If it does not tell what is inside.
        """
        if not isinstance(self.surface, MeshSurface) or not self.signed:
            raise ValueError("a surface that is not closed does not tell what is inside")
        x = cell_centres(self.cells)
        slabs = [
            torch.stack(torch.meshgrid(x[k : k + 1], x, x, indexing="ij"), -1)
            for k in range(self.cells)
        ]
        found = [self.surface.inside(slab.reshape(-1, 3).numpy()) for slab in slabs]
        return torch.stack([torch.from_numpy(each) for each in found]).view(3 * (self.cells,))

    def about(self) -> dict[str, Any]:
        facts = dict(self.facts)
        path = facts.pop("path", None)
        return {
            "files": [] if path is None else [{"path": path}],
            "shape": "solid" if self.signed else "surface",
            "unit": self.unit or "that of the file",
            "cells": self.cells,
            "resolution": self.resolution,
            "compared": self.compared,
            **facts,
        }
