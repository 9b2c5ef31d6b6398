r"""Physics-informed training: a coordinate network made to satisfy an equation.

.. math::
    L = \sum_i \lambda_i \,\frac{1}{N_i} \sum_{n} r_i(x_n)^2

with one term for the residual, one per condition that is not built into the solution, and one for
observations of the solution, if there are any. With them unknown constants of the equation may
train beside the network (an inverse problem).

References:
    Raissi, Perdikaris and Karniadakis, *Physics-informed neural networks* (2019)
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torchmetrics import MeanMetric, MetricCollection

from sgn_sciml.jets import Automatic, Engine, Equation, apart
from sgn_sciml.layers import Finer
from sgn_sciml.metrics import Boundary, MaxError, RelativeH1, RelativeL2, SpectralError
from sgn_sciml.networks import CoordinateNetwork
from sgn_sciml.optim import LevenbergMarquardt, OptimizerFactory
from sgn_sciml.pde import Problem
from sgn_sciml.tasks.balancing import Balancing
from sgn_sciml.tasks.base import BaseTask
from sgn_sciml.tasks.point_weights import PointWeights
from sgn_sciml.tasks.unknowns import Unknowns

__all__ = ["PINN"]


class PINN(BaseTask):
    """Solve a differential equation with a network.

    Args:
        network: Network from the problem's coordinates to its fields.
        problem: The equation.
        optimizer: Optimiser factory.
        exact_conditions: Build the conditions that the problem can impose into the solution;
            otherwise they are loss terms.
        balancing: Balance of the loss terms, or None for weights of 1.
        point_weights: Weights of the residual points, or None for weights of 1.
        unknown: Constants of the equation that train, each with its starting value, whose sign
            they keep. What the problem says of them then only serves to measure their errors.
        data_weight: Weight of the squared misfit to observations, a loss term ``data``; None for
            1 if a constant is unknown, else for no such term.
        frozen: Patterns of parameter names that do not train, for example ``*.frequencies``.
        engine: How derivatives are evaluated; None for the fastest that works.

    Raises:
        ValueError: If the network does not fit the problem's coordinates or fields, the problem
            has no such constant, or nothing is called what should be frozen.
    """

    def __init__(
        self,
        network: CoordinateNetwork,
        problem: Problem,
        optimizer: OptimizerFactory = torch.optim.Adam,
        exact_conditions: bool = True,
        balancing: Balancing | None = None,
        point_weights: PointWeights | None = None,
        unknown: dict[str, float] | None = None,
        data_weight: float | None = None,
        frozen: Sequence[str] = (),
        engine: Engine | None = None,
    ) -> None:
        super().__init__(
            optimizer,
            network=network,
            problem=problem,
            exact_conditions=exact_conditions,
            balancing=balancing,
            point_weights=point_weights,
            unknown=unknown,
            data_weight=data_weight,
            frozen=frozen,
            engine=engine,
        )
        sizes = (network.in_features, network.out_features)
        wanted = (len(problem.coordinates), len(problem.fields))
        if sizes != wanted:
            raise ValueError(
                f"the network maps {sizes[0]} to {sizes[1]} features, but {problem.law} has "
                f"{wanted[0]} coordinates {problem.coordinates} and {wanted[1]} fields "
                f"{problem.fields}: set in_features={wanted[0]}, out_features={wanted[1]}"
            )
        network.set_domain(*problem.domain)
        for module in network.modules():
            if isinstance(module, Finer):
                module.true_gradient = True
        self.network = network
        self.unknown = Unknowns(unknown, problem) if unknown else None
        self.freeze_parameters(frozen)
        self.problem = problem
        self.exact_conditions = exact_conditions
        built_in = problem.imposed if exact_conditions else frozenset()
        self.conditions = tuple(c for c in problem.conditions if c.name not in built_in)
        self.data_weight = 1.0 if unknown and data_weight is None else data_weight
        observed = () if self.data_weight is None else ("data",)
        self.terms = ("residual", *(c.name for c in self.conditions), *observed)
        self.engine = Automatic() if engine is None else engine
        self.equation = self._equation(self._residual, problem.law)
        self.condition_equations = {
            c.name: self._equation(partial(self._condition, c.name), f"{problem.law}, {c.name}")
            for c in self.conditions
        }
        self.balancing = balancing
        if balancing is not None:
            balancing.build(len(self.terms))
        self.point_weights = point_weights
        self._step_weights: dict[str, Tensor] = {}  # of the step's points, fixed within the step
        self._batch: Mapping[str, Tensor] = {}  # of this step, with the weights
        self.term_values = torch.zeros(len(self.terms))  # the last step's losses, for guards
        self.held_out = MetricCollection(
            {name: MeanMetric(nan_strategy="disable") for name in self.terms}, compute_groups=False
        )
        # Frames are fields over space.
        periodic = tuple(name in problem.periodic for name in problem.space)
        lengths = tuple(b - a for a, b in zip(*problem.domain, strict=True))[: len(problem.space)]
        boundary: tuple[Boundary | None, ...] = tuple(
            "periodic" if p else "even" for p in periodic
        )
        self.add_metrics(
            MetricCollection(
                {
                    "relative_l2": RelativeL2(),
                    "relative_h1": RelativeH1(periodic, lengths),
                    "max_error": MaxError(),
                    "spectral": SpectralError(boundary, max_wavenumber=128),
                },
                compute_groups=False,
            )
        )

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_save_checkpoint(checkpoint)
        checkpoint["problem"] = {"law": self.problem.law, **self.problem.parameters}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_load_checkpoint(checkpoint)
        ours = {"law": self.problem.law, **self.problem.parameters}
        if checkpoint["problem"] != ours:
            raise ValueError(
                f"the checkpoint solves {checkpoint['problem']}, the configuration asks for {ours}"
            )

    # -- the solution and its residuals ------------------------------------------------------

    def forward(self, points: Tensor) -> Tensor:
        """Fields at points: ``(..., d) -> (..., f)``."""
        raw: Tensor = self.network(points)
        return self.current.impose(points, raw) if self.exact_conditions else raw

    @property
    def current(self) -> Problem:
        """The problem with its unknown constants as they are now."""
        return self.problem.holding(self.unknown.values()) if self.unknown else self.problem

    def _residual(self, d: Any) -> Any:
        return self.current.residual(d)

    def _condition(self, name: str, d: Any) -> Any:
        return next(c for c in self.current.conditions if c.name == name).residual(d)

    def _equation(self, residual: Callable[[Any], Any], name: str) -> Equation:
        """A residual of this solution."""
        return Equation(self, residual, self.problem.coordinates, self.problem.fields, name)

    def residual(self, points: Tensor) -> Tensor:
        """Residual of each equation, shape ``(equations, N)``.

        Raises:
            ValueError: If the problem returns another shape than one number per point.
        """
        return self.engine.residuals(self.equation, points)

    def residual_magnitude(self, points: Tensor) -> Tensor:
        """Root of the summed squared residuals, ``(N, d) -> (N,)``, detached."""
        return self.residual(points).detach().square().sum(0).sqrt()

    def losses(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Mean squared residual of the equation and of each condition that is not built in.

        Args:
            batch: Points ``(N, d)`` by the name of the term; ``weights`` of those of the residual,
                ``(N,)``; ``values`` of the observations, ``(N, f)``, nan where there is none.

        Raises:
            ValueError: If there are observations but no such term, or the other way round.
        """
        if ("data" in batch) != ("data" in self.terms):
            raise ValueError(
                "observations and their loss term go together: set data.init_args.observations "
                "and model.init_args.unknown or data_weight, or none of them"
            )
        points, weights = batch["residual"], batch.get("weights")
        losses = {"residual": self.engine.loss(self.equation, points, weights)}
        for name, equation in self.condition_equations.items():
            losses[name] = self.engine.loss(equation, batch[name])
        if self.data_weight is not None:
            losses["data"] = self.data_weight * self.misfit(batch).square().sum(0).mean()
        return losses

    def misfit(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Fields at the points of observations minus their values, ``(f, N)``; 0 for nan.

        Raises:
            ValueError: If the values have another shape than the fields.
        """
        fields, values = self(batch["data"]), batch["values"]
        if fields.shape != values.shape:
            raise ValueError(
                f"the observations have shape {tuple(values.shape)}, the fields there "
                f"{tuple(fields.shape)}"
            )
        misfit: Tensor = fields - torch.where(values.isnan(), fields, values)
        return misfit.T

    def term_residuals(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """What each loss term is the mean square of, ``(E, N)``, with its graph; see `losses`."""
        rows = self.equation.nested(batch["residual"])
        found = {"residual": rows * batch["weights"].sqrt() if "weights" in batch else rows}
        for name, equation in self.condition_equations.items():
            found[name] = equation.nested(batch[name])
        if self.data_weight is not None:
            found["data"] = self.data_weight**0.5 * self.misfit(batch)
        return found

    # -- training ----------------------------------------------------------------------------

    def configure_optimizers(self) -> torch.optim.Optimizer:
        optimizer = super().configure_optimizers()
        for each in getattr(optimizer, "optimizers", [optimizer]):
            if isinstance(each, LevenbergMarquardt):
                each.residuals = self.scaled_residuals
        return optimizer

    def scaled_residuals(
        self, parameters: Sequence[Tensor], jacobian: bool
    ) -> tuple[Tensor, Tensor | None]:
        """All residuals at the points of this step, whose squares sum to the loss.

        Args:
            parameters: Trained parameters, P numbers in all.
            jacobian: Whether their derivatives are wanted.

        Returns:
            Residuals ``(M,)`` and derivatives ``(P, M)`` or None.
        """
        batch, rows, slopes = self._batch, [], []
        equations = {"residual": self.equation, **self.condition_equations}
        for k, name in enumerate(self.terms):
            points = batch["data" if name == "data" else name]
            if name == "data":
                assert self.data_weight is not None
                with torch.set_grad_enabled(jacobian):
                    r = self.data_weight**0.5 * self.misfit(batch)
                if jacobian:
                    j = apart([r], parameters, [torch.eye(r.numel()).to(r)])
            elif jacobian:
                r, j = self.engine.jacobian(equations[name], points, parameters)
                j = j.movedim(0, 1).flatten(1)
            else:
                r = self.engine.residuals(equations[name], points)
            scale = torch.full_like(r, 1 / len(points))
            if name == "residual" and "weights" in batch:
                scale = scale * batch["weights"]
            if self.balancing is not None:
                scale = scale * self.balancing.weights[k]
            root = scale.sqrt().flatten()
            rows.append(root * r.detach().flatten())
            if jacobian:
                slopes.append(root * j)
        return torch.cat(rows), torch.cat(slopes, 1) if jacobian else None

    def on_fit_start(self) -> None:
        if self.unknown is not None:
            like = next(self.parameters())
            centre = like.new_full((1, len(self.problem.coordinates)), 0.5)
            equations = [self.equation, *self.condition_equations.values()]
            points = [self.problem.box_points(centre)]
            points += [self.problem.face_points(c, centre) for c in self.conditions]
            pairs = zip(equations, points, strict=True)
            self.unknown.check({e.name: e.nested(p) for e, p in pairs})

    def on_train_batch_start(self, batch: dict[str, Tensor], batch_idx: int) -> None:
        if self.point_weights is not None:
            points = batch["residual"]
            scaled, residual = self.network.scale(points), self.residual_magnitude(points)
            weights = self.point_weights.update(scaled, residual)
            self._step_weights = {"weights": weights}
            self.log("train/least_weight", weights.min())
        self._batch = batch | self._step_weights
        if self.balancing is not None and self.global_step % self.balancing.every == 0:
            self.balancing.observe(self, self._batch)

    def training_step(self, batch: dict[str, Tensor], batch_idx: int) -> Tensor:
        losses = self.losses(batch | self._step_weights)
        values = torch.stack(list(losses.values()))
        self.term_values = values.detach()
        loss = values.sum() if self.balancing is None else (self.balancing.weights * values).sum()
        self.log("train/loss", loss, prog_bar=True)
        if len(losses) > 1:
            self.log_dict({f"train/loss/{name}": value for name, value in losses.items()})
        if self.unknown is not None:
            found = {f"unknown/{n}": v.detach() for n, v in self.unknown.values().items()}
            self.log_dict(found, prog_bar=True)
        return loss

    # -- evaluation --------------------------------------------------------------------------

    def evaluate(self, batch: dict[str, Tensor], stage: str) -> None:
        """Take in held-out points or grid frames."""
        if "fields" in batch:
            points, fields = batch["points"], batch["fields"]
            predicted = self(points).movedim(-1, 1)
            self.metrics(stage).update(predicted, fields)
            return
        self(batch["residual"])  # for those who watch layers: residuals pass them as jets
        losses = self.losses(batch)
        for name, value in losses.items():
            self.held_out[name].update(value.detach(), len(batch[name]))

    def log_metrics(self, stage: str) -> None:
        super().log_metrics(stage)
        means = list(self.held_out.compute().values())
        self.log(f"{stage}/loss", torch.stack(means).sum())
        self.held_out.reset()
        if self.unknown is not None:
            for name, value in self.unknown.values().items():
                self.log(f"{stage}/unknown/{name}", value.detach())
            data = getattr(self.trainer, "datamodule", None)
            if getattr(data, "grid", None) is not None:  # the problem is that of the reference
                for name, error in self.unknown.errors(self.problem).items():
                    self.log(f"{stage}/unknown/{name}_error", error)

    def validation_step(self, batch: dict[str, Tensor], batch_idx: int) -> None:
        self.evaluate(batch, "val")

    def test_step(self, batch: dict[str, Tensor], batch_idx: int) -> None:
        self.evaluate(batch, "test")

    def predict_step(self, batch: dict[str, Tensor], batch_idx: int) -> dict[str, Tensor]:
        """Predicted fields and residual on grid frames."""
        points = batch["points"]
        residual = self.residual_magnitude(points.reshape(-1, points.shape[-1]))
        return {
            "points": points,
            "fields": self(points).movedim(-1, 1),
            "residual": residual.reshape(points.shape[:-1]),
        }
