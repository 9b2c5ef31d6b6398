"""The data module of a shape: points on it, near it and around it."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.pytorch.utilities import rank_zero_only
from torch import Tensor
from torch.utils.data import DataLoader

from sgn_sciml.geometry.box_tree import Floats
from sgn_sciml.inr.points import on_device
from sgn_sciml.inr.shapes.description import Solid
from sgn_sciml.inr.shapes.files import made_shape, read_shape
from sgn_sciml.inr.shapes.made import MADE
from sgn_sciml.inr.shapes.mesh_writer import ENDINGS
from sgn_sciml.inr.shapes.orientation import estimated_normals
from sgn_sciml.inr.shapes.surfaces import CloudSurface, MeshSurface
from sgn_sciml.runs.loaders import FollowsPrecision, batches, derive_seed, steps
from sgn_sciml.system.resources import refuse_too_large

__all__ = ["ShapeData"]

NEAR = (0.02, 0.08)  # standard deviations of points near a mesh, in the box [-1, 1]^3
SHARES = (0.4, 0.4, 0.2)  # of the points of a mesh: nearest, near, anywhere in the box
NEIGHBOUR = 50  # which neighbour tells how far points near a cloud are
VALIDATED, PREPARED = 1, 2  # numbers of further seeds


class ShapeData(FollowsPrecision):
    """A solid or a surface for a network to learn, in its own coordinates and units.

    The file's coordinates are moved and scaled to the box [-1, 1]^3, of which the longest side of
    the shape takes nine tenths; what is written and measured is in the file's again. Around a
    closed mesh, points are drawn once and their distances computed: two fifths within about 0.02
    of the surface, as many within 0.08, a fifth anywhere. Around a cloud they are drawn anew for
    each step: half of them about as far from it as its 50th neighbour, half anywhere.

    A step gets ``surface``, shape ``(count, 3)``, or 6 with normals, and ``space``, as many, or 4
    with the signed distance of a closed mesh. A batch to validate or test also has ``axis0``,
    ``axis1``, ``axis2`` and ``inside``, ``(cells, cells, cells)``, of a closed mesh.

    Args:
        path: Mesh (STL, OBJ, PLY, OFF, glTF) or points (PLY, XYZ, NPY, CSV); ``knot`` or
            ``knot_points``, made by a formula, where there is no such file.
        cloud: Take the surface of a mesh alone, which may be open.
        unit: Name of the file's unit of length, such as mm, for tables.
        count: Points on the surface, and as many around it, for each step.
        samples: Points around a closed mesh whose distances are computed before training.
        cells: Cells along each side of the box at whose centres inside and outside are compared.
        resolution: Cells along each side of the box for marching cubes, in tests and predictions.
        compared: Samples of each surface by which a test measures the distance between them.
        ending: Format of the predicted mesh: ply, stl, obj, off or glb.
        seed: Seed of points; the command line sets it to ``seed_everything``.

    Raises:
        MissingExtra: If trimesh is not installed; in ``setup``, as what follows.
        FileNotFoundError: If there is no such file.
        ValueError: If it holds no such shape, or a number is out of range.
    """

    def __init__(
        self,
        path: str,
        cloud: bool = False,
        unit: str = "",
        count: int = 8192,
        samples: int = 100_000,
        cells: int = 64,
        resolution: int = 128,
        compared: int = 30_000,
        ending: str = "ply",
        seed: int = 0,
    ) -> None:
        super().__init__()
        for name, value, least in (
            ("count", count, 1),
            ("samples", samples, 10),
            ("cells", cells, 2),
            ("resolution", resolution, 2),
            ("compared", compared, 1),
        ):
            if value < least:
                raise ValueError(f"{name} must be at least {least}, got {value}")
        if ending not in ENDINGS:
            raise ValueError(f"ending is one of {', '.join(ENDINGS)}, got {ending!r}")
        refuse_too_large((cells,) * 3, 16, "make cells fewer")
        refuse_too_large((resolution + 1,) * 2, 400, "lower resolution")
        self.path, self.cloud, self.unit = path, cloud, unit
        self.count, self.samples = count, samples
        self.cells, self.resolution, self.ending = cells, resolution, ending
        self.compared = compared
        self.seed = seed
        self._solid: Solid | None = None
        self._pools: dict[str, Tensor] = {}

    def setup(self, stage: str) -> None:
        if self._solid is not None:
            return
        made = MADE.get(self.path) if not Path(self.path).exists() else None
        found = read_shape(self.path, self.cloud) if made is None else made_shape(self.path, made)
        rank_zero_only(print)(found.remark + (f" {self.unit}" if self.unit else ""))
        facts = {"name": found.remark.partition(":")[0], **found.facts}
        if made is None:
            facts["path"] = self.path
        settings = (self.unit, self.cells, self.resolution, self.compared, self.ending)
        self._solid = Solid(found.surface, found.frame, *settings, facts, self.seed)

    @property
    def description(self) -> Solid:
        """The shape.

        Raises:
            ValueError: If it is not there yet.
        """
        if self._solid is None:
            raise ValueError("the shape is read by setup: call setup('fit') first")
        return self._solid

    # -- training ----------------------------------------------------------------------------

    def train_dataloader(self) -> DataLoader[int]:
        self._prepare()
        return steps()

    def on_after_batch_transfer(self, batch: Any, dataloader_idx: int) -> Any:
        if self.trainer is None or not self.trainer.training:
            return batch
        module = self.trainer.lightning_module
        like = next(module.parameters())
        step, rank = self.trainer.global_step, self.trainer.global_rank
        if not self._pools or next(iter(self._pools.values())).device != like.device:
            self._prepare()
        self._pools = {name: pool.to(like) for name, pool in self._pools.items()}
        return self.rows(derive_seed(self.seed, step, rank))

    def rows(self, seed: int) -> dict[str, Tensor]:
        """Rows of one step, on the device of what was prepared."""
        generator = torch.Generator().manual_seed(seed)
        pools, count = self._pools, self.count

        def chosen(pool: Tensor) -> Tensor:
            rows = torch.randint(len(pool), (count,), generator=generator)
            return pool[on_device(rows, pool.device)]

        found = {"surface": chosen(pools["surface"])}
        if "space" in pools:
            return found | {"space": chosen(pools["space"])}
        unit = torch.rand(count, 3, generator=generator)
        noise = torch.randn(count, 3, generator=generator)
        centres = chosen(pools["spread"])
        unit, noise = (on_device(part, centres.device).to(centres) for part in (unit, noise))
        near = centres[:, :3] + centres[:, 3:] * noise
        return found | {"space": torch.cat([near[: count // 2], 2 * unit[count // 2 :] - 1])}

    def _prepare(self) -> None:
        """Make what steps draw from, once."""
        if self._pools:
            return
        surface, seed = self.description.surface, derive_seed(self.seed, PREPARED)
        if isinstance(surface, CloudSurface):
            on, normals = surface.points, surface.normals
        else:
            on, normals = surface.sample(self.samples, seed)
        if normals is None:
            normals = estimated_normals(on)
        self._pools = {"surface": columns(on, normals)}
        if isinstance(surface, MeshSurface) and surface.closed:
            places = self._around(surface, seed)
            self._pools["space"] = columns(places, surface.signed_distance(places)[:, None])
            return
        self._pools["spread"] = columns(on, neighbour_distances(on)[:, None])

    def _around(self, surface: MeshSurface, seed: int) -> Floats:
        """Points near a mesh and anywhere in the box, in no order."""
        random = np.random.default_rng(seed)
        counts = [round(share * self.samples) for share in SHARES]
        on = surface.sample(sum(counts[:2]), derive_seed(seed, 0))[0]
        spread = np.repeat(NEAR, counts[:2])[:, None]
        near = np.clip(on + spread * random.standard_normal(on.shape), -1, 1)
        return np.concatenate([near, random.uniform(-1, 1, (counts[2], 3))])

    # -- evaluation --------------------------------------------------------------------------

    def _evaluation(self, fitting: bool) -> DataLoader[dict[str, Tensor]]:
        solid = self.description
        batch: dict[str, Tensor] = {}
        if fitting:
            self._prepare()
            batch |= self.rows(derive_seed(self.seed, 0, 0, VALIDATED))
        if solid.signed:
            centres = (2 * torch.arange(solid.cells) + 1) / solid.cells - 1
            batch |= {f"axis{k}": centres for k in range(3)} | {"inside": solid.inside()}
        return batches([batch or {"axis0": torch.zeros(1)}])

    def val_dataloader(self) -> DataLoader[dict[str, Tensor]]:
        return self._evaluation(fitting=True)

    def test_dataloader(self) -> DataLoader[dict[str, Tensor]]:
        return self._evaluation(fitting=False)

    def predict_dataloader(self) -> DataLoader[dict[str, Tensor]]:
        return batches([{"resolution": torch.tensor(self.resolution)}])


def columns(points: Floats, more: Floats | None) -> Tensor:
    """Points and what is known of them as rows in float32."""
    parts = [points] if more is None else [points, more]
    return torch.from_numpy(np.concatenate(parts, 1)).float()


def neighbour_distances(points: Floats) -> Floats:
    """How far the 50th neighbour of each point is, ``(N,)``, or the last one of fewer."""
    from scipy.spatial import cKDTree

    number = min(NEIGHBOUR, len(points) - 1)
    found: Floats = cKDTree(points).query(points, [number + 1])[0][:, 0]
    return found
