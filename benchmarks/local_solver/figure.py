"""``python benchmarks/local_solver/figure.py`` draws errors over unknowns and over seconds."""

import statistics
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dictionaries import CASES, HERE, NAMES, found_rows
from kept import Kept

SHOWN = ("Burgers, nu = 0.01/pi", "Helmholtz", "Poisson 2-D, 4 to 16", "Darcy")
KINDS = {
    "chebyshev": "Chebyshev polynomials",
    "sines": "sines",
    "tanh": "tanh",
    "gated": "gated mixtures",
}
TARGET = Path(__file__).parents[1] / "figures" / "dictionaries.png"


def draw(panel: Axes, kept: Kept, name: str, against: str) -> None:
    """Curves of all dictionaries; the range of three seeds is shaded."""
    for k, (kind, label) in enumerate(KINDS.items()):
        x, low, middle, high = [], [], [], []
        for degree in CASES[name].degrees:
            rows = found_rows(kept, name, kind, degree)
            errors = [one["relative_l2"] for one in rows if "relative_l2" in one]
            if errors and len(errors) == len(rows):
                x.append(statistics.median(one[against] for one in rows))
                low.append(min(errors))
                middle.append(statistics.median(errors))
                high.append(max(errors))
        panel.plot(x, middle, ".-", color=f"C{k}", linewidth=1.4, label=label)
        panel.fill_between(x, low, high, color=f"C{k}", alpha=0.2, linewidth=0)
    panel.set(xscale="log", yscale="log")
    panel.grid(color="0.93")
    panel.set_axisbelow(True)


def main() -> None:
    """Draw."""
    kept = Kept(HERE / "dictionaries.jsonl", NAMES)
    figure = Figure(figsize=(12, 5.6), layout="constrained")
    panels = figure.subplots(2, len(SHOWN), sharey="col")
    for column, name in enumerate(SHOWN):
        draw(panels[0, column], kept, name, "unknowns")
        draw(panels[1, column], kept, name, "cpu_seconds")
        panels[0, column].set(title=name, xlabel="unknowns")
        panels[1, column].set(xlabel="CPU seconds")
    for row in panels:
        row[0].set_ylabel("relative L2")
    panels[0, 0].legend(fontsize="small")
    figure.savefig(TARGET, dpi=110)


if __name__ == "__main__":
    main()
