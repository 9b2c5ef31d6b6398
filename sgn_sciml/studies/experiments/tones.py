r"""Which tone is learned when: a sum of sines, and its amplitudes in the network while it trains.

.. math::
    f(x) = \sum_{k=1}^K a_k \sin(2\pi k x + \varphi_k), \quad x \in [0, 1), \qquad
    a_k \propto k^p, \quad \tfrac12 \sum_k a_k^2 = 1

The phases are drawn anew by each seed. All N points of a uniform grid make up every step, so that
tones are orthogonal on them and a tone's coefficient in the network u is a projection:

.. math::
    c_k[u] = \frac{2}{N} \sum_j u(x_j)\, e^{-i(2\pi k x_j + \varphi_k - \pi/2)}, \qquad
    c_k[f] = a_k, \qquad e_k = \frac{|c_k[u] - a_k|}{a_k}.

The learned amplitude is :math:`\mathrm{Re}\, c_k / a_k`; a tone counts as learned at the first
step that is looked at with :math:`e_k < 10\,\%`, amplitude and phase. Points between those of
training are held out.

References:
    Rahaman et al., *On the spectral bias of neural networks* (2019),
    https://arxiv.org/abs/1806.08734
"""

import math
from collections.abc import Sequence
from typing import ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from sgn_sciml.networks import (
    CoordinateMLP,
    CoordinateNetwork,
    count_parameters,
    match_parameters,
)
from sgn_sciml.studies.engine.cell import Cell, Curve, Outcome
from sgn_sciml.studies.experiments.equal import NetworkFactory, network_on_unit_box
from sgn_sciml.studies.experiments.members import Members, fit

__all__ = ["LEARNED", "ToneLog", "ToneSum", "Tones", "coefficients", "relative_l2", "snapshots"]

LEARNED = 0.1  # relative error of a tone


class ToneSum:
    """A sum of sines with random phases.

    Args:
        num_tones: Number of tones K.
        power: Exponent p of the amplitudes: 0 makes them equal, -1 gives 1/k, 1 gives k.
        seed: Seed of the phases.

    Raises:
        ValueError: If there is no tone.
    """

    def __init__(self, num_tones: int = 64, power: float = 0.0, seed: int = 0) -> None:
        if num_tones < 1:
            raise ValueError(f"num_tones must be at least 1, got {num_tones}")
        self.tones = torch.arange(1, num_tones + 1, dtype=torch.float64)
        raw = self.tones**power
        self.amplitudes = raw * (2 / raw.square().sum()).sqrt()
        random = torch.Generator().manual_seed(seed)
        self.phases = 2 * math.pi * torch.rand(num_tones, generator=random, dtype=torch.float64)

    def __call__(self, x: Tensor) -> Tensor:
        """Its values, shape ``(points,)``, for x in units of the period."""
        return self.waves(x).real @ self.amplitudes

    def waves(self, x: Tensor) -> Tensor:
        """The tones of amplitude 1, sine and quadrature as one complex number, ``(points, K)``."""
        angle = 2 * math.pi * x.double()[:, None] * self.tones + self.phases
        return torch.polar(torch.ones_like(angle), angle - math.pi / 2)


def coefficients(values: Tensor, waves: Tensor) -> Tensor:
    """Coefficients of tones in functions on a uniform grid of the period.

    Args:
        values: Values, shape ``(members, points)``.
        waves: Tones as :meth:`ToneSum.waves` gives them, shape ``(members, points, K)``, twice as
            many points as the highest tone at least.

    Returns:
        Complex coefficients, shape ``(members, K)``.
    """
    found = (values.unsqueeze(1).to(waves.dtype) @ waves.conj()).squeeze(1)
    return found * (2 / values.shape[-1])


def relative_l2(values: Tensor, target: Tensor) -> Tensor:
    """Relative L2 error of each member, over the last axis."""
    found: Tensor = (values - target).norm(dim=-1) / target.norm(dim=-1)
    return found


def snapshots(steps: int, count: int) -> list[int]:
    """Steps at which curves are logged: 0, the last, and between them evenly in their logarithm.

    Example:
        >>> snapshots(1000, 5)
        [0, 1, 10, 100, 1000]
    """
    powers = np.geomspace(1, steps, max(count - 1, 2)).round().astype(int)
    return sorted({0, *powers.tolist()})


