"""The description that a data module gives an operator: scalings, channels, test sets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sgn_sciml.operators.normalizers import Normalizer
from sgn_sciml.runs.description import DataDescription

__all__ = ["OperatorPairs", "SampleSet"]


@dataclass(frozen=True)
class SampleSet:
    """One test set.

    Attributes:
        name: For tables: the file's name, with ``@resolution`` where one was named.
        path: The file.
        samples: Numbers of the samples in the file, shape ``(N,)``.
        points: Points along each space axis.
        coordinates: Coordinates of each axis, ``t`` of all frames in use; those that the file
            lacks are absent.
        attributes: What the file says of itself: ``law``, ``seed`` and constants.
    """

    name: str
    path: str
    samples: NDArray[np.intp]
    points: Mapping[str, int]
    coordinates: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class OperatorPairs(DataDescription):
    """Pairs of functions, or trajectories, in physical units.

    Attributes:
        grid: Points of training along each space axis.
        inputs: Names of the channels of the input.
        targets: Names of those of the target.
        scaling: How the network's ``input`` and ``target`` are scaled; empty for not at all.
        test_sets: The test sets, in the order of their loaders; none before a test is set up.
        batch_size: Items per batch.
        settings: What else a card should say, plain values.
        files: What a card should say of each file; ``path`` among it.
        continues: Whether a target over time continues the frames of the input.
    """

    grid: Mapping[str, int]
    inputs: tuple[str, ...] = ("input",)
    targets: tuple[str, ...] = ("output",)
    scaling: Mapping[str, Normalizer] = field(default_factory=dict)
    test_sets: tuple[SampleSet, ...] = ()
    batch_size: int = 1
    settings: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[Mapping[str, Any], ...] = ()
    continues: bool = True

    @property
    def kind(self) -> str:
        """``operator``."""
        return "operator"

    @property
    def points(self) -> Mapping[str, int]:
        """Points of training along each space axis."""
        return self.grid

    def about(self) -> dict[str, Any]:
        """What a card says: settings, grid, files and, once set up to test, the test sets."""
        found = {
            **self.settings,
            "grid": dict(self.grid),
            "files": [dict(about) for about in self.files],
        }
        if self.test_sets:
            found["test_sets"] = [
                {
                    "name": each.name,
                    "path": each.path,
                    "samples": len(each.samples),
                    "grid": dict(each.points),
                }
                for each in self.test_sets
            ]
        return found
