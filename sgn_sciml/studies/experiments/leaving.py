r"""Splines in ordinary networks: what becomes of inputs that leave the grid?

A spline knows its grid, [-1, 1]; a matrix in front of it, or training, may send it anything. Here
networks of Linear, activation, Linear, ... learn a sum of tones, and all linear layers begin
*gain* times as large as usual, so that with a large gain most inputs are outside from the start.
Remedies are settings of the activation (:mod:`sgn_sciml.layers.boundaries`), or grids that follow
the data while the network trains.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

import torch
from torch import Tensor

from sgn_sciml.layers import Quantiles, Range, Spline
from sgn_sciml.networks import (
    CoordinateMLP,
    CoordinateNetwork,
    count_parameters,
    follow_data,
    match_parameters,
)
from sgn_sciml.studies.engine.cell import Cell, Curve, Outcome
from sgn_sciml.studies.experiments.equal import NetworkFactory, network_on_unit_box
from sgn_sciml.studies.experiments.members import Adam, Members
from sgn_sciml.studies.experiments.tones import ToneSum, relative_l2, snapshots

__all__ = ["Leaving"]


class Leaving(Cell):
    """A network whose hidden inputs leave the grid learns tones.

    Kept are ``outside`` (share of the hidden inputs outside their channel's grid, or outside
    [-1, 1] where there are no splines) and ``dead`` (share at which no basis of a spline has a
    slope, so that nothing is learned from the input) at the start and at the end.

    Args:
        network: Network factory, called with 1 coordinate, 1 field and a width.
        parameters: Number of trainable parameters, met within 2 % by choosing the widths.
        gain: Factor of the initial weights and biases of the hidden linear layers.
        follow_every: Steps between moves of the grids; 0 for none.
        follow_until: Last step at which grids move.
        within: How the ends of a grid are found; by quantiles when None.
        num_tones: Number of tones, of amplitude 1/k.
        points: Points of training in the domain [0, 1).
        steps: Number of steps.
        lr: Learning rate of Adam in the first step; it falls along a line.
        device: Device.
        seed: Seed of weights and phases.

    Raises:
        ValueError: If a number is out of range, or the points cannot tell the tones apart.
    """

    # One after another, but in one process: starting one takes longer than a cell.
    together: ClassVar[tuple[str, ...]] = ("lr", "seed")

    def __init__(
        self,
        network: NetworkFactory = CoordinateMLP,
        parameters: int = 2000,
        gain: float = 1.0,
        follow_every: int = 0,
        follow_until: int = 500,
        within: Range | None = None,
        num_tones: int = 8,
        points: int = 128,
        steps: int = 1000,
        lr: float = 1e-2,
        device: str = "cpu",
        seed: int = 0,
    ) -> None:
        if min(parameters, steps) < 1 or not min(gain, lr) > 0 or follow_every < 0:
            raise ValueError(
                "parameters, steps, gain and lr must be positive, follow_every at least 0"
            )
        if points <= 2 * num_tones:
            raise ValueError(f"{num_tones} tones need more than {2 * num_tones} points")
        self.network = network
        self.parameters = parameters
        self.gain = gain
        self.follow_every, self.follow_until = follow_every, follow_until
        self.within = Quantiles() if within is None else within
        self.signal = ToneSum(num_tones, -1.0, seed)
        self.points = points
        self.steps = steps
        self.lr = lr
        self.device = torch.device(device)
        self.seed = seed

    def make_network(self, width: int, first_width: int) -> CoordinateNetwork:
        """The network of some widths, from the cell's seed."""
        made = network_on_unit_box(self.network, 1, width, first_width, self.seed, self.device)
        if not isinstance(made, CoordinateMLP):
            raise ValueError(f"needs a CoordinateMLP, got a {type(made).__name__}")
        with torch.no_grad():
            for linear, _ in made.hidden():
                linear.weight.mul_(self.gain)
                linear.bias.mul_(self.gain)
        return made

    def run(self) -> Outcome:
        width, first_width = match_parameters(self.make_network, self.parameters)
        network = self.make_network(width, first_width)
        assert isinstance(network, CoordinateMLP)
        grid = torch.arange(2 * self.points, dtype=torch.float64) / (2 * self.points)
        x, held_out = (p[:, None].float().to(self.device) for p in (grid[::2], grid[1::2]))
        target, truth = (
            self.signal(p).float().to(self.device)[None] for p in (grid[::2], grid[1::2])
        )
        members = Members([network])
        adam = Adam(members, torch.tensor([self.lr], device=self.device))
        looks, shares = snapshots(self.steps, 20), []
        for step in range(self.steps):
            if step in looks:
                shares.append(hidden_shares(network, x))
            loss = (members(x)[..., 0] - target).square().mean()
            adam.step(torch.autograd.grad(loss, members.parameters), 1 - step / self.steps)
            due = self.follow_every and (step + 1) % self.follow_every == 0
            if due and step < self.follow_until:
                follow_data(network, x, self.within)
        shares.append(hidden_shares(network, x))
        with torch.no_grad():
            errors = [
                float(relative_l2(members(points)[..., 0], values))
                for points, values in ((x, target), (held_out, truth))
            ]
        scalars = {
            "train/relative_l2": errors[0],
            "val/relative_l2": errors[1],
            "parameters": float(count_parameters(network)),
            "width": float(width),
        }
        table = torch.tensor(shares, dtype=torch.float64)
        for name, column in zip(("outside", "dead"), table.T, strict=True):
            scalars |= {f"{name}/start": float(column[0]), f"{name}/end": float(column[-1])}
        return Outcome(scalars, {"outside": Curve({"step": looks}, table[:, 0].numpy())})


def hidden_shares(network: CoordinateMLP, x: Tensor) -> tuple[float, float]:
    """Shares of all hidden inputs, outside the grid and dead; see :class:`Leaving`."""
    outside, dead = [], []
    with torch.no_grad(), inputs_of(network) as inputs:
        network(x)
    for (_, act), u in zip(network.hidden(), inputs, strict=True):
        if not isinstance(act, Spline):
            outside.append((u.abs() > 1).flatten())
            dead.append(torch.zeros_like(outside[-1]))
            continue
        low, high = act.knots[act.degree], act.knots[-1 - act.degree]
        outside.append(((u < low) | (u > high)).flatten())
        with torch.enable_grad():
            u = u.detach().requires_grad_()
            # Any weights but equal ones, with which splines add up to a constant.
            bases = act.expand(u)
            weights = torch.linspace(1, 2, bases.shape[-1]).to(bases)
            (slopes,) = torch.autograd.grad((bases @ weights).sum(), u)
        dead.append((slopes == 0).flatten())
    return share(outside), share(dead)


@contextmanager
def inputs_of(network: CoordinateMLP) -> Iterator[list[Tensor]]:
    """Collect the inputs of the hidden activations in calls of the network."""
    found: list[Tensor] = []
    hooks = [
        act.register_forward_pre_hook(lambda _, args: found.append(args[0]))
        for _, act in network.hidden()
    ]
    try:
        yield found
    finally:
        for hook in hooks:
            hook.remove()


def share(layers: list[Tensor]) -> float:
    """Share of what is true in all layers together."""
    return float(torch.cat(layers).double().mean())
