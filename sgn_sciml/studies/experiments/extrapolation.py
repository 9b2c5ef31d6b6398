r"""Does a network that has seen a few periods know that there are more?

.. math::
    f(x) = \sum_{k=1}^K a_k \sin(2\pi k P x + \varphi_k), \qquad a_k \propto k^p

with P periods in the window [0, 1) of training; phases are drawn by the seed. What lies beyond, on
[1, 1 + reach), was never seen: the error there by the number of periods from the edge. A relative
error of 1 is that of the answer 0.

References:
    Ziyin, Hartwig and Ueda, *Neural networks fail to learn periodic functions and how to fix it*
    (2020), https://arxiv.org/abs/2006.08195
"""

from collections.abc import Sequence
from typing import ClassVar, Self

import torch

from sgn_sciml.networks import (
    CoordinateMLP,
    CoordinateNetwork,
    count_parameters,
    match_parameters,
)
from sgn_sciml.studies.engine.cell import Cell, Curve, Outcome
from sgn_sciml.studies.experiments.equal import NetworkFactory, network_on_unit_box
from sgn_sciml.studies.experiments.members import Members, fit
from sgn_sciml.studies.experiments.tones import ToneSum, relative_l2

__all__ = ["Extrapolation"]


class Extrapolation(Cell):
    """A coordinate network learns some periods and is asked for the next ones.

    Args:
        network: Network factory, called with 1 coordinate, 1 field and a width.
        parameters: Number of trainable parameters, met within 2 % by choosing the widths.
        harmonics: Number K of waves.
        power: Exponent p of their amplitudes.
        periods: Number of periods in the window of training.
        reach: Number of periods beyond that are asked for.
        points: Points of training in the window, and per as many periods beyond.
        steps: Number of steps.
        lr: Learning rate of the first step; it falls along a line.
        device: Device.
        seed: Seed of weights and phases.

    Raises:
        ValueError: If a number is out of range, or the points cannot tell the waves apart.
    """

    together: ClassVar[tuple[str, ...]] = ("lr", "seed")

    def __init__(
        self,
        network: NetworkFactory = CoordinateMLP,
        parameters: int = 2000,
        harmonics: int = 3,
        power: float = -1.0,
        periods: int = 4,
        reach: int = 4,
        points: int = 128,
        steps: int = 3000,
        lr: float = 1e-3,
        device: str = "cpu",
        seed: int = 0,
    ) -> None:
        if min(parameters, harmonics, periods, reach, steps) < 1 or not lr > 0:
            raise ValueError(
                "parameters, harmonics, periods, reach, steps and lr must be positive"
            )
        if points <= 2 * periods * harmonics or points % periods:
            raise ValueError(
                f"points must be a multiple of {periods} periods, more than "
                f"{2 * periods * harmonics}, got {points}"
            )
        self.network = network
        self.parameters = parameters
        self.signal = ToneSum(harmonics, power, seed)
        self.periods = periods
        self.reach = reach
        self.points = points
        self.steps = steps
        self.lr = lr
        self.device = torch.device(device)
        self.seed = seed

    def run(self) -> Outcome:
        return self.run_together([self])[0]

    def make_network(self, width: int, first_width: int) -> CoordinateNetwork:
        """The network of some widths, from the cell's seed; the window is its domain."""
        return network_on_unit_box(self.network, 1, width, first_width, self.seed, self.device)

    @classmethod
    def run_together(cls, cells: Sequence[Self]) -> list[Outcome]:
        first = cells[0]
        width, first_width = match_parameters(first.make_network, first.parameters)
        networks = [cell.make_network(width, first_width) for cell in cells]
        members = Members(networks)
        n, periods = first.points, first.periods
        x = torch.arange(n + n * first.reach // periods, dtype=torch.float64) / n
        held_out = x + 0.5 / n

        def values(points: torch.Tensor) -> torch.Tensor:
            found = [cell.signal(points * periods) for cell in cells]
            return torch.stack(found).float().to(first.device)

        rates = torch.tensor([cell.lr for cell in cells], device=first.device)
        inputs = x[:n, None].float().to(first.device)
        train = fit(members, inputs, values(x[:n]), rates, first.steps)
        with torch.no_grad():
            guess = members(held_out[:, None].float().to(first.device))[..., 0]
        truth = values(held_out)
        inside = relative_l2(guess[:, :n], truth[:, :n])
        beyond = relative_l2(guess[:, n:], truth[:, n:])
        by_period = relative_l2(*(v.reshape(len(cells), -1, n // periods) for v in (guess, truth)))
        seen = relative_l2(train, values(x[:n]))
        outcomes = []
        for m in range(len(cells)):
            scalars = {
                "train/relative_l2": float(seen[m]),
                "val/relative_l2": float(inside[m]),
                "test/beyond": float(beyond[m]),
                "test/next_period": float(by_period[m, periods]),
                "parameters": float(count_parameters(networks[0])),
                "width": float(width),
            }
            period = torch.arange(by_period.shape[1]) - periods
            curve = Curve({"period": period.tolist()}, by_period[m].double().cpu().numpy())
            outcomes.append(Outcome(scalars, {"error_by_period": curve}))
        return outcomes
