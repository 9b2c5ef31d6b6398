r"""Physics-informed training: a coordinate network made to satisfy an equation.

.. math::
    L = \sum_i \lambda_i \,\frac{1}{N_i} \sum_{n} r_i(x_n)^2

with one term for the residual, one per condition that is not built into the solution, and one for
observations of the solution, if there are any. With them unknown constants of the equation may
train beside the network (an inverse problem).

References:
    Raissi, Perdikaris and Karniadakis, *Physics-informed neural networks* (2019)
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torchmetrics import MetricCollection

from sgn_sciml.jets import Engine
from sgn_sciml.metrics.base import Mean
from sgn_sciml.optim import LevenbergMarquardt, OptimizerFactory
from sgn_sciml.pde import Problem
from sgn_sciml.pinn.loss_terms import LossTerms
from sgn_sciml.pinn.masks import known, with_slopes
from sgn_sciml.pinn.solution import Solution, differentiable
from sgn_sciml.pinn.standard_errors import errors_of_constants
from sgn_sciml.pinn.unknowns import Start
from sgn_sciml.pinn.weights.balancing import Balancing
from sgn_sciml.pinn.weights.fixed import fixed_weights
from sgn_sciml.pinn.weights.point_weights import PointWeights

__all__ = ["PINN"]


class PINN(Solution):
    """Solve a differential equation with a network.

    A training batch maps ``residual`` and the name of each condition that is a loss term to points
    ``(N, d)``, and with observations ``data`` to points and ``values`` to fields ``(N, f)``. A
    batch of validation or test is one of these, or a part of the known solution on a grid:
    ``points`` ``(frames, *n, d)`` and ``fields`` ``(frames, f, *n)``. Any data module or loader
    with such batches will do; :class:`~sgn_sciml.pinn.Collocation` makes them.

    Args:
        network: Network from the problem's coordinates to its fields; any module that maps points
            ``(N, d)``, in the problem's units, to fields ``(N, f)`` will do.
        problem: The equation.
        optimizer: Optimiser factory.
        exact_conditions: Build the conditions that the problem can impose into the solution;
            otherwise they are loss terms.
        balancing: Balance of the loss terms, or None for weights of 1.
        point_weights: Weights of the residual points, or None for weights of 1.
        unknown: Constants of the equation that train, each with its starting value, whose sign
            they keep, or with ``{start: 0.0, scale: 1.0}``, where it may change. What the problem
            says of them then only serves to measure their errors.
        data_weight: Weight of the squared misfit to observations, a loss term ``data``; None for
            1 if a constant is unknown, else for no such term. With 0 there is no such term:
            equation and conditions determine the unknown constant, as an eigenvalue.
        residual_scale: Size of the residuals to begin with: what trains is the loss over its
            square. Optimisers whose constants are absolute need a loss of order 1.
        frozen: Patterns of parameter names that do not train, for example ``*.frequencies``.
        engine: How derivatives are evaluated; None for the fastest that works.
        weights: Weights of loss terms by name, 1 where none is named; those of the balance come
            on top. Terms are ``residual``, ``data`` and the conditions that are not built in.

    Raises:
        ValueError: If the network does not fit the problem's coordinates or fields, the problem
            has no such constant, the scale or a weight is not positive, no term or parameter has
            the name of one, or the residual or a condition fails.
    """

    def __init__(
        self,
        network: nn.Module,
        problem: Problem,
        optimizer: OptimizerFactory = torch.optim.Adam,
        exact_conditions: bool = True,
        balancing: Balancing | None = None,
        point_weights: PointWeights | None = None,
        unknown: dict[str, Start] | None = None,
        data_weight: float | None = None,
        residual_scale: float = 1.0,
        frozen: Sequence[str] = (),
        engine: Engine | None = None,
        weights: dict[str, float] | None = None,
    ) -> None:
        super().__init__(
            optimizer,
            network,
            problem,
            exact_conditions,
            unknown,
            engine,
            balancing=balancing,
            point_weights=point_weights,
            weights=weights,
            data_weight=data_weight,
            residual_scale=residual_scale,
            frozen=frozen,
        )
        if not residual_scale > 0:
            raise ValueError(f"PINN: residual_scale must be positive, got {residual_scale}")
        self.unit = residual_scale**2
        self.freeze_parameters(frozen)
        built_in = problem.imposed if exact_conditions else frozenset()
        conditions = [c for c in problem.conditions if c.name not in built_in]
        data_weight = 1.0 if unknown and data_weight is None else data_weight
        self.loss_terms = LossTerms(self, conditions, data_weight or None)
        self.loss_terms.rehearse()
        self.terms = self.loss_terms.names
        self.fixed_weights: Tensor | None
        self.register_buffer(
            "fixed_weights", fixed_weights(weights, self.terms, built_in), persistent=False
        )
        self.balancing = balancing
        if balancing is not None:
            balancing.build(len(self.terms))
        self.point_weights = point_weights
        self._step_weights: dict[str, Tensor] = {}  # of the step's points, fixed within the step
        self._batch: Mapping[str, Tensor] = {}  # of this step, with the weights
        self.term_values = torch.zeros(len(self.terms))  # the last step's losses, for guards
        self.held_out = MetricCollection(
            {name: Mean() for name in self.terms}, compute_groups=False
        )

    def losses(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The loss terms at a batch; see :meth:`LossTerms.losses`."""
        return self.loss_terms.losses(batch)

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
        trained = parameters if jacobian else None
        return self.loss_terms.stacked(self._batch, self._weights_in_units(), trained)

    def _weights_in_units(self) -> list[Tensor | float]:
        """Weight of each term of the loss that trains."""
        weights = self.term_weights
        each = [1.0] * len(self.terms) if weights is None else weights
        return [weight / self.unit for weight in each]

    @property
    def term_weights(self) -> Tensor | None:
        """Weight of each term of the loss, shape ``(terms,)``; None where all are 1."""
        balance = None if self.balancing is None else self.balancing.weights
        if balance is None or self.fixed_weights is None:
            return self.fixed_weights if balance is None else balance
        return balance * self.fixed_weights

    def standard_errors(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Standard errors of the unknown constants by name, that noise of observations brings.

        See :mod:`~sgn_sciml.pinn.standard_errors`; the network should be near its minimum.

        Args:
            batch: A training batch with all observations.

        Returns:
            Numbers; none without unknown constants or observations, or where there are too many
            points and parameters, or too few observations.
        """
        if self.unknown is None or "data" not in batch or "data" not in self.terms:
            return {}
        weights = self._weights_in_units()
        return errors_of_constants(self.unknown, self.loss_terms, weights, self.trainable(), batch)

    def on_fit_start(self) -> None:
        if self.trainer.is_global_zero and (line := self.what_is_built_in()):
            print(line)
        self.loss_terms.refuse_lost_squares(next(self.parameters()))
        self.loss_terms.warn_of_units(next(self.parameters()))
        if self.unknown is not None:
            self.unknown.check(self.loss_terms.at_centres(next(self.parameters())))

    def on_train_batch_start(self, batch: dict[str, Tensor], batch_idx: int) -> None:
        if self.point_weights is not None:
            points = batch["residual"]
            scaled, residual = self.network.scale(points), self.residual_magnitude(points)
            weights = self.point_weights.update(scaled, residual)
            self._step_weights = {"weights": weights}
            self.log("train/least_weight", weights.min())
        self._batch = batch | self._step_weights
        if self.balancing is not None and self.global_step % self.balancing.every == 0:
            self.balancing.observe(self.loss_terms, self._batch, self.trainable())

    def training_step(self, batch: dict[str, Tensor], batch_idx: int) -> Tensor:
        losses = self.losses(batch | self._step_weights)
        values = torch.stack(list(losses.values()))
        self.term_values = values.detach()
        weights = self.term_weights
        loss = values.sum() if weights is None else (weights * values).sum()
        self.log("train/loss", loss, prog_bar=True)
        if len(losses) > 1:
            self.log_dict({f"train/loss/{name}": value for name, value in losses.items()})
        if self.unknown is not None:
            self.log_dict(self.unknown.report(), prog_bar=True)
        return loss / self.unit

    # -- evaluation --------------------------------------------------------------------------

    def evaluate(self, batch: dict[str, Tensor], stage: str) -> None:
        """Take in held-out points or grid frames."""
        with differentiable(batch) as batch:
            self._evaluate(batch, stage)

    def _evaluate(self, batch: dict[str, Tensor], stage: str) -> None:
        if "fields" in batch:
            found, truth = self.frames(batch["points"]), batch["fields"]
            if self.problem.geometry is None:
                self.metrics(stage).update(found, truth)
                return
            pairs = known(found, truth)
            for name, metric in self.metrics(stage).items(keep_base=True):
                if name == "relative_h1":
                    metric.update(*with_slopes(self.problem, self, batch["points"], truth))
                else:
                    metric.update(*pairs)
            return
        self(batch["residual"])  # for those who watch layers: residuals pass them as jets
        losses = self.losses(batch)
        for name, value in losses.items():
            self.held_out[name].update(value.detach(), len(batch[name]))

    def log_metrics(self, stage: str) -> None:
        super().log_metrics(stage)
        means = torch.stack(list(self.held_out.compute().values()))
        fixed = self.fixed_weights
        self.log(f"{stage}/loss", (means if fixed is None else fixed.to(means) * means).sum())
        self.held_out.reset()
        if self.unknown is not None:
            data = self.description  # with a reference, the problem is that of the reference
            known = data is not None and data.reference is not None
            found = self.unknown.report(self.problem if known else None)
            if stage == "test" and data is not None and data.training is not None:
                like = next(self.parameters())
                with torch.inference_mode(False):
                    batch = {name: points.to(like) for name, points in data.training().items()}
                    errors = self.standard_errors(batch)
                found |= {f"unknown/{name}_standard_error": e for name, e in errors.items()}
            self.log_dict({f"{stage}/{name}": value for name, value in found.items()})

    def validation_step(self, batch: dict[str, Tensor], batch_idx: int) -> None:
        self.evaluate(batch, "val")

    def test_step(self, batch: dict[str, Tensor], batch_idx: int) -> None:
        self.evaluate(batch, "test")
