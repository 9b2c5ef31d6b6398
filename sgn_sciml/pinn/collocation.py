"""Collocation points without end, and the grid that measures what was learned from them.

The loader yields step numbers only. Points are drawn on the way to the step as a function of
(seed, redraw), and kept on the step's device until the next redraw; so no batch is prefetched with
an outdated network, nothing is copied in a step, and a resumed run sees the same points.
"""

import inspect
from functools import partial
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader

from sgn_sciml.layouts.grid_fields import GridFields, plain_constants, read_grid
from sgn_sciml.pde import PROBLEMS, Problem, Reference
from sgn_sciml.pde.places import condition_points, inside, interior_points
from sgn_sciml.pde.problem import reference_name
from sgn_sciml.pinn.description import SolutionData
from sgn_sciml.pinn.masks import exact_inside, masked
from sgn_sciml.pinn.observations import Observations
from sgn_sciml.pinn.resampling import Resampling
from sgn_sciml.pinn.sampling import Sampler, Uniform
from sgn_sciml.pinn.solution import Solution
from sgn_sciml.runs.loaders import batches, derive_seed, steps

__all__ = ["Collocation"]

PLAIN = (int, float, str)  # what a card holds as it is
HELD_OUT = 2**31  # redraw numbers of the held-out points; training never gets there


