"""The section on tangent kernels: their spectra, which frequencies they learn, who is flattest."""

import math
from collections.abc import Sequence
from statistics import median

import numpy as np
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.stats import spearmanr

from sgn_sciml.studies.reports.results import Choice, Results
from sgn_sciml.studies.reports.scores import axis
from sgn_sciml.studies.reports.section import Part, Section, Table
from sgn_sciml.studies.reports.statistics import geometric_mean, ratio
from sgn_sciml.viz.kernels import eigenvalue_figure, row_figure

__all__ = ["KernelSpectra"]

STAGES = {"init": "start", "trained": "after training"}
PREDICTIONS = {
    "rate": "the first kernel's rates",
    "flow": "gradient flow with the first kernel",
    "trained": "the last kernel's rates",
}
FLOORS = {"eigenvalue": 1e-8, "rate": 1e-4}  # lowest that figures tell apart

TEXT = (
    "K = J Jᵀ is the tangent kernel on the points of training, one of each seed, before the first "
    "step and after the last. Its rate for a frequency k is qᵀKq / N, mean of sine and cosine. "
    "Spread: rate of the fastest tone over that of the slowest, 1 of a flat kernel; in the figure "
    "of rates the tones end at the dashed line. Rank: exponential of the entropy of the "
    "eigenvalues. Trace: over N. Distance: one minus the cosine between first and last kernel.",
    "Alignment: share of an eigenvector's square in its strongest frequency, mean of the leading "
    "two per tone, as far as their eigenvalues stand out of rounding; 1 of Fourier modes. Whole "
    "waves only count: one of a half more is shared by two frequencies, 0.4 to 0.5 each. Where "
    "eigenvalues are nearly equal, as those of flat kernels, their vectors may be any mixture.",
    "Order: of the pairs of tones of which one is learned earlier, how many a prediction puts in "
    "this order; 0.5 is chance, which a flat kernel is near; a dash stands for networks that have "
    "learned no tone, or all at once. Predictions are by the first kernel's rates, by gradient "
    "flow with this kernel, and, afterwards, by the last kernel's rates. Numbers over seeds are "
    "geometric means, those of alignment, order and tones arithmetic ones.",
)


class KernelSpectra(Section):
    """Tangent kernels before and after training, a row per value of one axis.

    Args:
        rows: Axis of the rows.
        title: Title.
    """

    def __init__(self, rows: str = "activation", title: str = "Tangent kernels") -> None:
        self.rows, self.title = rows, title

    def show(self, results: Results) -> Part:
        chosen = {name: results.choose({self.rows: name}) for name in axis(results, self.rows)}
        choices = {n: c for n, c in chosen.items() if math.isfinite(trained_spread(c))}
        if not choices:
            raise ValueError("no cell has measured kernels at all its seeds")
        text = [*TEXT, *verdicts(choices, results.score)]
        gone = [name for name in chosen if name not in choices]
        if gone:
            text.append(
                f"Left out, since a seed diverged, failed or has not run: {', '.join(gone)}."
            )
        rows = [[name, *numbers(choice)] for name, choice in choices.items()]
        head = [self.rows]
        for word in ("spread", "rank", "trace", "alignment"):
            head += [f"{word} {stage}" for stage in STAGES.values()]
        head += ["distance", "order by rate", "by flow", "by last rate", "tones learned"]
        return Part(self.title, text, [Table(head, rows)], self._figures(results, choices))

    def _figures(self, results: Results, choices: dict[str, Choice]) -> dict[str, Figure]:
        def stages(curve: str) -> dict[str, list[NDArray[np.floating]]]:
            """Per name a curve at the first and the last step, of all seeds."""
            found = {name: results.curves(choice, curve) for name, choice in choices.items()}
            return {
                name: [np.stack([c.values[at] for c in curves]) for at in (0, -1)]
                for name, curves in found.items()
            }

        def maps(rows: dict[str, list[NDArray[np.floating]]]) -> dict[str, torch.Tensor]:
            """Per stage a map with the mean over the seeds."""
            return {
                title: torch.from_numpy(np.stack([each[k].mean(0) for each in rows.values()]))
                for k, title in enumerate(STAGES.values())
            }

        values, rates, shares = map(stages, ("eigenvalue", "rate", "aligned_share"))
        frequencies = torch.arange(1, next(iter(rates.values()))[0].shape[1])
        indices = torch.arange(next(iter(shares.values()))[0].shape[1]) + 1
        num_tones = len(indices) // 2
        # The mean of a function is not a tone; its rate, that of biases, would set the scale.
        relative = {
            name: [each[:, 1:] / each[:, 1 : num_tones + 1].max(1, keepdims=True) for each in both]
            for name, both in rates.items()
        }
        pairs = {n: (torch.from_numpy(a), torch.from_numpy(b)) for n, (a, b) in values.items()}
        names = list(choices)
        return {
            "eigenvalues": eigenvalue_figure(pairs, FLOORS["eigenvalue"]),
            "kernel_rates": row_figure(
                names,
                ("frequency", frequencies),
                maps(relative),
                "rate over that of the fastest tone",
                (FLOORS["rate"], 1.0),
                logarithmic=True,
                mark=num_tones + 0.5,
            ),
            "kernel_alignment": row_figure(
                names,
                ("eigenvector, from the largest eigenvalue on", indices),
                maps(shares),
                "share in its strongest frequency",
                (0.0, 1.0),
            ),
        }


