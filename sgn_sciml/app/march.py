"""``sgn march``: a PINN solved window by window in time, each from the end of the one before."""

import argparse
import json
import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor

from sgn_sciml.app.dialect import hyphenated
from sgn_sciml.app.workflow import read_pinn, reference_of, solve
from sgn_sciml.layouts.grid_fields import GridFields, read_grid, write_grid
from sgn_sciml.pde import Problem, Reference, Window
from sgn_sciml.pde.window import order_in_time
from sgn_sciml.runs.run import Run
from sgn_sciml.system.classes import instantiate
from sgn_sciml.system.writing import write_whole

__all__ = ["march_command", "stitch"]


def march_command(args: Sequence[str]) -> None:
    """Run the command.

    Args:
        args: Words of the command line.

    Raises:
        ValueError: If the configuration is of no PINN, or a window fails.
    """
    parser = argparse.ArgumentParser(
        "sgn march",
        description="Solve a time-dependent problem window by window: fit, test and predict each, "
        "then stitch the predictions. Further options are those of sgn fit, for every window; "
        "problem and network are set in the file.",
        allow_abbrev=False,
    )
    parser.add_argument("--config", required=True, help="configuration of a PINN")
    parser.add_argument("--windows", type=int, required=True, help="number of windows, 2 or more")
    parser.add_argument(
        "--noise",
        type=float,
        default=0.01,
        help="later windows start from the weights of the one before and so much of freshly drawn "
        "ones",
    )
    parser.add_argument(
        "--fresh", action="store_true", help="start every window from freshly drawn weights alone"
    )
    options, rest = parser.parse_known_args(hyphenated(args))
    if options.windows < 2:
        raise ValueError(f"sgn march needs 2 windows or more, got {options.windows}")
    if not 0 <= options.noise < math.inf:
        raise ValueError(f"--noise must be 0 or more, got {options.noise}")
    config, data, model = read_pinn(options.config)
    problem, network = data["problem"], model["network"]
    if model.get("unknown") or data.get("observations"):
        raise ValueError(
            "sgn march solves forward problems: it does not find unknown constants or fit "
            "observations. Use sgn fit on the whole time, or leave model.init_args.unknown and "
            "data.init_args.observations out"
        )
    reference = reference_of(data)
    if reference is None:
        raise ValueError("sgn march predicts on a grid: set data.init_args.reference")
    whole = instantiate(Problem, problem, "problem")  # type: ignore[type-abstract]
    lower, upper = (corner[-1] for corner in whole.domain)
    Window(whole, lower, upper)  # a problem without windows is refused before anything trains
    order = order_in_time(whole)
    if order > 2:
        raise ValueError(f"sgn march solves up to second order in time, {whole.law} is of {order}")
    edges = torch.linspace(lower, upper, options.windows + 1, dtype=torch.float64).tolist()
    runs: list[Run] = []
    for k, (start, end) in enumerate(pairwise(edges)):
        window = {"problem": problem, "start": start, "end": end}
        data["problem"] = {"class_path": "Window", "init_args": window}
        if runs:
            previous = str(runs[-1].best())
            settings = {"network": network, "starts": edges[1 : k + 1], "previous": previous}
            settings |= {"noise": None if options.fresh else options.noise}
            settings |= {"order": order, "begin": lower} if order == 2 else {}
            model["network"] = {"class_path": "Continued", "init_args": settings}
        name = Path(options.config).stem
        runs.append(solve(config, name, rest, then=("test", "predict")))
    folders = [run.path for run in runs]
    found = stitch([read_grid(folder / "predictions.h5") for folder in folders])
    truth = reference.file(whole) if isinstance(reference, Reference) else reference
    report(found, read_grid(truth), folders, edges)


def stitch(parts: Sequence[GridFields]) -> GridFields:
    """Join grids that follow one another along the last coordinate.

    Args:
        parts: The grids; the first frame of one may be the last of that before, and is left out.

    Returns:
        The whole.
    """
    name = list(parts[0].coordinates)[-1]
    times: list[Tensor] = []
    fields: dict[str, list[Tensor]] = {field: [] for field in parts[0].fields}
    end = -torch.inf
    for part in parts:
        time = part.coordinates[name]
        new = time > end + 1e-9
        end = float(time[-1])
        times.append(time[new])
        for field, values in part.fields.items():
            fields[field].append(values[..., new])
    coordinates = {**parts[0].coordinates, name: torch.cat(times)}
    joined = {field: torch.cat(each, -1) for field, each in fields.items()}
    return replace(parts[0], coordinates=coordinates, fields=joined)


def report(
    found: GridFields, truth: GridFields, folders: Sequence[Path], edges: Sequence[float]
) -> None:
    """Write the whole solution and its error beside the runs, and say so."""
    first, last = (folders[i].name.removeprefix("version_") for i in (0, -1))
    path = write_grid(folders[0].parent / f"march_{first}-{last}.h5", found)
    errors = {
        name: float((found.fields[name] - values).norm() / values.norm())
        for name, values in truth.fields.items()
        if found.fields[name].shape == values.shape
    }
    runs = [str(folder) for folder in folders]
    content = {"runs": runs, "edges": list(edges), "relative_l2": errors}
    write_whole(path.with_suffix(".json"), json.dumps(content, indent=2) + "\n")
    for name, error in errors.items():
        print(f"relative L2 of {name} over all windows: {error:.2e}")
    print(f"wrote {path}")
