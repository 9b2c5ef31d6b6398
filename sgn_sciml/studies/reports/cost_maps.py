"""The section of ratios over width and batch: where one block is faster than another."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from sgn_sciml.studies.reports.results import Results
from sgn_sciml.studies.reports.scores import axis
from sgn_sciml.studies.reports.section import Part, Section, Table
from sgn_sciml.studies.reports.statistics import geometric_mean
from sgn_sciml.viz.maps import ratio_figure

__all__ = ["CostMaps"]

Maps = dict[tuple[str, str], NDArray[np.floating]]


class CostMaps(Section):
    """Times over those of another block, a map of width and batch for each block and match.

    Args:
        blocks: Values of the axis ``block`` to show.
        over: The one to divide by, at the same match; None for the GELU block of each cell.
        threshold: A ratio to mark.
        wanted: Whether ratios are wanted ``above`` the threshold or ``below`` it.
        title: Title.

    Raises:
        ValueError: If wanted is neither.
    """

    def __init__(
        self,
        blocks: Sequence[str],
        over: str | None = None,
        threshold: float = 11.7,
        wanted: str = "above",
        title: str = "Cost",
    ) -> None:
        if wanted not in ("above", "below"):
            raise ValueError(f"wanted is 'above' or 'below', got {wanted!r}")
        self.blocks, self.over = tuple(blocks), over
        self.threshold, self.above = threshold, wanted == "above"
        self.title = title

    def show(self, results: Results) -> Part:
        names, matches, widths, batches = (
            list(axis(results, name)) for name in ("block", "match", "width", "batch")
        )
        if unknown := {*self.blocks, *([self.over] if self.over else [])} - set(names):
            raise ValueError(f"the study has no block {', '.join(sorted(unknown))}")
        maps: Maps = {
            (match, block): self._ratios(results, block, match, widths, batches)
            for match in matches
            for block in self.blocks
        }
        below = self.over or "GELU"
        repeats = len(results.study.axes[results.repeats])
        table = Table(
            ["block", "equal", f"smallest over {below}", "median", "largest", self._head],
            [[block, match, *self._row(values)] for (match, block), values in maps.items()],
        )
        text = [
            f"Time of a forward pass over that of {below}: geometric mean over "
            f"{repeats} repetition{'s' * (repeats > 1)} of the ratio of medians. Equal "
            "parameters: each block has the middle channels that bring it nearest to the GELU "
            "block's number. "
            "A place that is empty failed, and the study says why.",
        ]
        for match in matches:
            found = {b: values for (m, b), values in maps.items() if m == match}
            text.append(f"Equal {match}: {self._verdict(found)}")
        figure = ratio_figure(
            {f"{b}, equal {m}": torch.from_numpy(values) for (m, b), values in maps.items()},
            widths,
            batches,
            f"time over {below}",
            self.threshold,
            columns=len(self.blocks),
        )
        name = "cost_" + "_".join(below.lower().split())
        return Part(self.title, text, [table], {name: figure})

    def _ratios(
        self,
        results: Results,
        block: str,
        match: str,
        widths: Sequence[str],
        batches: Sequence[str],
    ) -> NDArray[np.floating]:
        def time(name: str, width: str, batch: str) -> float:
            choice = results.choose(
                {"block": name, "match": match, "width": width, "batch": batch}
            )
            value = geometric_mean(choice.scores("over_gelu")).value
            return value if math.isfinite(value) else math.nan

        return np.array(
            [
                [time(block, w, b) / (time(self.over, w, b) if self.over else 1) for b in batches]
                for w in widths
            ]
        )

    def _holds(self, values: NDArray[np.floating]) -> tuple[int, int]:
        """At how many of the measured places the ratio is as wanted, and how many these are."""
        known = values[np.isfinite(values)]
        good = known >= self.threshold if self.above else known <= self.threshold
        return int(good.sum()), len(known)

    @property
    def _head(self) -> str:
        return f"at {'least' if self.above else 'most'} {self.threshold:g}"

    def _row(self, values: NDArray[np.floating]) -> list[str]:
        known = values[np.isfinite(values)]
        if not len(known):
            return ["not measured", "", "", ""]
        count, of = self._holds(values)
        ends = (known.min(), np.median(known), known.max())
        return [*(f"{end:.3g}" for end in ends), f"{count} of {of}"]

    def _verdict(self, maps: dict[str, NDArray[np.floating]]) -> str:
        said = []
        for block, values in maps.items():
            count, of = self._holds(values)
            where = "everywhere" if count == of else f"at {count} of {of} places"
            where = "nowhere" if count == 0 else where
            said.append(f"{block} {where}" if of else f"{block} was not measured")
        return f"{self._head} times the time: {'; '.join(said)}."
