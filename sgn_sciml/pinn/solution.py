"""A network as the solution of a problem: its fields, its residual, and how good they are."""

from abc import ABC
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torchmetrics import Metric, MetricCollection

from sgn_sciml.jets import Automatic, Engine, Equation
from sgn_sciml.layers import Finer
from sgn_sciml.metrics import Extension, MaxError, RelativeH1, RelativeL2, SpectralError
from sgn_sciml.metrics.one_field import OneField
from sgn_sciml.networks import CoordinateNetwork, as_coordinate_network
from sgn_sciml.optim import OptimizerFactory
from sgn_sciml.pde import Problem
from sgn_sciml.pde.places import inside
from sgn_sciml.pinn.application import Solving
from sgn_sciml.pinn.description import SolutionData
from sgn_sciml.pinn.imposed import require_imposed
from sgn_sciml.pinn.masks import has_slopes
from sgn_sciml.pinn.unknowns import Unknowns
from sgn_sciml.runs.application import Application
from sgn_sciml.runs.description import description_of
from sgn_sciml.runs.task import BaseTask

__all__ = ["Solution"]


class Solution(BaseTask, ABC):
    """Base of the tasks that solve a problem with a coordinate network.

    Args:
        optimizer: Optimiser factory.
        network: Network from the problem's coordinates to its fields: a coordinate network, or any
            module that maps points ``(N, d)``, in the problem's units, to fields ``(N, f)``.
        problem: The equation.
        exact_conditions: Build the conditions that the problem can impose into the solution.
        unknown: Constants of the equation that train, each with its starting value.
        engine: How derivatives are evaluated; None for the fastest that works.
        kwargs: The other arguments of the subclass, recorded as hyper-parameters.

    Raises:
        ValueError: If the network does not fit the problem's coordinates or fields or is not
            periodic where the problem is, the problem has no such constant, or it does not impose
            what it says it does.
    """

    application: ClassVar[Application] = Solving()
    description: SolutionData | None = None

    def __init__(
        self,
        optimizer: OptimizerFactory,
        network: nn.Module,
        problem: Problem,
        exact_conditions: bool,
        unknown: dict[str, float] | None,
        engine: Engine | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            optimizer,
            network=network,
            problem=problem,
            exact_conditions=exact_conditions,
            unknown=unknown,
            engine=engine,
            **kwargs,
        )
        problem.check_conditions(exact_conditions)
        network = as_coordinate_network(network, len(problem.coordinates), len(problem.fields))
        sizes = (network.in_features, network.out_features)
        wanted = (len(problem.coordinates), len(problem.fields))
        if sizes != wanted:
            raise ValueError(
                f"the network maps {sizes[0]} to {sizes[1]} features, but {problem.law} has "
                f"{wanted[0]} coordinates {problem.coordinates} and {wanted[1]} fields "
                f"{problem.fields}: set in_features={wanted[0]}, out_features={wanted[1]}"
            )
        network.set_domain(*problem.domain)
        require_periodic(network, problem)
        if exact_conditions:
            require_imposed(problem, network)
        for module in network.modules():
            if isinstance(module, Finer):
                module.true_gradient = True
        self.network = network
        self.unknown = Unknowns(unknown, problem) if unknown else None
        self.problem = problem
        self.exact_conditions = exact_conditions
        self.engine = Automatic() if engine is None else engine
        names = problem.coordinates, problem.fields
        self.equation = Equation(self, self._residual, *names, problem.law)
        self.add_metrics(frame_metrics(problem))

    def setup(self, stage: str) -> None:
        self.description = description_of(self.trainer, SolutionData)

    def about(self) -> dict[str, Any]:
        problem = {"law": self.problem.law, **self.problem.parameters}
        return super().about() | {"problem": problem}

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

    @property
    def current(self) -> Problem:
        """The problem with its unknown constants as they are now."""
        return self.problem.holding(self.unknown.values()) if self.unknown else self.problem

    def forward(self, points: Tensor) -> Tensor:
        """Fields at points: ``(..., d) -> (..., f)``."""
        raw: Tensor = self.network(points)
        return self.current.impose(points, raw) if self.exact_conditions else raw

    def residual(self, points: Tensor) -> Tensor:
        """Residual of each equation, shape ``(equations, N)``.

        Raises:
            ValueError: If the problem returns another shape than one number per point.
        """
        return self.engine.residuals(self.equation, points)

    def residual_magnitude(self, points: Tensor) -> Tensor:
        """Root of the summed squared residuals, ``(N, d) -> (N,)``, detached."""
        return self.residual(points).detach().square().sum(0).sqrt()

    def _residual(self, d: Any) -> Any:
        return self.current.residual(d)

    def frames(self, points: Tensor) -> Tensor:
        """Fields on grid frames: ``(frames, *n, d) -> (frames, f, *n)``."""
        fields: Tensor = self(points)
        return fields.movedim(-1, 1)

    def predict_step(self, batch: dict[str, Tensor], batch_idx: int) -> dict[str, Tensor]:
        """Predicted fields and residual on grid frames; nan outside a geometry."""
        with differentiable(batch) as batch:
            points = batch["points"]
            residual = self.residual_magnitude(points.reshape(-1, points.shape[-1]))
            fields, residual = self.frames(points).detach(), residual.reshape(points.shape[:-1])
            if self.problem.geometry is not None:
                outside = ~inside(self.problem, points)
                fields = fields.masked_fill(outside[:, None], torch.nan)
                residual = residual.masked_fill(outside, torch.nan)
            return {"points": points, "fields": fields, "residual": residual}


