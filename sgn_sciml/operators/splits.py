"""Named rules that part the samples of a file into training, validation and test."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sgn_sciml.layouts import Source
from sgn_sciml.operators.stores import Numbers

__all__ = ["FnoSplit", "PDEBenchSplit", "Parts", "RandomSplit", "Split"]


class Parts(NamedTuple):
    """Sample numbers of each part."""

    train: Numbers
    val: Numbers
    test: Numbers


class Split(ABC):
    """A rule. The parts never overlap; a part may be empty only if it was asked to be."""

    @abstractmethod
    def parts(self, source: Source) -> Parts:
        """Part the samples of a file.

        Raises:
            ValueError: If it has too few samples.
        """


def _refuse_empty(source: Source, parts: Parts, wanted: tuple[bool, ...]) -> Parts:
    for name, part, want in zip(parts._fields, parts, wanted, strict=True):
        if want and not len(part):
            raise ValueError(
                f"{source.path}: no samples are left for {name}; it has {source.num_samples}"
            )
    return parts


@dataclass(frozen=True)
class FnoSplit(Split):
    """The first samples train, the last ones test, as in the FNO papers.

    Args:
        train: Training samples.
        test: Test samples.
        val: Validation samples, between the two; the papers have none and choose by the test set.
    """

    train: int = 1000
    test: int = 200
    val: int = 0

    def parts(self, source: Source) -> Parts:
        n, needed = source.num_samples, self.train + self.val + self.test
        if min(self.train, self.test) < 1 or self.val < 0 or n < needed:
            raise ValueError(
                f"{source.path} has {n} samples; the split needs {self.train} to train, "
                f"{self.val} to validate and {self.test} to test"
            )
        index = np.arange(n)
        return Parts(
            index[: self.train], index[self.train : self.train + self.val], index[n - self.test :]
        )


@dataclass(frozen=True)
class PDEBenchSplit(Split):
    """PDEBench's: a tenth tests, the first one of flat files, the last one of per-seed groups.

    Args:
        val: Share of the training samples that validates, its last ones; PDEBench validates on
            the test set.
    """

    val: float = 0.0

    def parts(self, source: Source) -> Parts:
        n = source.num_samples
        index, tenth = np.arange(n), n // 10
        if source.layout == "pdebench-groups":
            rest, test = index[: n - tenth], index[n - tenth :]
        else:
            test, rest = index[:tenth], index[tenth:]
        last = len(rest) - round(self.val * len(rest))
        return _refuse_empty(
            source, Parts(rest[:last], rest[last:], test), (True, self.val > 0, True)
        )


@dataclass(frozen=True)
class RandomSplit(Split):
    """A random permutation, cut in three.

    Args:
        seed: Seed of the permutation.
        val: Share that validates.
        test: Share that tests.
    """

    seed: int = 0
    val: float = 0.1
    test: float = 0.1

    def parts(self, source: Source) -> Parts:
        n = source.num_samples
        index = np.random.default_rng(self.seed).permutation(n)
        val, test = round(self.val * n), round(self.test * n)
        parts = Parts(index[val + test :], index[:val], index[val : val + test])
        parts = Parts(*(np.sort(part) for part in parts))
        return _refuse_empty(source, parts, (True, self.val > 0, self.test > 0))
