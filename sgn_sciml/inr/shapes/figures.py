"""Pictures of a fitted shape: when training ends, and beside the true one when testing does."""

from typing import Any

import numpy as np
from lightning.pytorch import Callback, LightningModule, Trainer

from sgn_sciml.inr.shapes.description import Solid
from sgn_sciml.inr.shapes.surfaces import CloudSurface, MeshSurface
from sgn_sciml.inr.shapes.task import ShapeINR
from sgn_sciml.runs.loggers import run_folder, send_figure
from sgn_sciml.viz.surfaces import SurfaceParts, surface_figure

__all__ = ["ShapeFigures"]

DRAWN_POINTS = 20_000  # of a cloud


class ShapeFigures(Callback):
    """Draw ``figures/shape.png``: the shape, what the network makes of it, and how far it is off.

    Drawn when training ends and again when testing does. Tasks that fit no shape are left alone.

    Args:
        resolution: Cells along each side of the box for marching cubes after training; a test has
            its own.

    Raises:
        ValueError: If it is below 2.
    """

    def __init__(self, resolution: int = 96) -> None:
        if resolution < 2:
            raise ValueError(f"resolution must be at least 2, got {resolution}")
        self.resolution = resolution

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if isinstance(pl_module, ShapeINR) and run_folder(trainer) is not None:
            self._draw(trainer, pl_module, pl_module.surface(self.resolution))

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if isinstance(pl_module, ShapeINR) and run_folder(trainer) is not None:
            found, pl_module.found_surface = pl_module.found_surface, None
            if found is not None:
                self._draw(trainer, pl_module, found)

    def _draw(self, trainer: Trainer, task: ShapeINR, found: tuple[Any, Any]) -> None:
        vertices, faces = found
        solid = task.description
        if solid is None or not len(faces):
            return
        distances = solid.surface.nearest(vertices[faces].mean(1).astype(np.float64))[0]
        parts = {
            "target": drawn(solid),
            "prediction": (solid.frame.outward(vertices), faces),
        }
        error = distances * solid.frame.half
        send_figure(trainer, "shape", surface_figure(parts, error, solid.unit))


def drawn(solid: Solid) -> SurfaceParts:
    """The true surface in the file's coordinates: corners and faces, or points alone."""
    surface = solid.surface
    if isinstance(surface, MeshSurface):
        return solid.frame.outward(surface.surface.vertices), surface.surface.faces
    assert isinstance(surface, CloudSurface)
    step = -(-len(surface.points) // DRAWN_POINTS)
    return solid.frame.outward(surface.points[::step]), None
