r"""Which detail of a picture is learned when: its error by radial band while a network learns it.

The picture is read on a grid of twice the size. Every second pixel of every second row makes up
the training set, a grid of size n by n, all of it in every step; those diagonally between them are
held out. Values are scaled to [-1, 1]. The error on the grid of training is split into radial
bands of waves per side, up to n/2 (:mod:`~sgn_sciml.studies.experiments.bands`); the picture is
continued evenly, so that its edges make no jump.

References:
    Rahaman et al., *On the spectral bias of neural networks* (2019),
    https://arxiv.org/abs/1806.08734

    Sitzmann et al., *Implicit neural representations with periodic activation functions* (2020),
    https://arxiv.org/abs/2006.09661
"""

import math
from collections.abc import Sequence
from functools import cache
from typing import ClassVar, Self

import torch
from torch import Tensor

from sgn_sciml.networks import (
    CoordinateMLP,
    CoordinateNetwork,
    count_parameters,
    match_parameters,
)
from sgn_sciml.studies.engine.cell import Cell, Outcome
from sgn_sciml.studies.experiments.bands import BandLog
from sgn_sciml.studies.experiments.equal import NetworkFactory, network_on_unit_box
from sgn_sciml.studies.experiments.members import Members, fit
from sgn_sciml.studies.experiments.tones import relative_l2, snapshots

__all__ = ["Images", "picture", "pixels"]


@cache
def picture(path: str, size: int) -> Tensor:
    """A grey picture with values in [-1, 1], shape ``(2 size, 2 size)``.

    Args:
        path: A file, or the name of a picture of scikit-image.
        size: Pixels of training per side.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not a picture.
    """
    # Within the function: it brings Lightning, which who only asks for the status need not load.
    from sgn_sciml.inr import ImageData

    side = 2 * size
    return 2 * ImageData(path, size=(side, side), grey=True).load().values[0] - 1


def pixels(size: int, held_out: bool) -> Tensor:
    """Centres (y, x) of the pixels of training, or of those held out, shape ``(size^2, 2)``.

    Example:
        >>> pixels(2, held_out=False)[:2]
        tensor([[0.1250, 0.1250],
                [0.1250, 0.6250]])
    """
    centres = (2 * torch.arange(size) + held_out + 0.5) / (2 * size)
    return torch.cartesian_prod(centres, centres)


class Images(Cell):
    """A coordinate network learns a picture by Adam on all pixels; the rate falls to zero.

    Args:
        network: Network factory, called with 2 coordinates, 1 field and a width.
        parameters: Number of trainable parameters, met within 2 % by choosing the widths.
        path: A picture: file, or name of one of scikit-image.
        size: Pixels of training per side.
        steps: Number of steps.
        lr: Learning rate of the first step; it falls along a line.
        every: Steps between two looks at which bands are learned.
        num_snapshots: Number of steps whose errors are kept, evenly in their logarithm.
        device: Device.
        seed: Seed of the weights.

    Raises:
        ValueError: If a number is out of range.
    """

    together: ClassVar[tuple[str, ...]] = ("lr", "seed")

    def __init__(
        self,
        network: NetworkFactory = CoordinateMLP,
        parameters: int = 4000,
        path: str = "camera",
        size: int = 64,
        steps: int = 1000,
        lr: float = 1e-3,
        every: int = 10,
        num_snapshots: int = 30,
        device: str = "cpu",
        seed: int = 0,
    ) -> None:
        if min(parameters, steps, every, num_snapshots) < 1 or size < 4 or not lr > 0:
            raise ValueError(
                "parameters, steps, looks, snapshots and lr must be positive, size at least 4"
            )
        self.network = network
        self.parameters = parameters
        self.path = path
        self.size = size
        self.steps = steps
        self.lr = lr
        self.every = every
        self.num_snapshots = num_snapshots
        self.device = torch.device(device)
        self.seed = seed

    def run(self) -> Outcome:
        return self.run_together([self])[0]

    def make_network(self, width: int, first_width: int) -> CoordinateNetwork:
        """The network of some widths, from the cell's seed, on the unit square."""
        return network_on_unit_box(self.network, 2, width, first_width, self.seed, self.device)

    @classmethod
    def run_together(cls, cells: Sequence[Self]) -> list[Outcome]:
        from sgn_sciml.metrics import shell_energy  # brings torchmetrics, see picture

        first = cells[0]
        size, count, device = first.size, len(cells), first.device
        width, first_width = match_parameters(first.make_network, first.parameters)
        networks = [cell.make_network(width, first_width) for cell in cells]
        members = Members(networks)
        image = picture(first.path, size).to(device)
        seen, between = image[::2, ::2], image[1::2, 1::2]
        targets = seen.flatten().expand(count, -1)

        def energy(values: Tensor) -> Tensor:
            return shell_energy(values.view(-1, 1, size, size), "even", size // 2)

        log = BandLog(energy(seen).expand(count, -1), "train")
        kept = {*snapshots(first.steps, first.num_snapshots)}

        def look(step: int, values: Tensor) -> None:
            if step % first.every == 0 or step in kept:
                log.look(step, energy(values - targets), step in kept)

        rates = torch.tensor([cell.lr for cell in cells], device=device)
        inputs, held_out = (pixels(size, out).to(device) for out in (False, True))
        values = fit(members, inputs, targets, rates, first.steps, look)
        with torch.no_grad():
            guess = members(held_out)[..., 0]
        errors = relative_l2(guess, between.flatten().expand(count, -1))
        outcomes = []
        for m in range(count):
            mean_square = float((values[m] - targets[m]).square().mean())
            scalars = log.scalars(m) | {
                "train/psnr": 10 * math.log10(4 / mean_square) if mean_square else math.inf,
                "val/relative_l2": float(errors[m]),
                "bands_learned": float(log.first_step[m].isfinite().sum()),
                "parameters": float(count_parameters(networks[0])),
                "width": float(width),
            }
            outcomes.append(Outcome(scalars, log.curves(m)))
        return outcomes
