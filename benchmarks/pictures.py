"""Six pictures as networks of 50,000 parameters: spectral gates against their rivals.

``python benchmarks/pictures.py tune`` tries settings of every model under every optimiser on
pictures that are not reported, as many for each; ``run`` then fits the six with the best;
``table`` writes ``table.md`` from the cards. Finished runs are kept, killed ones resumed.
"""

import argparse
import itertools
import statistics
from functools import cache

from picture_runs import FILES, MODELS, PICTURES, RATES, SCALES, SCHEDULES, TRIALS, TUNING, Run
from runs import execute_all, settle

MAIN = ("sgn", "sgn_dense", "siren", "finer")
OPTIMIZERS = ("muon", "adam")
LEVELS = (30, 35, 40)
MISSING = float("-inf")

Trial = tuple[str, str, str]


def trials(model: str, optimizer: str) -> list[Trial]:
    """Frequencies, rates and schedules that are tried."""
    return list(itertools.product(SCALES[model][1], RATES[optimizer][model], SCHEDULES[optimizer]))


def mean_trial(model: str, optimizer: str, trial: Trial) -> float:
    """Mean PSNR of a trial over the tuning pictures; nothing while one is missing."""
    cards = [Run(model, optimizer, *trial, picture).card for picture in TUNING]
    return statistics.mean(card.get("psnr", MISSING) for card in cards)


@cache
def best(model: str, optimizer: str) -> Trial:
    """The trial with the greatest mean PSNR."""
    found = {trial: mean_trial(model, optimizer, trial) for trial in trials(model, optimizer)}
    if MISSING in found.values():
        raise SystemExit(f"tune {model} under {optimizer} first")
    return max(found, key=found.__getitem__)


def chosen(model: str, optimizer: str, picture: str, seed: int = 0) -> Run:
    """The fit of a picture with the best setting."""
    return Run(model, optimizer, *best(model, optimizer), picture, seed)


def pairs(models: list[str], optimizers: list[str]) -> list[tuple[str, str]]:
    """Models and optimisers to compare: the main models under both, the others under Muon."""
    return [(m, o) for o in optimizers for m in models if m in MAIN or o == "muon"]


def planned(models: list[str], optimizers: list[str]) -> list[Run]:
    """All runs of the table, the main ones first; three seeds of them on the first picture."""
    main = [(m, o) for m, o in pairs(models, optimizers) if m in MAIN]
    rest = [(m, o) for m, o in pairs(models, optimizers) if m not in MAIN]
    first, *_ = PICTURES
    return [
        *(chosen(m, o, p) for p in PICTURES for m, o in main),
        *(chosen(m, o, first, seed) for seed in (1, 2) for m, o in main),
        *(chosen(m, o, p) for p in PICTURES for m, o in rest),
    ]


def table() -> None:
    """Write the tables of fits and of trials from the cards."""
    settle(TRIALS, FILES / "trials.json")
    known = {
        pair: found
        for pair in itertools.product(MODELS, OPTIMIZERS)
        if MISSING not in (found := {t: mean_trial(*pair, t) for t in trials(*pair)}).values()
    }
    rows = [row(*pair) for pair in known if any(chosen(*pair, p).card for p in PICTURES)]
    lines = [
        "| model | optimiser | parameters | " + " | ".join(PICTURES) + " | mean | SSIM "
        "| ms a step | CPU s to 30, 35, 40 dB | setting |",
        "|---" * (8 + len(PICTURES)) + "|",
        *(text for _, text in sorted(rows, reverse=True)),
        "",
        f"Trials, mean PSNR on {' and '.join(TUNING)} at 128 x 128:",
        "",
        "| model | optimiser | setting: PSNR |",
        "|---|---|---|",
    ]
    for (model, optimizer), found in known.items():
        each = ", ".join(f"{' '.join(trial)}: {value:.2f}" for trial, value in found.items())
        lines.append(f"| {MODELS[model]} | {optimizer} | {each} |")
    (FILES / "table.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


def row(model: str, optimizer: str) -> tuple[float, str]:
    """A row of the table, and what it is sorted by: the mean, or the first of the pictures."""
    cards = {p: card for p in PICTURES if (card := chosen(model, optimizer, p).card)}
    psnr = {p: card["test"]["test/psnr"] for p, card in cards.items()}
    values = [f"{psnr[p]:.2f}" if p in psnr else "not run" for p in PICTURES]
    seeds = [chosen(model, optimizer, "camera", seed).card for seed in (1, 2)]
    if any(seeds):
        each = ", ".join(f"{c['test']['test/psnr']:.2f}" for c in seeds if c)
        values[0] += f" (other seeds {each})"
    step = {p: c["training"]["cpu_seconds"] / c["steps"] for p, c in cards.items()}
    times = []
    for level in LEVELS:
        reached = [seconds_to(c["curve"], level, step[p]) for p, c in cards.items()]
        done = [s for s in reached if s is not None]
        few = "" if len(done) == len(reached) else f" ({len(done)} of {len(reached)})"
        times.append(f"{statistics.median(done):.0f}{few}" if done else "-")
    whole = len(psnr) == len(PICTURES)
    mean = statistics.mean(psnr.values() if whole else [psnr.get("camera", 0.0)])
    cells = [
        MODELS[model],
        optimizer,
        f"{next(iter(cards.values()))['parameters']:,}",
        *values,
        f"{mean:.2f}" if whole else "-",
        f"{statistics.mean(c['test']['test/ssim'] for c in cards.values()):.3f}",
        f"{1e3 * statistics.median(step.values()):.0f}",
        ", ".join(times),
        " ".join(best(model, optimizer)),
    ]
    return mean, f"| {' | '.join(cells)} |"


def seconds_to(curve: list[list[float]], level: float, step: float) -> float | None:
    """CPU seconds until a curve first reaches a level, between two validations by proportion."""
    for (a, low), (b, high) in itertools.pairwise([[0, 0.0], *curve]):
        if high >= level:
            return step * (a + (b - a) * (level - low) / (high - low))
    return None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("verb", choices=["tune", "run", "table"])
    parser.add_argument("models", nargs="*", help=f"of {', '.join(MODELS)} (default: all)")
    parser.add_argument("--optimizer", choices=OPTIMIZERS, help="one of them (default: both)")
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time (default: 2)")
    options = parser.parse_args()
    models = options.models or list(MODELS)
    optimizers = [options.optimizer] if options.optimizer else list(OPTIMIZERS)
    if options.verb == "table":
        table()
    else:
        tried = [
            Run(m, o, *trial, picture)
            for m, o in pairs(models, optimizers)
            for trial in trials(m, o)
            for picture in TUNING
        ]
        todo = tried if options.verb == "tune" else planned(models, optimizers)
        execute_all(todo, options.jobs)
