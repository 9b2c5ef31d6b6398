"""Random functions of space: initial states, sources and coefficients of an ensemble.

A function is drawn from a stream of random numbers and does not know any grid, so that a sample is
the same function at every resolution.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sgn_sciml.ensembles.series import Basis, Series, Walls
from sgn_sciml.pde import Problem

__all__ = ["FromSeed", "GaussianField", "RandomFunction", "RandomWaves", "SpaceFunction"]

SpaceFunction = Callable[..., Tensor]
"""Maps a tensor ``(N,)`` for each coordinate of space to values ``(N,)``."""


class RandomFunction(ABC):
    """A distribution of functions of space."""

    @abstractmethod
    def draw(self, rng: np.random.Generator, problem: Problem) -> SpaceFunction:
        """Draw one.

        Args:
            rng: The stream of the sample.
            problem: The problem, whose box and periodic coordinates are those of the function.
        """


@dataclass(frozen=True)
class FromSeed(RandomFunction):
    """Functions that a user's own Python function makes from a seed.

    Args:
        make: Maps a whole number to a function of space.
        name: What it is called in messages.
    """

    make: Callable[[int], SpaceFunction]
    name: str

    def draw(self, rng: np.random.Generator, problem: Problem) -> SpaceFunction:
        made = self.make(int(rng.integers(2**31)))
        if not callable(made):
            raise ValueError(
                f"{self.name} returned {type(made).__name__}, expected a function of "
                f"{', '.join(problem.space)}"
            )
        return made


@dataclass(frozen=True)
class GaussianField(RandomFunction):
    r"""A Gaussian random field with Matern's spectrum.

    Waves of length L have the variance :math:`(1 + (2 \pi \ell / L)^2 / 2 s)^{-s - d/2}`, with
    lengths in sides of the box.

    Args:
        length: Correlation length, in sides of the box.
        smoothness: How often the field can be differentiated, s; large for very smooth ones.
        amplitude: Root mean square about the mean, before an exponential is taken.
        mean: The mean.
        waves: The shortest waves, in periods per side (half as many between walls).
        walls: Whether the field vanishes at walls, or meets them with zero slope: zero or free.
            Periodic coordinates have none.
        exponential: Take the exponential, for coefficients that must be positive.

    Raises:
        ValueError: If an argument is out of range.
    """

    length: float = 0.2
    smoothness: float = 2.5
    amplitude: float = 1.0
    mean: float = 0.0
    waves: int = 16
    walls: Walls = "zero"
    exponential: bool = False

    def __post_init__(self) -> None:
        require_positive(self, "length", "smoothness", "amplitude", "waves")

    def draw(self, rng: np.random.Generator, problem: Problem) -> SpaceFunction:
        def spectrum(square: Tensor) -> Tensor:
            power = -(self.smoothness + len(problem.space) / 2) / 2
            return (1 + self.length**2 * square / (2 * self.smoothness)) ** power

        return drawn_series(self, spectrum, rng.standard_normal, problem)


@dataclass(frozen=True)
class RandomWaves(RandomFunction):
    """A few waves, long ones first, each with a random part from -1 to 1.

    Args:
        waves: The shortest waves, in periods per side (half as many between walls).
        decay: Waves of k periods have the size ``k**-decay``.
        amplitude: Root mean square about the mean in the average over samples, before an
            exponential is taken.
        mean: The mean.
        walls: Whether the function vanishes at walls, or meets them with zero slope: zero or
            free. Periodic coordinates have none.
        exponential: Take the exponential, for coefficients that must be positive.

    Raises:
        ValueError: If an argument is out of range.
    """

    waves: int = 4
    decay: float = 1.0
    amplitude: float = 1.0
    mean: float = 0.0
    walls: Walls = "zero"
    exponential: bool = False

    def __post_init__(self) -> None:
        require_positive(self, "waves", "amplitude")

    def draw(self, rng: np.random.Generator, problem: Problem) -> SpaceFunction:
        def spectrum(square: Tensor) -> Tensor:
            periods = square.sqrt() / (2 * math.pi)
            return periods.clamp(min=0.5) ** -self.decay * (periods > 0)

        return drawn_series(
            self, spectrum, lambda size: math.sqrt(3) * rng.uniform(-1, 1, size), problem
        )


def drawn_series(
    about: "GaussianField | RandomWaves",
    spectrum: Callable[[Tensor], Tensor],
    numbers: Callable[[tuple[int, ...]], object],
    problem: Problem,
) -> Series:
    """A series with random coefficients.

    Args:
        about: The distribution.
        spectrum: Maps the square of wave numbers in sides of the box to sizes.
        numbers: Draws independent numbers of variance 1.
        problem: The problem.
    """
    bases = tuple(
        Basis.of(a, b, about.waves, name in problem.periodic, about.walls)
        for name, a, b in zip(problem.space, *problem.domain, strict=False)
    )
    squares = torch.meshgrid(*(basis.frequencies.square() for basis in bases), indexing="ij")
    size = spectrum(torch.stack(squares).sum(0))
    # What each product of waves has for a mean square: 1/2 a wave, 1 a constant.
    means = [torch.where(basis.frequencies > 0, 0.5, 1.0).double() for basis in bases]
    share = torch.ones(())
    for mean in means:
        share = share[..., None] * mean
    size = about.amplitude * size / (share * size.square()).sum().sqrt()
    drawn = torch.as_tensor(np.asarray(numbers(tuple(size.shape))))
    return Series(bases, size * drawn, about.mean, about.exponential)


def require_positive(about: object, *names: str) -> None:
    """Check arguments.

    Raises:
        ValueError: If one of them is not a positive, finite number.
    """
    for name in names:
        value = getattr(about, name)
        if not 0 < value < math.inf:
            raise ValueError(f"{type(about).__name__}: {name} must be positive, got {value}")
