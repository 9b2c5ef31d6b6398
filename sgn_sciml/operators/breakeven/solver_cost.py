"""The time of a law's own solver at a given accuracy, and when a trained network has paid.

A network that replaces a solver must be compared with the solver at the network's error, not at
the accuracy that the file was made with: often a grid of a tenth of the points does.

References:
    McGreivy and Hakim, *Weak baselines and reporting biases lead to overoptimism in machine
    learning for fluid-related partial differential equations* (2024),
    https://arxiv.org/abs/2407.07218
"""

import math
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from sgn_sciml.laws import LAWS
from sgn_sciml.laws.law import RandomLaw, rng_of
from sgn_sciml.layouts import Source

__all__ = ["SolverCost", "breakeven", "law_of", "solver_cost"]

BUDGET = 10.0  # CPU seconds
CLEAR = 1.2  # a smaller ratio of two times is within their noise
REPEATS = 5  # of which the median counts, where they are short


@dataclass(frozen=True)
class SolverCost:
    """The cheapest solver of a law that is as accurate as asked for.

    Attributes:
        solver: The law, and the settings in which this is not the solver that made the file.
        error: Its mean relative L2 error against the file.
        seconds: CPU seconds a sample, ``law.block`` samples together; drawing the input excluded.
        file_seconds: Those of the solver that made the file, by its count of operations.
    """

    solver: str
    error: float
    seconds: float
    file_seconds: float


def law_of(source: Source) -> RandomLaw | None:
    """The law that made a file, with its constants; None if none of this package's did."""
    about = source.parameters
    kind = LAWS.get(str(about.get("law")))
    if kind is None or not issubclass(kind, RandomLaw) or "seed" not in about:
        return None
    names = {each.name for each in fields(kind)}
    return kind(**{name: about[name] for name in names if name in about})


def solver_cost(
    source: Source, numbers: Sequence[int], error: float, budget: float = BUDGET
) -> SolverCost | None:
    """Find the cheapest solver whose error is at most the given one.

    Args:
        source: A file that one of the laws made.
        numbers: Numbers of samples in it; as many as the law solves together are taken.
        error: Mean relative L2 error over the samples.
        budget: CPU seconds after which the search ends.

    Returns:
        Its cost; None if the law is not known, or takes too long to solve.
    """
    law = law_of(source)
    if law is None:
        return None
    output = list(law.axes)[-1]
    numbers = [int(number) for number in numbers[: law.block]]
    truth = source.read(output, sorted(numbers)).astype(float).reshape(len(numbers), -1)
    started = time.process_time()
    for rung, share in law.cheaper():
        drawn = rung.draw([rng_of(int(source.parameters["seed"]), k) for k in sorted(numbers)])
        times: list[float] = []
        while len(times) < REPEATS and (not times or sum(times) < budget / 100):
            begun = time.process_time()
            found = rung.outputs(drawn)[output].reshape(len(numbers), -1)
            times.append(time.process_time() - begun)
        seconds = statistics.median(times) / len(numbers)
        errors = np.linalg.norm(found - truth, axis=1) / np.linalg.norm(truth, axis=1)
        if (mean := float(errors.mean())) <= error or share == 1:
            return SolverCost(_differing(law, rung), mean, seconds, seconds / share)
        if time.process_time() - started > budget:
            break
    return None


def _differing(law: RandomLaw, rung: RandomLaw) -> str:
    """A solver in words: the settings in which it is not the one that made the file."""
    ours, theirs = rung.parameters(), law.parameters()
    changed = [f"{name} {value}" for name, value in ours.items() if value != theirs[name]]
    return " ".join([law.name, *changed])


def breakeven(training: float, solver: float, network: float) -> float:
    """Solves after which training has paid; infinite where the solver is about as fast.

    Args:
        training: Seconds that training and its data took.
        solver: Seconds a solve, at the network's error.
        network: Seconds an evaluation.
    """
    if solver <= CLEAR * network:
        return math.inf
    return training / (solver - network)
