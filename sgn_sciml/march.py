"""``sgn march``: a PINN solved window by window in time, each from the end of the one before."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import torch
import yaml
from torch import Tensor

import sgn_sciml.pde
from sgn_sciml.callbacks.results import write_whole
from sgn_sciml.data.grid import GridFields, read_grid, write_grid
from sgn_sciml.pde import Problem
from sgn_sciml.runs import find_checkpoint

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
    options, rest = parser.parse_known_args(args)
    if options.windows < 2:
        raise ValueError(f"sgn march needs 2 windows or more, got {options.windows}")
    config = yaml.safe_load(Path(options.config).read_text())
    try:
        data, model = config["data"]["init_args"], config["model"]["init_args"]
        problem, network = as_class(data["problem"]), as_class(model["network"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"{options.config} is no configuration of a PINN: no {error}") from error
    if data.get("reference") is None:
        raise ValueError("sgn march predicts on a grid: set data.init_args.reference")
    lower, upper = (corner[-1] for corner in made(problem).domain)
    edges = torch.linspace(lower, upper, options.windows + 1, dtype=torch.float64).tolist()
    folders: list[Path] = []
    for k, (start, end) in enumerate(pairwise(edges)):
        window = {"problem": problem, "start": start, "end": end}
        data["problem"] = {"class_path": "Window", "init_args": window}
        if folders:
            best, _ = find_checkpoint(None, folders[-1], "", folders[-1] / "config.yaml")
            settings = {"network": network, "starts": edges[1 : k + 1], "previous": str(best)}
            model["network"] = {"class_path": "Continued", "init_args": settings}
        folders.append(solve(config, Path(options.config).stem, rest))
    found = stitch([read_grid(folder / "predictions.h5") for folder in folders])
    report(found, read_grid(data["reference"]), folders, edges)


def as_class(config: Any) -> dict[str, Any]:
    """A class path with settings, where the path may stand alone."""
    return {"class_path": config} if isinstance(config, str) else dict(config)


def made(config: dict[str, Any]) -> Problem:
    """The problem of a configuration."""
    path = config["class_path"]
    known = getattr(sgn_sciml.pde, path, None) or resolve_name(path)
    problem: Problem = known(**config.get("init_args") or {})
    return problem


def solve(config: dict[str, Any], name: str, rest: Sequence[str]) -> Path:
    """Fit, test and predict one window.

    Returns:
        Its run folder.
    """
    from sgn_sciml.training import train

    path = Path(f"{name}.window.yaml")
    try:
        write_whole(path, yaml.safe_dump(config, sort_keys=False))
        folder = train(["fit", "--config", str(path), "--name", config.get("name") or name, *rest])
    finally:
        path.unlink(missing_ok=True)  # the run folder holds it
    if folder is None:
        raise ValueError("a march needs run folders: leave trainer.logger as it is")
    for command in ("test", "predict"):
        train([command, "--config", str(folder / "config.yaml")])
    return folder


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