def trained_spread(choice: Choice) -> float:
    """Mean spread of a choice's last kernels; not finite where a seed failed or diverged."""
    return geometric_mean(choice.scores("trained/spread")).value


def mean(choice: Choice, name: str) -> float:
    """Arithmetic mean of a number over the seeds that have it."""
    known = [v for v in choice.scores(name) if math.isfinite(v)]
    return sum(known) / len(known) if known else math.nan


def numbers(choice: Choice) -> list[str]:
    """A row of the table."""
    cells = []
    for word in ("spread", "effective_rank", "trace"):
        for stage in STAGES:
            cells.append(f"{geometric_mean(choice.scores(f'{stage}/{word}')).value:.3g}")
    cells += [f"{mean(choice, f'{stage}/alignment'):.2f}" for stage in STAGES]
    cells.append(f"{geometric_mean(choice.scores('trained/kernel_distance')).value:.2g}")
    orders = [mean(choice, f"agreement/{name}") for name in PREDICTIONS]
    cells += ["-" if math.isnan(order) else f"{order:.2f}" for order in orders]
    return [*cells, f"{mean(choice, 'tones_learned'):.1f}"]


def verdicts(choices: dict[str, Choice], score: str) -> list[str]:
    """What the numbers say, in sentences."""
    text = [flattest(choices, stage) for stage in STAGES] + [flattened(choices)]
    for name, words in PREDICTIONS.items():
        orders = {n: mean(c, f"agreement/{name}") for n, c in choices.items()}
        known = {n: order for n, order in orders.items() if math.isfinite(order)}
        if known:
            worst, best = min(known, key=known.__getitem__), max(known, key=known.__getitem__)
            text.append(
                f"Order by {words}: right for {median(known.values()):.0%} of the pairs in the "
                f"median row, from {known[worst]:.0%} ({worst}) to {known[best]:.0%} ({best})."
            )
    return text + [related(choices, stage, score) for stage in STAGES]


def flattest(choices: dict[str, Choice], stage: str) -> str:
    """Whose kernel is flattest over the tones, and whether that is more than chance."""
    spreads = {name: choice.scores(f"{stage}/spread") for name, choice in choices.items()}
    order = sorted(spreads, key=lambda name: geometric_mean(spreads[name]).value)
    first, last = order[0], order[-1]
    text = f"Flattest kernel, {STAGES[stage]}: {first}, {words(spreads[first])}"
    if len(order) > 1:
        found = ratio(spreads[first], spreads[order[1]])
        clear = found.high < 1
        text += f"; then {order[1]}, {words(spreads[order[1]])}"
        text += "" if clear else ", no clear lead over the spread of seeds"
        text += f". Steepest: {last}, {words(spreads[last])}"
    return f"{text}."


def words(spreads: Sequence[float]) -> str:
    """A spread with its interval."""
    found = geometric_mean(spreads)
    ends = "" if math.isnan(found.low) else f" ({found.low:.3g} to {found.high:.3g})"
    return f"spread {found.value:.3g}{ends}"


def flattened(choices: dict[str, Choice]) -> str:
    """In how many rows training makes the kernel flatter."""
    changes = {
        name: ratio(choice.scores("trained/spread"), choice.scores("init/spread"))
        for name, choice in choices.items()
    }
    flatter = [name for name, found in changes.items() if found.high < 1]
    steeper = [name for name, found in changes.items() if found.low > 1]
    text = f"Training makes the kernel flatter in {len(flatter)} of {len(changes)} rows"
    text += f" and steeper in {len(steeper)}"
    text += f" ({', '.join(steeper)})" if steeper else ""
    most = min(changes, key=lambda name: changes[name].value)
    return f"{text}; most in {most}, whose spread becomes {changes[most].value:.2g} times itself."


def related(choices: dict[str, Choice], stage: str, score: str) -> str:
    """Whether rows of flatter kernels have smaller errors."""
    known = {name: geometric_mean(choice.scores(score)).value for name, choice in choices.items()}
    names = [name for name, value in known.items() if math.isfinite(value)]
    if len(names) < 4:
        return (
            f"Too few rows to ask whether flatter kernels, {STAGES[stage]}, have smaller errors."
        )
    spreads = [geometric_mean(choices[name].scores(f"{stage}/spread")).value for name in names]
    found = spearmanr(spreads, [known[name] for name in names])
    verdict = "no relation that chance would not give" if found.pvalue > 0.05 else "related"
    return (
        f"Spread, {STAGES[stage]}, and {score} over {len(names)} rows: {verdict} (Spearman "
        f"{found.statistic:.2f}, p = {found.pvalue:.2g})."
    )
