"""The base of the laws of benchmark data: parameters, a grid, random inputs, a solver."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["Array", "Law", "RandomLaw", "option", "relative_difference", "rng_of"]

Array = NDArray[Any]


def option(default: Any, about: str) -> Any:
    """A parameter of a law with the text that explains it on the command line."""
    return field(default=default, metadata={"help": about})


def rng_of(seed: int, sample: int) -> np.random.Generator:
    """The random stream of one sample: a function of the seed and the sample's number only."""
    return np.random.default_rng([seed, sample])


def relative_difference(a: Array, b: Array) -> float:
    """Largest relative L2 difference of ``a`` from ``b`` over samples, their first axis."""
    a, b = a.reshape(len(a), -1), b.reshape(len(b), -1)
    return float((np.linalg.norm(a - b, axis=1) / np.linalg.norm(b, axis=1)).max())


@dataclass(frozen=True)
class Law(ABC):
    """A distribution of inputs and the equation that maps them to outputs.

    A sample depends on its random stream alone: not on the number of samples, on the process that
    makes it, or on the resolution it is stored at, so files of several resolutions hold the same
    functions.

    Attributes:
        name: Word on the command line and in files.
        about: One line for the help.
        axes: Field to the names of its axes after the sample axis; without any, a constant by
            sample, which is stored in float64.
        block: Samples that are solved together.
        licence: Of the samples; empty where it is the user's to say.
        checked: Samples whose solution is compared with another solver's.
    """

    name: ClassVar[str]
    about: ClassVar[str]
    axes: ClassVar[Mapping[str, tuple[str, ...]]]
    block: ClassVar[int] = 1
    licence: ClassVar[str] = "CC0-1.0"
    checked: ClassVar[int] = 4

    @abstractmethod
    def coordinates(self) -> dict[str, Array]:
        """Coordinate to its values, shape ``(n,)``."""

    @abstractmethod
    def samples(self, seed: int, numbers: Sequence[int]) -> dict[str, Array]:
        """Make samples.

        Args:
            seed: Seed of the file.
            numbers: Which samples.

        Returns:
            Field to values in float64, shape ``(len(numbers), *axes)``.
        """

    @abstractmethod
    def other_solver(self) -> Self:
        """The same law with a solver twice as fine, or half as fine where that costs too much."""

    def self_convergence(self, seed: int) -> float:
        """Largest relative L2 difference of the output between this solver and the other one.

        Args:
            seed: Seed of the samples, of which the first ``checked`` are taken.
        """
        numbers = range(self.checked)
        one, other = (law.samples(seed, numbers) for law in (self, self.other_solver()))
        output = list(self.axes)[-1]
        return relative_difference(one[output], other[output])

    def cheaper(self) -> Iterator[tuple[Self, float]]:
        """The same law with cheaper solvers, down from this one's accuracy; none by default.

        Yields:
            A law that stores its samples on the same grid, and the cost of its solver as a share
            of this one's, by the count of operations. The cheapest first, this one last.
        """
        yield from ()

    def parameters(self) -> dict[str, Any]:
        """The parameters by name."""
        return asdict(self)

    def software(self) -> dict[str, str]:
        """Versions of packages that decide on samples, besides NumPy and SciPy."""
        return {}


@dataclass(frozen=True)
class RandomLaw(Law):
    """A law whose samples come from random streams."""

    def samples(self, seed: int, numbers: Sequence[int]) -> dict[str, Array]:
        return self.solve([rng_of(seed, number) for number in numbers])

    def solve(self, rngs: Sequence[np.random.Generator]) -> dict[str, Array]:
        """Draw one sample from each stream and solve for it."""
        drawn = self.draw(rngs)
        return {**self.inputs(drawn), **self.outputs(drawn)}

    @abstractmethod
    def draw(self, rngs: Sequence[np.random.Generator]) -> Any:
        """What the solver starts from, one sample from each stream, as it takes it."""

    def inputs(self, drawn: Any) -> dict[str, Array]:
        """The fields of what was drawn, on the grid of the file; none where outputs hold them."""
        return {}

    @abstractmethod
    def outputs(self, drawn: Any) -> dict[str, Array]:
        """The fields that the solver finds from what was drawn, on the grid of the file."""
