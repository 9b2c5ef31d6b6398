"""The whole of a march: its file, its figure, and its error in each window."""

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from sgn_sciml.layouts.grid_fields import GridFields, write_grid
from sgn_sciml.pde import Problem
from sgn_sciml.pinn.figures import solution_figure
from sgn_sciml.system.writing import write_whole

__all__ = ["report"]


def report(
    problem: Problem,
    found: GridFields,
    truth: GridFields,
    folders: Sequence[Path],
    edges: Sequence[float],
) -> None:
    """Write the whole solution, its figure and its errors beside the runs, and say so.

    Args:
        problem: The whole problem.
        found: What was found on the grid of the reference.
        truth: The reference.
        folders: Folders of the windows.
        edges: Where windows begin and end.
    """
    first, last = (folders[i].name.removeprefix("version_") for i in (0, -1))
    path = write_grid(folders[0].parent / f"march_{first}-{last}.h5", found)
    errors = {
        name: float((found.fields[name] - values).norm() / values.norm())
        for name, values in truth.fields.items()
        if found.fields[name].shape == values.shape
    }
    windows: list[dict[str, float]] = []
    axes = list(found.coordinates.values())
    time = axes[-1]
    for k, (start, end) in enumerate(pairwise(edges)):
        late = 1e-9 * (end - start)  # the frame at a joint belongs to the window that ends there
        inside = (time <= end + late) & ((time > start + late) if k else (time >= start))
        each = {
            name: float(((found.fields[name] - truth.fields[name])[..., inside]).norm())
            / float(truth.fields[name][..., inside].norm())
            for name in errors
            if inside.any()
        }
        windows.append(each)
    runs = [str(folder) for folder in folders]
    content = {"runs": runs, "edges": list(edges), "relative_l2": errors, "in_window": windows}
    write_whole(path.with_suffix(".json"), json.dumps(content, indent=2) + "\n")
    print("window  begins    ends   " + "   ".join(f"relative L2 of {name}" for name in errors))
    for k, ((start, end), window) in enumerate(zip(pairwise(edges), windows, strict=True), 1):
        shown = "".join(f"   {error:>13.2e}" for error in window.values())
        print(f"{k:>6}{start:>8.4g}{end:>8.4g}{shown}")
    for name, error in errors.items():
        print(f"relative L2 of {name} over all windows: {error:.2e}")
    print(f"wrote {path}")
    if len(found.coordinates) > 2 or "residual" not in found.fields:
        return
    for name in errors:
        fields = truth.fields[name], found.fields[name], found.fields["residual"]
        figure = solution_figure(problem, axes, *fields, name)
        drawn = path.with_name(f"{path.stem}_{name}.png")
        figure.savefig(drawn, dpi=150)
        print(f"wrote {drawn}")