class Tones(Cell):
    """A coordinate network learns a sum of sines by Adam on all points; the rate falls to zero.

    Args:
        network: Network factory, called with 1 coordinate, 1 field and a width.
        parameters: Number of trainable parameters, met within 2 % by choosing the widths.
        num_tones: Number of tones; the k-th has k periods in the domain.
        power: Amplitudes go as k to this power.
        points: Number of points of training, and of held-out ones.
        steps: Number of steps.
        lr: Learning rate of the first step; it falls along a line.
        every: Steps between two looks at which tones are learned.
        num_snapshots: Number of steps whose amplitudes are kept, evenly in their logarithm.
        device: Device.
        seed: Seed of weights and phases.

    Raises:
        ValueError: If a number is out of range, or the points cannot tell the tones apart.
    """

    together: ClassVar[tuple[str, ...]] = ("lr", "seed")

    def __init__(
        self,
        network: NetworkFactory = CoordinateMLP,
        parameters: int = 4000,
        num_tones: int = 64,
        power: float = 0.0,
        points: int = 256,
        steps: int = 5000,
        lr: float = 1e-3,
        every: int = 10,
        num_snapshots: int = 40,
        device: str = "cpu",
        seed: int = 0,
    ) -> None:
        if min(parameters, num_tones, steps, every, num_snapshots) < 1 or not lr > 0:
            raise ValueError("parameters, tones, steps, looks, snapshots and lr must be positive")
        if points <= 2 * num_tones:
            raise ValueError(
                f"{points} points cannot tell {num_tones} tones apart: more than twice as many can"
            )
        self.network = network
        self.parameters = parameters
        self.signal = ToneSum(num_tones, power, seed)
        self.points = points
        self.steps = steps
        self.lr = lr
        self.every = every
        self.num_snapshots = num_snapshots
        self.device = torch.device(device)
        self.seed = seed

    def run(self) -> Outcome:
        return self.run_together([self])[0]

    def make_network(self, width: int, first_width: int) -> CoordinateNetwork:
        """The network of some widths, from the cell's seed, on the domain [0, 1)."""
        return network_on_unit_box(self.network, 1, width, first_width, self.seed, self.device)

    @classmethod
    def make_log(cls, cells: Sequence[Self], members: Members, x: Tensor) -> "ToneLog":
        """What looks at the members while they train on points x."""
        return ToneLog(cells, x)

    @classmethod
    def run_together(cls, cells: Sequence[Self]) -> list[Outcome]:
        first = cells[0]
        width, first_width = match_parameters(first.make_network, first.parameters)
        networks = [cell.make_network(width, first_width) for cell in cells]
        members = Members(networks)
        x = torch.arange(first.points, dtype=torch.float64) / first.points
        y = torch.stack([cell.signal(x) for cell in cells]).float().to(first.device)
        inputs = x[:, None].float().to(first.device)
        rates = torch.tensor([cell.lr for cell in cells], device=first.device)
        log = cls.make_log(cells, members, x)
        values = fit(members, inputs, y, rates, first.steps, log.look)
        between = x + 0.5 / first.points
        with torch.no_grad():
            guess = members(between[:, None].float().to(first.device))[..., 0]
        truth = torch.stack([cell.signal(between) for cell in cells]).float().to(first.device)
        sizes = {"parameters": count_parameters(networks[0]), "width": width}
        errors = relative_l2(values, y), relative_l2(guess, truth)
        losses = (values - y).square().mean(1)
        return log.outcomes(sizes, losses, *errors)


class ToneLog:
    """What is known of the tones while training goes on, on the device of training.

    Args:
        cells: The members' cells.
        x: Points of training.
    """

    def __init__(self, cells: Sequence[Tones], x: Tensor) -> None:
        first = cells[0]
        self.tones = first.signal.tones
        waves = torch.stack([cell.signal.waves(x) for cell in cells])
        self.waves = waves.to(torch.complex64).to(first.device)
        amplitudes = torch.stack([cell.signal.amplitudes for cell in cells])
        self.amplitudes = amplitudes.float().to(first.device)
        self.first_step = torch.full_like(self.amplitudes, torch.nan)
        self.every, self.last = first.every, first.steps
        self.kept = set(snapshots(first.steps, first.num_snapshots))
        self.steps: list[int] = []
        self.history: list[Tensor] = []

    def look(self, step: int, values: Tensor) -> None:
        """Note the members' tones at a step, if it is one of those to look at."""
        if step % self.every and step not in self.kept and step != self.last:
            return
        relative = coefficients(values, self.waves) / self.amplitudes
        self.error = (relative - 1).abs()
        now = (self.error < LEARNED) & self.first_step.isnan()
        self.first_step = torch.where(now, float(step), self.first_step)
        if step in self.kept:
            self.steps.append(step)
            self.history.append(relative)

    def outcomes(
        self, sizes: dict[str, int], losses: Tensor, train: Tensor, held_out: Tensor
    ) -> list[Outcome]:
        """The outcome of each member."""
        history = torch.stack(self.history, 1).cpu()
        first_step, error = self.first_step.cpu(), self.error.cpu()
        found = []
        for m, (loss, a, b) in enumerate(zip(losses, train, held_out, strict=True)):
            k = self.tones.tolist()
            curves = {
                "amplitude": Curve(
                    {"step": self.steps, "frequency": k}, history[m].real.double().numpy()
                ),
                "error": Curve(
                    {"step": self.steps, "frequency": k}, (history[m] - 1).abs().double().numpy()
                ),
                "time_to_learn": Curve({"frequency": k}, first_step[m].double().numpy()),
            }
            scalars = {
                "train/loss": float(loss),
                "train/relative_l2": float(a),
                "val/relative_l2": float(b),
                "tones_learned": float((error[m] < LEARNED).sum()),
                **{name: float(value) for name, value in sizes.items()},
            }
            found.append(Outcome(scalars, curves))
        return found