@contextmanager
def differentiable(batch: dict[str, Tensor]) -> Iterator[dict[str, Tensor]]:
    """The tensors of a batch where the network can be differentiated by its inputs.

    A plain ``Trainer`` evaluates in torch's inference mode, whose tensors autograd refuses.
    """
    with torch.inference_mode(False):
        yield {k: v.clone() if v.is_inference() else v for k, v in batch.items()}


def require_periodic(network: CoordinateNetwork, problem: Problem) -> None:
    """See that a network takes the same values at both ends of each periodic coordinate.

    Raises:
        ValueError: If it does not: no residual would tell that it solves another problem.
    """
    dimension = len(problem.coordinates)
    network = deepcopy(network).eval().double()  # parts from checkpoints have other precisions
    broken = []
    for axis, name in enumerate(problem.coordinates):
        if name in problem.periodic:
            unit = torch.linspace(0.1, 0.9, 5).double()[:, None].repeat(1, dimension)
            ends = [problem.box_points(unit.index_fill(1, torch.tensor(axis), k)) for k in (0, 1)]
            with torch.no_grad():
                left, right = (network(points) for points in ends)
            if not torch.allclose(left, right, rtol=1e-3, atol=1e-4):
                broken.append(name)
    if broken:  # the encoding is asked for as a whole, with the axes that are right already
        axes = [i for i, name in enumerate(problem.coordinates) if name in problem.periodic]
        raise ValueError(
            f"{problem.law} is periodic in {' and '.join(broken)}, the network is not: give it an "
            f"encoding such as PeriodicEncoding, in_features: {dimension}, axes: {axes}"
        )


def frame_metrics(problem: Problem) -> MetricCollection:
    """How good the fields of a problem are on its grid frames, which are fields over space.

    On a geometry values are compared, and slopes where the exact solution has them; see
    :func:`~sgn_sciml.pinn.masks.with_slopes`. Waves need a box.
    """
    periodic = tuple(name in problem.periodic for name in problem.space)
    lengths = tuple(b - a for a, b in zip(*problem.domain, strict=True))[: len(problem.space)]
    boundary: tuple[Extension | None, ...] = tuple("periodic" if p else "even" for p in periodic)
    found: dict[str, Metric | MetricCollection] = {
        "relative_l2": RelativeL2(),
        "relative_h1": RelativeH1(periodic, lengths),
        "max_error": MaxError(),
        "spectral": SpectralError(boundary, max_wavenumber=128),
    }
    if problem.geometry is not None:
        del found["relative_h1"], found["spectral"]
        if has_slopes(problem):
            found["relative_h1"] = RelativeL2()  # of values and slopes together
    if len(problem.fields) > 1:  # a small field that is all wrong hides in what is pooled
        for i, name in enumerate(problem.fields):
            found[f"relative_l2/{name}"] = OneField(RelativeL2(), i)
            found[f"max_error/{name}"] = OneField(MaxError(), i)
    return MetricCollection(found, compute_groups=False)
