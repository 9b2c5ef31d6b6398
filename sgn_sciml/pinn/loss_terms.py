r"""The terms of a PINN's loss: what each is the mean square of, and how that moves with weights.

.. math::
    L_i = \frac{1}{N_i} \sum_{n,e} r_{i,e}(x_n)^2, \qquad
    J_{i,e,p,n} = \frac{\partial r_{i,e}(x_n)}{\partial \theta_p}

with the E residuals of the equation, the one of each condition that is not built into the solution
and, of observations, the misfit of each field. Weights of points, and that of observations, belong
to the residuals as their roots.
"""

import logging
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from functools import partial
from typing import Any

import torch
from torch import Tensor

from sgn_sciml.jets import Eager, Equation, Fused, apart
from sgn_sciml.pde import Condition
from sgn_sciml.pde.conditions import ScatteredCondition
from sgn_sciml.pde.places import condition_points, interior_points, starting_with
from sgn_sciml.pinn.boundary import condition_equation
from sgn_sciml.pinn.solution import Solution

__all__ = ["LossTerms"]

logger = logging.getLogger(__name__)

UNLIKE = 1e6  # from one term to another before training: their squares count


class LossTerms:
    """What a solution is trained to make small.

    Points of all terms come as one batch: points ``(N, d)`` by the name of the term; ``weights``
    of those of the residual, ``(N,)``; ``values`` of the observations, ``(N, f)``, nan where there
    is none.

    Args:
        solution: The solution.
        conditions: The conditions that are terms.
        data_weight: Weight of the squared misfit to observations; None for no such term.
    """

    def __init__(
        self,
        solution: Solution,
        conditions: Sequence[Condition],
        data_weight: float | None,
    ) -> None:
        self.solution = solution
        self.faces = {condition.name: condition for condition in conditions}
        self.data_weight = data_weight
        self.equations = {"residual": solution.equation}
        for name in self.faces:
            self.equations[name] = self._equation(name)
        self.names = (*self.equations, *(() if data_weight is None else ("data",)))

    def _equation(self, name: str) -> Equation:
        """The equation of a condition."""
        residual = partial(self._condition, name)
        return condition_equation(self.solution, residual, self.solution.problem, self.faces[name])

    def _condition(self, name: str, d: Any) -> Any:
        return next(c for c in self.solution.current.conditions if c.name == name).residual(d)

    def losses(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The terms at a batch, numbers that are a part of torch's graph.

        Raises:
            ValueError: If there are observations but no such term, or the other way round.
        """
        if ("data" in batch) != ("data" in self.names):
            raise ValueError(
                "observations and their loss term go together: set data.init_args.observations "
                "and model.init_args.unknown or data_weight, or none of them (data_weight: 0 for "
                "an unknown constant that the equation determines, as an eigenvalue)"
            )
        losses = {}
        for name, equation in self.equations.items():
            weights = batch.get("weights") if name == "residual" else None
            losses[name] = self.solution.engine.loss(equation, batch[name], weights)
        if self.data_weight is not None:
            losses["data"] = self.data_weight * self.misfit(batch).square().sum(0).mean()
        return losses

    def misfit(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Fields at the points of observations minus their values, ``(f, N)``; 0 for nan.

        Raises:
            ValueError: If the values have another shape than the fields.
        """
        fields, values = self.solution(batch["data"]), batch["values"]
        if fields.shape != values.shape:
            raise ValueError(
                f"the observations have shape {tuple(values.shape)}, the fields there "
                f"{tuple(fields.shape)}"
            )
        misfit: Tensor = fields - torch.where(values.isnan(), fields, values)
        return misfit.T

    def linearised(
        self, batch: Mapping[str, Tensor], parameters: Sequence[Tensor] | None
    ) -> Iterator[tuple[Tensor, Tensor | None]]:
        """What each term is the mean square of, a term at a time, without its graph.

        Args:
            batch: The points.
            parameters: Trained parameters, P numbers in all; None for no derivatives.

        Yields:
            Residuals ``(E, N)`` and their derivatives ``(E, P, N)``, or None.
        """
        j: Tensor | None = None
        for name, equation in self.equations.items():
            if parameters is None:
                r = self.solution.engine.residuals(equation, batch[name]).detach()
            else:
                r, j = self.solution.engine.jacobian(equation, batch[name], parameters)
            if name == "residual" and "weights" in batch:
                root = batch["weights"].sqrt()
                r, j = root * r, None if j is None else root * j
            yield r, j
        if self.data_weight is not None:
            with torch.set_grad_enabled(parameters is not None):
                r = self.data_weight**0.5 * self.misfit(batch)
            if parameters is not None:
                j = apart([r], parameters, [torch.eye(r.numel()).to(r)])
                j = j.view(-1, *r.shape).movedim(1, 0)
            yield r.detach(), j

    def stacked(
        self,
        batch: Mapping[str, Tensor],
        weights: Iterable[Tensor | float],
        parameters: Sequence[Tensor] | None,
    ) -> tuple[Tensor, Tensor | None]:
        """All residuals, whose squares sum to the weighted sum of the terms.

        Args:
            batch: The points.
            weights: Weight of each term.
            parameters: Trained parameters, P numbers in all; None for no derivatives.

        Returns:
            Residuals ``(M,)`` and derivatives ``(P, M)``, or None.
        """
        rows, slopes = [], []
        for weight, (r, j) in zip(weights, self.linearised(batch, parameters), strict=True):
            root = (weight / r.shape[1]) ** 0.5
            rows.append(root * r.flatten())
            if j is not None:
                slopes.append(j.movedim(0, 1).flatten(1).mul_(root))  # the largest thing there is
        found = None if not slopes else slopes[0] if len(slopes) == 1 else torch.cat(slopes, 1)
        return torch.cat(rows), found

    def refuse_lost_squares(self, like: Tensor) -> None:
        """Refuse to train on residuals whose squares float32 turns into zero or infinity.

        Raises:
            ValueError: If it does, at some points of the domain.
        """
        if like.dtype == torch.float64:
            return
        generator = torch.Generator().manual_seed(0)
        unit = torch.rand(32, len(self.solution.problem.coordinates), generator=generator)
        found = self.at(unit.to(like.device, like.dtype.to_real())).values()
        size = max(float(r.detach().abs().max()) for r in found)
        if 0 < size < 1e-16 or 1e16 < size < math.inf:
            raise ValueError(
                f"the residuals are of size {size:.0e}, whose squares float32 does not hold: set "
                f"trainer.precision to 64-true and model.init_args.residual_scale to {size:.0e}, "
                "or choose units in which the equation is of order 1"
            )

    def warn_of_units(self, like: Tensor) -> None:
        """Say so where terms begin with sizes that no training balances."""
        generator = torch.Generator().manual_seed(0)
        unit = torch.rand(32, len(self.solution.problem.coordinates), generator=generator)
        found = self.at(unit.to(like.device, like.dtype.to_real())).items()
        sizes = {name: size for name, r in found if (size := float(r.detach().abs().max())) > 0}
        if not sizes:
            return
        most, least = max(sizes, key=sizes.__getitem__), min(sizes, key=sizes.__getitem__)
        if sizes[most] > UNLIKE * sizes[least]:
            logger.warning(
                "%s is of size %.0e, %s of size %.0e: the smaller one will not be met. Divide "
                "each by its unit, and let impose return unit * raw where a field is far from 1",
                *(most, sizes[most], least, sizes[least]),
            )

    def rehearse(self) -> None:
        """Evaluate every equation at three points, where it is to fail before anything trains.

        Raises:
            ValueError: If one fails, returns anything but a number per point, or has no rule in
                the engine that was asked for.
        """
        solution, problem = self.solution, self.solution.current
        network = deepcopy(solution.network).eval()  # norms and dropout stay as they are
        if len({p.dtype for p in network.parameters()}) > 1:  # parts from checkpoints
            network = network.double()
        like = next(network.parameters(), torch.zeros(()))

        def function(x: Tensor) -> Tensor:
            raw = network(x)
            return problem.impose(x, raw) if solution.exact_conditions else raw

        line = like.new_tensor([0.3, 0.5, 0.7])[:, None]
        unit = line.expand(3, len(problem.coordinates))
        for (key, equation), at in zip(self.equations.items(), self.places(unit), strict=True):
            names = equation.coordinates, equation.fields
            tried = Equation(function, equation.residual, *names, equation.name, equation.domain)
            if key in self.faces:
                residual = partial(self._condition, key)
                tried = condition_equation(function, residual, problem, self.faces[key])
            tried.nested(at)
            if isinstance(solution.engine, (Eager, Fused)):
                try:
                    tried.program(at)
                except NotImplementedError as error:
                    name = type(solution.engine).__name__
                    raise ValueError(
                        f"the engine {name} cannot evaluate {equation.name}: {error}; leave "
                        "model.init_args.engine out"
                    ) from error

    def at_centres(self, like: Tensor) -> dict[str, Tensor]:
        """Residuals by name in the middle of the domain and of each face, with their graph."""
        return self.at(like.new_full((1, len(self.solution.problem.coordinates)), 0.5))

    def at(self, unit: Tensor) -> dict[str, Tensor]:
        """Residuals by name at points of the unit box, those of conditions on their faces."""
        pairs = zip(self.equations.values(), self.places(unit), strict=True)
        return {equation.name: equation.nested(at) for equation, at in pairs}

    def places(self, unit: Tensor) -> list[Tensor]:
        """Points of the unit box as points of each equation: of the domain, and of each face."""
        problem, draw, count = self.solution.current, starting_with(unit), len(unit)
        if problem.geometry is None:
            faces = [
                condition_points(problem, face, count, draw).to(unit)
                if isinstance(face, ScatteredCondition)
                else problem.face_points(face, unit)
                for face in self.faces.values()
            ]
            return [problem.box_points(unit), *faces]
        points = [interior_points(problem, count, draw)]
        points += [condition_points(problem, face, count, draw) for face in self.faces.values()]
        return [each.to(unit) for each in points]
