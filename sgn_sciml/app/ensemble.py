r"""``sgn ensemble``: one configuration trained from several seeds, and the spread of its results.

The error bar of a constant that was found is the standard deviation over the members:

.. math::
    \bar c = \frac{1}{M} \sum_m c_m, \qquad
    s = \sqrt{\frac{1}{M - 1} \sum_m (c_m - \bar c)^2}

Seeds change weights, points and, unless observations have a seed of their own, which ones are
drawn and their noise. So :math:`s` is the uncertainty of one run.
"""

import argparse
import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sgn_sciml.app.dialect import hyphenated
from sgn_sciml.runs.results import read_card
from sgn_sciml.system.writing import write_whole

__all__ = ["ensemble_command", "spread"]


def spread(cards: Sequence[Mapping[str, Any]]) -> dict[str, tuple[float, float]]:
    """Mean and standard deviation over tested runs of each number that all of them measured.

    Args:
        cards: Their cards, at least 2.

    Returns:
        By metric, without ``test/``; unknown constants first.

    Raises:
        ValueError: If there are fewer than 2.
    """
    if len(cards) < 2:
        raise ValueError(f"a spread needs at least 2 runs, got {len(cards)}")
    tests = [card.get("test", {}) for card in cards]
    names = [n for n in tests[0] if n.startswith("test/") and all(n in test for test in tests)]
    names.sort(key=lambda name: not name.startswith("test/unknown/"))
    found = {}
    for name in names:
        values = [float(test[name]) for test in tests]
        found[name.removeprefix("test/")] = statistics.mean(values), statistics.stdev(values)
    return found


def ensemble_command(args: Sequence[str]) -> None:
    """Run the command.

    Args:
        args: Words of the command line: the seeds, then those of ``sgn fit``.

    Raises:
        ValueError: If the seeds are not at least two different whole numbers, or a run fails.
    """
    parser = argparse.ArgumentParser(
        "sgn ensemble",
        description="Train and test one configuration from each of several seeds, and print mean "
        "and spread (standard deviation) of what their tests measured, unknown constants first. "
        "Further options are those of sgn fit, for every run.",
        allow_abbrev=False,
    )
    parser.add_argument("--seeds", help="two or more seeds: 0,1,2,3,4")
    parser.add_argument("--config", required=True, help="configuration, or a shipped one's name")
    words = hyphenated(args)
    if words and not words[0].startswith("-"):  # seeds without their name
        words = ["--seeds", *words]
    options, rest = parser.parse_known_args(words)
    rest = ["--config", options.config, *rest]
    seeds = str(options.seeds)
    each = seeds.split(",")
    if not all(seed.isdecimal() for seed in each) or not len(set(each)) == len(each) > 1:
        raise ValueError(
            f"sgn ensemble takes two or more different seeds: --seeds 0,1,2; got {seeds}"
        )
    from sgn_sciml.app.training import train

    folders: list[Path] = []
    for seed in each:
        run = train(["fit", *rest, "--seed_everything", seed])
        folders.append(run.path)
        train(["test"], run)
    found = spread([read_card(folder) for folder in folders])
    path = folders[-1].parent / f"ensemble_{folders[0].name[8:]}-{folders[-1].name[8:]}.json"
    content = {
        "runs": [str(folder) for folder in folders],
        "seeds": [int(seed) for seed in each],
        "mean_and_deviation": found,
    }
    write_whole(path, json.dumps(content, indent=2) + "\n")
    width = max(map(len, found), default=0)
    print(f"\n{len(each)} runs, mean and standard deviation\n")
    for name, (mean, deviation) in found.items():
        print(f"  {name:<{width}}  {mean:.6g} +- {deviation:.2g}")
    print(f"\n  {path}\n")
