"""``python benchmarks/local_solver/figure.py`` draws errors over unknowns."""

import statistics
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

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


def draw(panel: Axes, kept: Kept, name: str) -> None:
    """Curves of all dictionaries; the range of three seeds is shaded."""
    for k, (kind, label) in enumerate(KINDS.items()):
        x, low, middle, high = [], [], [], []
        for degree in CASES[name].degrees:
            rows = found_rows(kept, name, kind, degree)
            errors = [one["relative_l2"] for one in rows if "relative_l2" in one]
            if errors and len(errors) == len(rows):
                x.append(statistics.median(one["unknowns"] for one in rows))
                low.append(min(errors))
                middle.append(statistics.median(errors))
                high.append(max(errors))
        panel.plot(x, middle, ".-", color=f"C{k}", linewidth=1.4, label=label)
        panel.fill_between(x, low, high, color=f"C{k}", alpha=0.2, linewidth=0)
    panel.set(xscale="log", yscale="log", title=name, xlabel="unknowns")
    panel.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    panel.xaxis.set_major_formatter("{x:,g}")
    panel.xaxis.set_minor_formatter(NullFormatter())
    panel.grid(color="0.93")
    panel.set_axisbelow(True)


def main() -> None:
    """Draw."""
    kept = Kept(HERE / "dictionaries.jsonl", NAMES)
    figure = Figure(figsize=(12, 3.6), layout="constrained")
    panels = figure.subplots(1, len(SHOWN))
    for panel, name in zip(panels, SHOWN, strict=True):
        draw(panel, kept, name)
    panels[0].set_ylabel("relative L2")
    lines, labels = panels[0].get_legend_handles_labels()
    figure.legend(lines, labels, loc="outside lower center", ncols=4, fontsize="small")
    figure.savefig(TARGET, dpi=110)


if __name__ == "__main__":
    main()
