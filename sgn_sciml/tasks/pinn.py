r"""Physics-informed training: a coordinate network made to satisfy an equation.

.. math::
    L = \sum_i \lambda_i \,\frac{1}{N_i} \sum_{n} r_i(x_n)^2

with one term for the residual and one per condition that is not built into the solution.

References:
    Raissi, Perdikaris and Karniadakis, *Physics-informed neural networks* (2019)
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torchmetrics import MeanMetric, MetricCollection

from sgn_sciml.jets import Automatic, Engine, Equation
from sgn_sciml.layers import Finer
from sgn_sciml.metrics import Boundary, MaxError, RelativeH1, RelativeL2, SpectralError
from sgn_sciml.networks import CoordinateNetwork
from sgn_sciml.optim import OptimizerFactory
from sgn_sciml.pde import Problem
from sgn_sciml.tasks.balancing import GradientNorm
from sgn_sciml.tasks.base import BaseTask

__all__ = ["PINN"]


class PINN(BaseTask):
    """Solve a differential equation with a network.

    Args:
        network: Network from the problem's coordinates to its fields.
        problem: The equation.
        optimizer: Optimiser factory.
        exact_conditions: Build the conditions that the problem can impose into the solution;
            otherwise they are loss terms.
        balancing: Gradient-norm balance of the loss terms, or None for weights of 1.
        frozen: Patterns of parameter names that do not train, for example ``*.frequencies``.
        engine: How derivatives are evaluated; None for the fastest that works.

    Raises:
        ValueError: If the network does not fit the problem's coordinates or fields, or nothing
            is called what should be frozen.
    """

    def __init__(
        self,
        network: CoordinateNetwork,
        problem: Problem,
        optimizer: OptimizerFactory = torch.optim.Adam,
        exact_conditions: bool = True,
        balancing: GradientNorm | None = None,
        frozen: Sequence[str] = (),
        engine: Engine | None = None,
    ) -> None:
        super().__init__(
            optimizer,
            network=network,
            problem=problem,
            exact_conditions=exact_conditions,
            balancing=balancing,
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
        self.freeze_parameters(frozen)
        self.problem = problem
        self.exact_conditions = exact_conditions
        built_in = problem.imposed if exact_conditions else frozenset()
        self.conditions = tuple(c for c in problem.conditions if c.name not in built_in)
        self.terms = ("residual", *(c.name for c in self.conditions))
        self.engine = Automatic() if engine is None else engine
        self.equation = self._equation(problem.residual, problem.law)
        self.condition_equations = {
            c.name: self._equation(c.residual, f"{problem.law}, {c.name}") for c in self.conditions
        }
        self.balancing = balancing
        if balancing is not None:
            balancing.build(len(self.terms))
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
        return self.problem.impose(points, raw) if self.exact_conditions else raw

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
        """Mean squared residual of the equation and of each condition that is not built in."""
        losses = {"residual": self.engine.loss(self.equation, batch["residual"])}
        for name, equation in self.condition_equations.items():
            losses[name] = self.engine.loss(equation, batch[name])
        return losses

    # -- training ----------------------------------------------------------------------------

    def on_train_batch_start(self, batch: dict[str, Tensor], batch_idx: int) -> None:
        if self.balancing is not None and self.global_step % self.balancing.every == 0:
            self.balancing.update(self.losses(batch), self.trainable())

    def training_step(self, batch: dict[str, Tensor], batch_idx: int) -> Tensor:
        losses = self.losses(batch)
        values = torch.stack(list(losses.values()))
        self.term_values = values.detach()
        loss = values.sum() if self.balancing is None else (self.balancing.weights * values).sum()
        self.log("train/loss", loss, prog_bar=True)
        if len(losses) > 1:
            self.log_dict({f"train/loss/{name}": value for name, value in losses.items()})
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
