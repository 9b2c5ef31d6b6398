"""Feed-forward blocks of gates, splines and others, to compare at equal width or parameters.

A block maps ``(batch, width)`` to ``(batch, width)`` through a hidden layer. Ordinary activations
have a matrix on either side of them; in a Kolmogorov-Arnold network each of the two layers has its
own functions on all edges.
"""

from abc import ABC, abstractmethod
from typing import cast

import torch
from torch import nn

from sgn_sciml.layers import ActivationFactory, FeedForward, SpectralGate, Spline
from sgn_sciml.networks import count_parameters

__all__ = ["Block", "InKan", "Ordinary", "PyKan", "SplineKan", "hidden_for"]


class Block(ABC):
    """Base of the blocks."""

    @abstractmethod
    def make(self, width: int, hidden: int) -> nn.Module:
        """A block, shape ``(batch, width) -> (batch, width)``.

        Raises:
            ValueError: If it cannot be made here.
        """

    def memory(self, width: int, hidden: int, batch: int) -> int:
        """Bytes of what a call holds beside inputs and outputs, where that may be too much."""
        return 0


class Ordinary(Block):
    """Linear, activation, Linear.

    Args:
        activation: Activation factory; the default is a dense, per-channel spectral gate.
    """

    def __init__(self, activation: ActivationFactory = SpectralGate) -> None:
        self.activation = activation

    def make(self, width: int, hidden: int) -> nn.Module:
        return FeedForward(width, hidden, activation=self.activation)


class SplineKan(Block):
    """Two layers of cubic B-splines, ours (:mod:`sgn_sciml.layers.splines`).

    It works as the implementations known as efficient do: all splines of each input are evaluated
    once by de Boor's recursion, not once for each edge, and one matrix product reads them. On a
    CPU the recursion is a compiled kernel's, where there is a compiler.

    Args:
        intervals: Intervals of the grid.
    """

    def __init__(self, intervals: int = 5) -> None:
        self.intervals = intervals

    def make(self, width: int, hidden: int) -> nn.Module:
        layers: list[nn.Module] = []
        for first, second in ((width, hidden), (hidden, width)):
            spline = Spline(first, intervals=self.intervals)
            layers += [spline, nn.Linear(spline.out_features, second)]
        return nn.Sequential(*layers)


class InKan(Block):
    """Two layers of inkan 0.5, cubic B-splines on even grids; their bases run in torch.compile.

    Args:
        intervals: Intervals of the grid.
        dense: Evaluate all splines of an input, not only the four that are not zero: the faster
            of the two on one CPU thread, unless all of the network is compiled.
        whole: Compile both layers together, not their bases alone. (A cell's ``compiled`` would
            compile the GELU block as well, and ratios to other blocks be of another GELU.)
    """

    def __init__(self, intervals: int = 5, dense: bool = True, whole: bool = False) -> None:
        self.intervals = intervals
        self.dense = dense
        self.whole = whole

    def make(self, width: int, hidden: int) -> nn.Module:
        try:
            from inkan import KANLayer
        except ImportError as error:
            raise ValueError(f"inkan is not installed ({error}): pip install inkan") from error
        torch.compiler.reset()  # else it gives up after the eighth size of a process
        mode = "dense" if self.dense else "local"
        layers = [
            KANLayer(*sizes, grid_size=self.intervals, basis_mode=mode)
            for sizes in ((width, hidden), (hidden, width))
        ]
        made = nn.Sequential(*layers)
        return cast(nn.Module, torch.compile(made)) if self.whole else made


class PyKan(Block):
    """Two layers of pykan 0.2, without its symbolic branch and without saving activations.

    Args:
        intervals: Intervals of the grid.
    """

    def __init__(self, intervals: int = 5) -> None:
        self.intervals = intervals

    def make(self, width: int, hidden: int) -> nn.Module:
        try:
            from kan import KAN
        except ImportError as error:
            raise ValueError(f"pykan is not installed ({error}): pip install pykan") from error
        made = KAN(
            width=[width, hidden, width],
            grid=self.intervals,
            symbolic_enabled=False,
            auto_save=False,  # it writes a folder otherwise
        )
        made.speed()
        # What is left unused by that would count as parameters.
        made.symbolic_fun = nn.ModuleList()
        return nn.Sequential(made)

    def memory(self, width: int, hidden: int, batch: int) -> int:
        # An array per edge: splines, base, their sum, and what it returns for its pictures.
        return 4 * 4 * batch * width * hidden


def hidden_for(block: Block, width: int, parameters: int) -> int:
    """The hidden width at which a block comes nearest to a number of parameters.

    All blocks grow along a line with it. Splines have so many parameters per hidden channel that
    few of them fit, so that what remains may be several percent.
    """
    one, two = (count_parameters(block.make(width, hidden)) for hidden in (1, 2))
    return max(1, 1 + round((parameters - one) / (two - one)))