class Collocation(LightningDataModule):
    """Training points for a PINN, held-out points, and a reference grid.

    A training batch maps ``residual`` and each condition's name to points ``(N, d)``; with
    observations also ``data`` to their points and ``values`` to fields ``(N, f)``. Evaluation
    has one such batch of held-out points, then batches of grid frames with ``points``
    ``(frames, *n, d)`` and ``fields`` ``(frames, f, *n)``, where a frame is the grid at one time,
    or the whole grid of a steady problem. Each process of a distributed run takes its share of
    every set.

    Outside a problem's geometry, fields of the grid are nan and not compared; where it has an
    exact solution, no reference is needed. Points of conditions on parts of its boundary are
    followed by the outward normal, ``(N, d + space)``.

    Args:
        problem: The equation.
        reference: Grid file with the reference solution, or what makes it, such as
            ``LocalLeastSquares``; None leaves evaluation without a grid, and predicts on the
            problem's own.
        num_points: Interior collocation points per step.
        num_condition_points: Points per initial or boundary condition per step; values at points
            of their own take all of these.
        redraw_every: Steps between redraws of the points; 0 keeps the first draw.
        sampler: Point set; uniform when None.
        adaptive: How the interior points of a redraw follow the residual, or None.
        seed: Seed of the points; the command line sets it to ``seed_everything``.
        frames_per_batch: Grid frames per evaluation batch.
        observations: Where the solution is known, for inverse problems, or None.

    Raises:
        FileNotFoundError: If the reference file is missing.
        ValueError: If it is damaged or of another law, cannot be made, or a count is out of range.
    """

    def __init__(
        self,
        problem: Problem,
        reference: Reference | str | Path | None = None,
        num_points: int = 5000,
        num_condition_points: int = 200,
        redraw_every: int = 1,
        sampler: Sampler | None = None,
        adaptive: Resampling | None = None,
        seed: int = 0,
        frames_per_batch: int = 16,
        observations: Observations | None = None,
    ) -> None:
        super().__init__()
        if min(num_points, num_condition_points, frames_per_batch) < 1 or redraw_every < 0:
            raise ValueError("point and frame counts must be >= 1 and redraw_every >= 0")
        self.problem = problem
        self.reference = reference
        self.num_points = num_points
        self.num_condition_points = num_condition_points
        self.redraw_every = redraw_every
        self.sampler = sampler or Uniform()
        self.adaptive = adaptive
        self.seed = seed
        self.frames_per_batch = frames_per_batch
        self.observations = observations
        self.grid: GridFields | None = None
        # Path is among the types, too: else a file would be read as the settings of a class.
        none = reference is None or isinstance(reference, Reference)
        self.file: str | None = None if none else str(reference)
        self._observed: tuple[Tensor, Tensor, int] | None = None
        self._redraw = -1
        self._points: dict[str, Tensor] = {}
        self._interior: Tensor | None = None  # those of all processes, where they are adaptive

    @property
    def description(self) -> SolutionData:
        """What the data are."""
        names = inspect.signature(type(self)).parameters
        values = {name: vars(self).get(name) for name in names}
        plain = {k: v if v is None or isinstance(v, PLAIN) else str(v) for k, v in values.items()}
        if self.file is not None:
            plain["reference"] = self.file
        training = None if self._observed is None else partial(self.draw, 0)
        return SolutionData(self.grid, self.file, plain, training)

    def setup(self, stage: str) -> None:
        self._read_reference()
        if self.observations is not None and self._observed is None:
            names = self.problem.coordinates, self.problem.fields
            box = self.problem.domain
            self._observed = self.observations.draw(self.grid, *names, self.seed, box)
            outside = ~inside(self.problem, self._observed[0])
            if outside.any():
                raise ValueError(
                    f"{int(outside.sum())} of {len(outside)} observations lie outside the geometry"
                )

    def _read_reference(self) -> None:
        if self.grid is not None:
            return
        if self.reference is None:
            self.grid = exact_inside(self.problem)
            return
        if isinstance(self.reference, Reference):
            self.file = str(self.reference.file(self.problem))
        path, law = str(self.file), self.problem.law
        if Path(path).is_dir():
            raise ValueError(f"{path} is a folder, not a reference file")
        if not Path(path).is_file():
            how = f"{reference_name(law)} -o {path}"
            if law not in PROBLEMS:
                how = f"reference --config FILE -o {path}, or set reference: LocalLeastSquares"
            raise FileNotFoundError(f"no reference file {path}; make it with: sgn data make {how}")
        grid = read_grid(path)
        ours = (law, plain_constants(self.problem.parameters), self.problem.coordinates)
        if (grid.law, dict(grid.parameters), tuple(grid.coordinates)) != ours:
            raise ValueError(
                f"{path} holds {grid.law} {dict(grid.parameters)} over "
                f"{tuple(grid.coordinates)}, the problem is {ours[0]} {ours[1]} over {ours[2]}"
            )
        grid = grid.within(*self.problem.domain)  # a window's part
        self.grid = masked(self.problem, grid, path)

    # -- training points ---------------------------------------------------------------------

    def draw(self, redraw: int, pool: int = 1) -> dict[str, Tensor]:
        """Draw one set of points on the CPU in float64; ``pool`` multiplies the interior ones."""
        seed = [self.seed, redraw]
        draw, problem = self.sampler.draw, self.problem
        interior = partial(draw, seed=derive_seed(*seed, 0))
        points = {"residual": interior_points(problem, pool * self.num_points, interior)}
        for k, condition in enumerate(problem.conditions):
            unit = partial(draw, seed=derive_seed(*seed, k + 1))
            count = self.num_condition_points
            points[condition.name] = condition_points(problem, condition, count, unit)
        if self._observed is not None:
            *observed, trained = self._observed
            training = redraw < HELD_OUT or trained == len(observed[0])  # or none is held out
            part = slice(trained) if training else slice(trained, None)
            points |= {k: v[part] for k, v in zip(("data", "values"), observed, strict=True)}
        return points

    def _draw_for(self, task: Solution, redraw: int) -> dict[str, Tensor]:
        """Draw the points of one redraw in the task's precision, on its device."""
        pool = self.adaptive.pool if self.adaptive else 1
        like = next(task.parameters())
        points = {k: v.to(like) for k, v in self.draw(redraw, pool).items()}
        if self.adaptive is not None:
            if redraw != self._redraw:  # else they come from a checkpoint
                known = self._interior if redraw > self._redraw else None  # another fit begins
                magnitude = task.residual_magnitude
                seed = derive_seed(self.seed, redraw, 99)
                self._interior = self.adaptive.next(known, points["residual"], magnitude, seed)
            assert self._interior is not None
            self._interior = points["residual"] = self._interior.to(like)
        return {k: self._share(v) for k, v in points.items()}

    def _share(self, points: Tensor) -> Tensor:
        trainer = self.trainer
        if trainer and len(points) < trainer.world_size:  # the one point of a condition
            return points
        return points[trainer.global_rank :: trainer.world_size] if trainer else points

    def on_after_batch_transfer(self, batch: Any, dataloader_idx: int) -> Any:
        if self.trainer is None or not self.trainer.training:
            return batch
        step = self.trainer.global_step
        redraw = step // self.redraw_every if self.redraw_every else 0
        if redraw != self._redraw or not self._points:
            task = self.trainer.lightning_module
            assert isinstance(task, Solution), "points are drawn for the task that solves"
            self._points = self._draw_for(task, redraw)
            self._redraw = redraw
        return self._points

    def train_dataloader(self) -> DataLoader[int]:
        return steps()

    # -- evaluation --------------------------------------------------------------------------

    def _evaluation(self, redraw: int) -> DataLoader[dict[str, Tensor]]:
        dtype = next(self.trainer.lightning_module.parameters()).dtype if self.trainer else None
        held_out = {k: self._share(v).to(dtype) for k, v in self.draw(redraw).items()}
        return batches([held_out, *self._frames(dtype)])

    def _frames(self, dtype: torch.dtype | None) -> list[dict[str, Tensor]]:
        if self.grid is None:
            return []
        points = self.grid.points.to(dtype)
        fields = torch.stack([self.grid.fields[f] for f in self.problem.fields])
        # The truth is not rounded to a half-precision network's format.
        fields = fields.to(None if dtype is None else torch.promote_types(dtype, torch.float32))
        if self.problem.evolving:
            points, fields = points.movedim(-2, 0), fields.movedim(-1, 0)
        else:
            points, fields = points[None], fields[None]
        sets = (torch.split(self._share(v), self.frames_per_batch) for v in (points, fields))
        return [{"points": p, "fields": f} for p, f in zip(*sets, strict=True) if len(p)]

    def val_dataloader(self) -> DataLoader[dict[str, Tensor]]:
        return self._evaluation(HELD_OUT)

    def test_dataloader(self) -> DataLoader[dict[str, Tensor]]:
        return self._evaluation(HELD_OUT + 1)  # the best checkpoint was chosen on the other ones

    def predict_dataloader(self) -> DataLoader[dict[str, Tensor]]:
        dtype = next(self.trainer.lightning_module.parameters()).dtype if self.trainer else None
        if self.grid is not None:
            return batches(self._frames(dtype))
        points = GridFields(self.problem.axes(), {}, self.problem.law).points.to(dtype)
        frames = points.movedim(-2, 0) if self.problem.evolving else points[None]
        parts = torch.split(self._share(frames), self.frames_per_batch)
        return batches([{"points": part} for part in parts])

    # -- resume ------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        # Adaptive points depend on the network at their redraw, so they are kept; plain ones are
        # drawn again.
        return {"redraw": self._redraw, "interior": self._interior} if self.adaptive else {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        if "interior" in state_dict:  # not in checkpoints of earlier versions
            self._redraw, self._interior = state_dict["redraw"], state_dict["interior"]
            self._points = {}
