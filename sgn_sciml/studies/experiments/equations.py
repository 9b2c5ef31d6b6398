r"""Which scales of a solution a PINN finds when: its error by band while it trains.

A network satisfies an equation at collocation points, its conditions built in where the problem
can, in float64: Adam first, then a second-order method, whose iterations count as steps. It never
sees the solution. That is known on a grid, and the error there, frame by frame in time, is
split into bands of waves per domain (:mod:`~sgn_sciml.studies.experiments.bands`). Rates are tuned
by the loss at held-out points, as one who has no solution would.

References:
    Wang, Yu and Perdikaris, *When and why PINNs fail to train: a neural tangent kernel
    perspective* (2022), for Poisson's equation with two scales

    Urbán, Stefanou and Pons, *Unveiling the optimization process of physics informed neural
    networks* (2025), https://arxiv.org/abs/2405.04230, for the second-order methods
"""

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from sgn_sciml.networks import (
    CoordinateMLP,
    CoordinateNetwork,
    count_parameters,
    match_parameters,
)
from sgn_sciml.optim import OptimizerFactory, Phase, Phases, SSBroyden
from sgn_sciml.pde import Poisson, Problem
from sgn_sciml.studies.engine.cell import Cell, Outcome
from sgn_sciml.studies.experiments.bands import BandLog
from sgn_sciml.studies.experiments.equal import NetworkFactory, network_of
from sgn_sciml.studies.experiments.tones import snapshots

if TYPE_CHECKING:
    from sgn_sciml.pinn import PINN

__all__ = ["Equations", "solution"]

SHELLS = 128


@cache
def solution(problem: Problem, shape: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """A problem's solution on a grid, found once per process.

    Args:
        problem: Problem with an exact solution.
        shape: Points per coordinate.

    Returns:
        Points ``(frames, *n, d)`` and fields ``(frames, f, *n)`` in float64; a steady problem has
        one frame.
    """
    # Within the function: it brings Lightning, which who only asks for the status need not load.
    from sgn_sciml.benchmark_data.solution import reference

    grid = reference(problem, shape)
    points, fields = grid.points, torch.stack([grid.fields[name] for name in problem.fields])
    if problem.evolving:
        return points.movedim(-2, 0), fields.movedim(-1, 0)
    return points[None], fields[None]


class Equations(Cell):
    """A PINN solves an equation by Adam, then by a second-order method.

    Args:
        network: Network factory, called with the number of coordinates, 1 field and a width.
        parameters: Number of trainable parameters, met within 2 % by choosing the widths.
        problem: The equation of one field; it needs an exact solution.
        optimizer: Factory of the second optimiser.
        adam_steps: Number of steps of Adam.
        steps: Number of steps of the second optimiser; each is some iterations of it.
        lr: Learning rate of Adam.
        points: Number of collocation points.
        redraw_every: Steps between two draws of the points; 0 keeps the first.
        frames: Times at which the solution is compared.
        num_snapshots: Number of steps of Adam whose errors are kept, evenly in their logarithm;
            those of the second optimiser are all kept.
        seed: Seed of weights and points.

    Raises:
        ValueError: If a number is out of range.
    """

    def __init__(
        self,
        network: NetworkFactory = CoordinateMLP,
        parameters: int = 1000,
        problem: Problem = Poisson(),  # noqa: B008 - frozen
        optimizer: OptimizerFactory = SSBroyden,
        adam_steps: int = 500,
        steps: int = 20,
        lr: float = 1e-3,
        points: int = 1000,
        redraw_every: int = 0,
        frames: int = 21,
        num_snapshots: int = 12,
        seed: int = 0,
    ) -> None:
        if min(parameters, adam_steps, steps, points, num_snapshots) < 1 or not lr > 0:
            raise ValueError("parameters, steps, points, snapshots and lr must be positive")
        if redraw_every < 0 or frames < 2:
            raise ValueError("redraw_every must be at least 0 and frames at least 2")
        self.network = network
        self.parameters = parameters
        self.problem = problem
        self.optimizer = optimizer
        self.adam_steps = adam_steps
        self.steps = steps
        self.lr = lr
        self.points = points
        self.redraw_every = redraw_every
        self.num_snapshots = num_snapshots
        self.seed = seed
        self.shape = (*problem.grid[:-1], frames) if problem.evolving else problem.grid

    def make_network(self, width: int, first_width: int) -> CoordinateNetwork:
        """The network of some widths, from the cell's seed."""
        torch.manual_seed(self.seed)
        return network_of(self.network, len(self.problem.coordinates), width, first_width)

    def run(self) -> Outcome:
        from sgn_sciml.metrics import Extension, shell_energy
        from sgn_sciml.pinn import (
            PINN,
            Collocation,  # these bring Lightning, see solution
        )
        from sgn_sciml.pinn.collocation import HELD_OUT

        widths = match_parameters(self.make_network, self.parameters)
        phases = [Phase(partial(torch.optim.Adam, lr=self.lr), self.adam_steps)]
        task = PINN(
            self.make_network(*widths),
            self.problem,
            partial(Phases, phases=[*phases, Phase(self.optimizer)]),
        ).double()
        problem = self.problem
        at, truth = solution(problem, self.shape)
        wraps = (name in problem.periodic for name in problem.space)
        kinds: tuple[Extension, ...] = tuple("periodic" if each else "even" for each in wraps)

        def energy(fields: Tensor) -> Tensor:
            return shell_energy(fields, kinds, SHELLS).mean(0, keepdim=True)

        log = BandLog(energy(truth), "test")

        def look(step: int) -> None:
            with torch.no_grad():
                log.look(step, energy(task.frames(at) - truth))

        data = Collocation(problem, num_points=self.points, seed=self.seed)
        self.train(task, data.draw, look)
        with torch.enable_grad():
            held_out = task.losses(data.draw(HELD_OUT))
        scalars = log.scalars(0) | {
            "val/loss": float(sum(loss.detach() for loss in held_out.values())),
            "bands_learned": float(log.first_step[0].isfinite().sum()),
            "parameters": float(count_parameters(task.network)),
            "width": float(widths[0]),
        }
        return Outcome(scalars, log.curves(0))

    def train(
        self,
        task: "PINN",
        draw: Callable[[int], Mapping[str, Tensor]],
        look: Callable[[int], None],
    ) -> None:
        """Train a task; the command line does it with Lightning, which costs more than a step.

        Args:
            task: The task.
            draw: Points by the number of the draw.
            look: Called with the number of iterations at the steps that are kept.
        """
        optimizer = task.configure_optimizers()
        assert isinstance(optimizer, Phases)
        kept = {*snapshots(self.adam_steps, self.num_snapshots)}
        batch = dict(draw(0))
        iterations = 0

        def closure() -> Tensor:
            optimizer.zero_grad()
            with torch.enable_grad():
                loss = torch.stack(list(task.losses(batch).values())).sum()
                loss.backward()  # type: ignore[no-untyped-call]
            return loss

        for step in range(self.adam_steps + self.steps):
            if self.redraw_every and step and step % self.redraw_every == 0:
                batch = dict(draw(step // self.redraw_every))
            if step >= self.adam_steps or step in kept:
                look(iterations)
            task.on_train_batch_start(batch, step)  # Levenberg-Marquardt asks the task for it
            iterations += getattr(optimizer.active, "max_iter", 1)
            optimizer.step(closure)
        look(iterations)
