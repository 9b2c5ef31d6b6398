r"""Shapes as networks: f is negative inside, zero on the surface, and positive outside.

The loss says what f should satisfy besides (:mod:`sgn_sciml.inr.shapes.losses`). A surface without
an inside has no sign of its own, and :math:`f = 0` everywhere is close to satisfying it; f then
starts as the distance to a ball,

.. math::
    f(x) = |x| - r + \mathrm{network}(x),

for any network whose output starts small, so that its sign is settled from outside in. The idea is
that of the geometric initialisation of Atzmon and Lipman, which sets the weights of a network with
softplus instead.

References:
    Atzmon and Lipman, *SAL: sign agnostic learning of shapes from raw data* (2020),
    https://arxiv.org/abs/1911.10414
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchmetrics import MetricCollection

from sgn_sciml.inr.engine import EngineName, NetworkEngine
from sgn_sciml.inr.rendering import tabulate
from sgn_sciml.inr.shapes.application import ShapeFitting
from sgn_sciml.inr.shapes.description import Solid
from sgn_sciml.inr.shapes.evaluation import compare
from sgn_sciml.inr.shapes.losses import Occupancy, ShapeLoss, Slope, SurfaceLoss
from sgn_sciml.inr.shapes.marching import NO_SURFACE, Faces, Vertices, zero_surface
from sgn_sciml.inr.shapes.surfaces import triangles
from sgn_sciml.jets import Automatic, Engine, Equation, FusedFunction, Nested
from sgn_sciml.metrics import ChamferDistance, NormalConsistency, VolumeIoU
from sgn_sciml.networks import as_sized_network
from sgn_sciml.optim import Linear, MuonAdam, OptimizerFactory, Schedule
from sgn_sciml.runs.application import Application
from sgn_sciml.runs.description import description_of
from sgn_sciml.runs.task import BaseTask

__all__ = ["ShapeINR"]

NORMALS = ("a", "b", "c")


class ShapeINR(BaseTask):
    """Fit a solid or a surface.

    Batches are those of :class:`~sgn_sciml.inr.ShapeData`, which also describes the shape; any
    data module whose ``description`` is a :class:`~sgn_sciml.inr.Solid` will do.

    Args:
        network: Network of three coordinates and one channel, or any module that maps points
            ``(N, 3)`` of [-1, 1] to ``(N, 1)``.
        optimizer: Optimiser factory, called with the network's parameters grouped by role.
        schedule: Schedule of the rate over all steps; down to nothing along a line by default.
        loss: What the network should satisfy; ``Occupancy`` by default.
        frequency: What the network's initial frequencies are multiplied by, relative to a signal
            of 256 samples along each axis.
        ball: Radius of the ball that the function starts as; None to start as the network does.
        engine: What takes points through the network: see :mod:`sgn_sciml.inr.engine`. Losses
            with derivatives know ``auto``, the fastest that works, and ``torch``.
        frozen: Patterns of parameter names that do not train.

    Raises:
        ValueError: If the network does not fit, a number is out of range, the loss needs an
            inside that the shape does not have, or nothing is called what should be frozen.
    """

    application: ClassVar[Application] = ShapeFitting()
    description: Solid | None = None
    schedule: Schedule

    def __init__(
        self,
        network: nn.Module,
        optimizer: OptimizerFactory = MuonAdam,
        schedule: Schedule | None = None,
        loss: ShapeLoss | None = None,
        frequency: float = 0.25,
        ball: float | None = None,
        engine: EngineName = "auto",
        frozen: Sequence[str] = (),
    ) -> None:
        super().__init__(
            optimizer,
            network=network,
            schedule=schedule,
            loss=loss,
            frequency=frequency,
            ball=ball,
            engine=engine,
            frozen=frozen,
        )
        self.engine = NetworkEngine(engine)
        self.loss = loss or Occupancy()
        self.network = as_sized_network(network)
        self._refuse_wrong(frequency, ball)
        self.freeze_parameters(frozen)
        self.schedule = schedule or Linear()
        self.frequency, self.ball = frequency, ball
        self.differentiation: Engine = Nested() if engine == "torch" else Automatic()
        self._equations: dict[str, Equation] = {}
        self.found_surface: tuple[Vertices, Faces] | None = None  # of a test, to be drawn
        if isinstance(self.loss, SurfaceLoss):
            self.terms = ("surface", "space")
        self.term_values = torch.zeros(len(self.terms))

    def _refuse_wrong(self, frequency: float, ball: float | None) -> None:
        sizes = (self.network.in_features, self.network.out_features)
        if sizes != (3, 1):
            raise ValueError(
                f"the network maps {sizes[0]} coordinates to {sizes[1]} channels, a shape needs 3 "
                "and 1: set model.init_args.network.init_args.in_features to 3 and out_features "
                "to 1"
            )
        if not frequency > 0:
            raise ValueError(f"frequency must be positive, got {frequency}")
        if ball is not None and not 0 < ball < 1:
            raise ValueError(f"ball is a radius between 0 and 1, got {ball}")
        if ball is not None and isinstance(self.loss, Occupancy):
            raise ValueError("Occupancy knows no distances: set model.ball to null")
        if self.engine.name not in ("auto", "torch") and not isinstance(self.loss, Occupancy):
            raise ValueError(
                f"engine {self.engine.name} is for Occupancy; {type(self.loss).__name__} has "
                "derivatives: set model.engine to auto or torch"
            )

    def setup(self, stage: str) -> None:
        solid = self.description = description_of(self.trainer, Solid)
        if solid is None:
            raise ValueError("ShapeINR learns a shape: give it ShapeData as data")
        if self.loss.signed and not solid.signed:
            raise ValueError(
                f"{type(self.loss).__name__} must know what is inside, which points and open "
                "meshes do not tell: set model.loss to Igr or SirenSurface and model.ball to 0.5, "
                "as configs/shape_cloud.yaml does"
            )
        reach = [1 / self.frequency] * 3
        self.network.set_domain([-r for r in reach], reach)
        metrics: dict[str, Any] = {"iou": VolumeIoU()} if solid.signed else {}
        self.stage_metrics.clear()
        self.add_metrics(MetricCollection(metrics, compute_groups=False))
        half, diagonal = solid.frame.half, solid.surface.diagonal
        self.distances = MetricCollection(
            {
                "chamfer": ChamferDistance(half),
                "chamfer_of_diagonal": ChamferDistance(1 / diagonal),
                "normal_consistency": NormalConsistency(),
            },
            prefix="test/",
            compute_groups=False,
        )

    def configure_optimizers(self) -> Any:
        groups = [{"name": name, "params": each} for name, each in self.network.roles().items()]
        optimizer = self.optimizer(groups)
        for group in optimizer.param_groups:  # coordinates are stretched, see INR.make_optimizer
            if group["name"] in ("first", "first_frequencies"):
                group["lr"] *= float(self.network.upper.mean())
        schedule = {"scheduler": self.scheduler(optimizer), "interval": "step"}
        return {"optimizer": optimizer, "lr_scheduler": schedule}

    def on_fit_start(self) -> None:
        if self.device.type == "cpu":
            torch.set_flush_denormal(True)  # vanishing waves are slow otherwise

    # -- the function ------------------------------------------------------------------------

    def forward(self, points: Tensor) -> Tensor:
        """The function at points of [-1, 1]: ``(..., 3) -> (..., 1)``."""
        return self._with_ball(self.engine.evaluate(self.network, points), points)

    def _with_ball(self, values: Tensor, points: Tensor) -> Tensor:
        if self.ball is None:
            return values
        radius = (points.square().sum(-1, keepdim=True) + 1e-4).sqrt()
        return values + radius - self.ball

    def surface(self, resolution: int) -> tuple[Vertices, Faces]:
        """Corners ``(V, 3)`` in the box and faces ``(F, 3)`` of the surface of f = 0."""
        like = next(self.parameters())
        return zero_surface(self, resolution, like)

    # -- the loss ----------------------------------------------------------------------------

    def losses(self, batch: Mapping[str, Tensor]) -> Tensor:
        """The terms of the loss, weighted, shape ``(terms,)``."""
        if not isinstance(self.loss, SurfaceLoss):
            return self._occupancy(batch["space"])[None]
        parts = [
            self.differentiation.loss(self._equation(name, batch[name].shape[1]), batch[name])
            for name in ("surface", "space")
        ]
        return torch.stack(parts)

    def _occupancy(self, rows: Tensor) -> Tensor:
        points, inside = rows[:, :3], (rows[:, 3:] <= 0).to(rows)

        def cross_entropy(function: Any) -> Tensor:
            logits: Tensor = -function(points)
            return F.binary_cross_entropy_with_logits(logits, inside)

        if not self.training:
            with torch.no_grad():
                return cross_entropy(lambda p: self.engine.evaluate(self.network, p))

        def fused(function: FusedFunction) -> Tensor:
            return cross_entropy(function)

        loss = self.engine.train(self.network, fused)
        return cross_entropy(self.network) if loss is None else loss

    def _equation(self, name: str, columns: int) -> Equation:
        """What should vanish at points ``(N, columns)``, of which the first three are places."""
        key = f"{name}, {columns}"
        if key not in self._equations:
            loss, ball, network = self.loss, self.ball, self.network
            assert isinstance(loss, SurfaceLoss)

            def residual(d: Any) -> Mapping[str, Any]:
                slope = Slope(d, ball)
                if name == "surface":
                    return loss.on_surface(slope, columns == 6)
                return loss.in_space(slope)

            names = ("x", "y", "z", *(NORMALS if name == "surface" else ("s",)))[:columns]
            self._equations[key] = Equation(
                lambda rows: network(rows[..., :3]), residual, names, ("f",), f"the {name} loss"
            )
        return self._equations[key]

    def training_step(self, batch: Mapping[str, Tensor], batch_idx: int) -> Tensor:
        terms = self.losses(batch)
        loss = terms.sum()
        self.term_values = terms.detach()
        self.log("train/loss", loss, prog_bar=True)
        if len(self.terms) > 1:
            self.log_dict(
                {f"train/{k}": v for k, v in zip(self.terms, self.term_values, strict=True)}
            )
        return loss

    def about(self) -> dict[str, Any]:
        ran = self.engine.ran
        if self._equations:
            chosen = {type(self._engine_of(each)).__name__ for each in self._equations.values()}
            ran = f"derivatives by {', '.join(sorted(chosen))}"
        return super().about() | {"engine": ran, "loss": repr(self.loss)}

    def _engine_of(self, equation: Equation) -> Engine:
        engine = self.differentiation
        return engine.chosen(equation) if isinstance(engine, Automatic) else engine

    # -- evaluation --------------------------------------------------------------------------

    def _compare_insides(self, batch: Mapping[str, Tensor], stage: str) -> None:
        if "inside" in batch:
            with torch.no_grad():
                values = tabulate(lambda p: self(p.to(next(self.parameters()))), batch)[0]
            self.metrics(stage).update(values < 0, batch["inside"])

    def validation_step(self, batch: Mapping[str, Tensor], batch_idx: int) -> None:
        with torch.enable_grad():  # the loss differentiates the network
            loss = self.losses(batch).detach().sum()
        self.log("val/loss", loss, batch_size=1)
        self._compare_insides(batch, "val")

    def test_step(self, batch: Mapping[str, Tensor], batch_idx: int) -> None:
        solid = self.description
        assert solid is not None
        self._compare_insides(batch, "test")
        self.found_surface = self.surface(solid.resolution)
        if not len(self.found_surface[1]):
            raise ValueError(NO_SURFACE)
        found = compare(triangles(*self.found_surface), solid.surface, solid.compared, solid.seed)
        for name, there, back in (
            ("chamfer", found.to_truth, found.to_found),
            ("chamfer_of_diagonal", found.to_truth, found.to_found),
            ("normal_consistency", found.cosines_to_truth, found.cosines_to_found),
        ):
            self.distances[name].update(there, back)

    def log_metrics(self, stage: str) -> None:
        if self.metrics(stage):
            super().log_metrics(stage)
        if stage == "test":
            found = self.distances.compute()
            self.log_dict({k: v for k, v in found.items() if not v.isnan()}, batch_size=1)
            self.distances.reset()

    def predict_step(self, batch: Mapping[str, Tensor], batch_idx: int) -> dict[str, Tensor]:
        """The surface as ``vertices`` ``(V, 3)`` in the box, and ``faces`` ``(F, 3)``."""
        vertices, faces = self.surface(int(batch["resolution"]))
        return {"vertices": torch.from_numpy(vertices), "faces": torch.from_numpy(faces)}
