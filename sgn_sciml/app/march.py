"""``sgn march``: a PINN solved window by window in time, each from the end of the one before."""

import argparse
import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import Tensor

from sgn_sciml.app.dialect import hyphenated
from sgn_sciml.app.workflow import read_pinn, reference_of, solve
from sgn_sciml.layouts.grid_fields import GridFields, read_grid
from sgn_sciml.pde import Problem, Reference, Window
from sgn_sciml.pde.window import order_in_time
from sgn_sciml.pinn.march_report import report
from sgn_sciml.runs.folder import RunFolder, find_checkpoint, versions
from sgn_sciml.system.classes import instantiate

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
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on with the newest march of this name, where it was when it was killed",
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
    name = Path(options.config).stem
    begun = earlier(config, name, rest, edges) if options.resume else []
    runs: list[RunFolder] = []
    for k, (start, end) in enumerate(pairwise(edges)):
        window = {"problem": problem, "start": start, "end": end}
        data["problem"] = {"class_path": "Window", "init_args": window}
        if runs:
            previous = str(best(runs[-1]))
            settings = {"network": network, "starts": edges[1 : k + 1], "previous": previous}
            settings |= {"noise": None if options.fresh else options.noise}
            settings |= {"order": order, "begin": lower} if order == 2 else {}
            model["network"] = {"class_path": "Continued", "init_args": settings}
        last = begun[k].checkpoints / "last.ckpt" if k < len(begun) else None
        if last is not None and (begun[k].path / "predictions.h5").is_file():
            runs.append(begun[k])
            continue
        on = ["--ckpt_path", str(last)] if last is not None and last.is_file() else []
        run = solve(config, name, [*rest, *on], then=("test", "predict"))
        assert run.folder is not None
        runs.append(run.folder)
    folders = [run.path for run in runs]
    found = stitch([read_grid(folder / "predictions.h5") for folder in folders])
    truth = reference.file(whole) if isinstance(reference, Reference) else reference
    report(whole, found, read_grid(truth), folders, edges)


def best(run: RunFolder) -> Path:
    """The best checkpoint of a window."""
    return find_checkpoint(None, run.root, run.name, run)[0]


def earlier(
    config: dict[str, Any], name: str, rest: Sequence[str], edges: Sequence[float]
) -> list[RunFolder]:
    """The windows that the newest march of a name has begun, in their order.

    Args:
        config: The configuration.
        name: Name of the runs where the configuration and the words have none.
        rest: Words of ``sgn fit``, which may name the runs and their folder.
        edges: Where windows begin and end.

    Raises:
        ValueError: If there is no such march, or it had other windows.
    """
    words = argparse.ArgumentParser(allow_abbrev=False, add_help=False)
    words.add_argument("--runs", default=config.get("runs") or "runs")
    words.add_argument("--name", default=config.get("name") or name)
    where, _ = words.parse_known_args(rest)
    found: dict[float, tuple[float, RunFolder]] = {}
    for run in reversed(versions(Path(where.runs), where.name)):
        if (window := window_of(run)) is not None:
            found.setdefault(window[0], (window[1], run))
            if window[0] == edges[0]:
                break
    spans = [(start, end) for start, (end, _) in sorted(found.items())]
    if not spans or spans != list(pairwise(edges))[: len(spans)]:
        raise ValueError(
            f"no march of these {len(edges) - 1} windows to go on with in "
            f"{Path(where.runs, where.name)}: leave --resume out, or give its --windows, "
            "--name and --runs"
        )
    return [run for _, (_, run) in sorted(found.items())]


def window_of(run: RunFolder) -> tuple[float, float] | None:
    """The window that a run solves; None if it is of no march."""
    file = run.path / "config.yaml"
    try:
        settings = yaml.safe_load(file.read_text())["data"]["init_args"]["problem"]["init_args"]
        return float(settings["start"]), float(settings["end"])
    except (OSError, KeyError, TypeError, yaml.YAMLError):
        return None


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
