"""A predicted shape as a mesh, in the coordinates of its file, and a picture of it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import BasePredictionWriter
from torch import Tensor

from sgn_sciml.inr.shapes.description import Solid
from sgn_sciml.inr.shapes.marching import NO_SURFACE
from sgn_sciml.inr.shapes.mesh_writer import ENDINGS, write_mesh
from sgn_sciml.runs.task import BaseTask
from sgn_sciml.system.names import __version__
from sgn_sciml.system.writing import whole_file
from sgn_sciml.viz.surfaces import surface_figure

__all__ = ["MeshWriter"]


class MeshWriter(BasePredictionWriter):
    """Write ``predictions.ply``, or another format, and ``predictions.png``.

    Args:
        path: File whose folder and name they take.

    Raises:
        ValueError: For several processes, or a network without a surface.
    """

    def __init__(self, path: Path = Path("predictions.h5")) -> None:
        super().__init__("batch")
        self.path = Path(path)

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        if trainer.world_size > 1:
            raise ValueError("predict writes one file: run it with --trainer.devices 1")

    def write_on_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        prediction: Mapping[str, Tensor],
        batch_indices: Sequence[int] | None,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int,
    ) -> None:
        solid = pl_module.description if isinstance(pl_module, BaseTask) else None
        assert isinstance(solid, Solid)
        vertices, faces = (prediction[k].numpy(force=True) for k in ("vertices", "faces"))
        if not len(faces):
            raise ValueError(NO_SURFACE)
        for ending in (*ENDINGS, "png"):  # of an earlier prediction
            self.path.with_suffix(f".{ending}").unlink(missing_ok=True)
        path = self.path.with_suffix(f".{solid.ending}")
        placed = solid.frame.outward(vertices)
        unit = f", unit {solid.unit}" if solid.unit else ""
        remark = f"{solid.facts.get('name', 'shape')} by sgn-sciml {__version__}{unit}"
        if warning := write_mesh(path, placed, faces, remark):
            print(warning)
        print(f"wrote {path}: {len(vertices):,} corners, {len(faces):,} triangles")
        figure = surface_figure({"prediction": (placed, faces)}, unit=solid.unit)
        picture = self.path.with_suffix(".png")
        with whole_file(picture) as partial:
            figure.savefig(partial, dpi=150)
        print(f"wrote {picture}")
