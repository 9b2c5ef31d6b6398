"""``sgn stages``: a PINN whose error is fitted by another, and the error of that by a third.

A first layer of waves begins with the frequency of the residual that is left, and the output
counts in units of the error to expect; see :mod:`sgn_sciml.pinn.residual_waves` and
:class:`~sgn_sciml.networks.Staged`.

References:
    Wang and Lai, *Multi-stage neural networks: function approximator of machine precision* (2024),
    https://arxiv.org/abs/2307.08934
"""

import argparse
import inspect
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sgn_sciml.app.dialect import hyphenated
from sgn_sciml.app.workflow import read_pinn, solve
from sgn_sciml.networks import CoordinateMLP
from sgn_sciml.pinn import PINN
from sgn_sciml.pinn.residual_waves import amplitude, dominant_frequency, grid_residual, slope
from sgn_sciml.runs.results import read_card
from sgn_sciml.system.writing import write_whole

__all__ = ["stages_command"]

WIDTH = inspect.signature(CoordinateMLP).parameters["width"].default
WAVE = 10  # points a wave; with fewer, a residual is what overfitting left between them


def stages_command(args: Sequence[str]) -> None:
    """Run the command.

    Args:
        args: Words of the command line.

    Raises:
        ValueError: If the configuration is of no PINN with a ``CoordinateMLP``, or a stage fails.
    """
    parser = argparse.ArgumentParser(
        "sgn stages",
        description="Solve a problem in stages: fit and test, then fit what is missing with "
        "a wider network, whose layers are waves. Further options are those of sgn fit, for every "
        "stage; problem and network are set in the file.",
        allow_abbrev=False,
    )
    parser.add_argument("number", type=int, nargs="?", metavar="STAGES", help="as --stages")
    parser.add_argument("--stages", type=int, help="number of stages, 2 or more")
    parser.add_argument("--config", required=True, help="configuration of a PINN")
    parser.add_argument(
        "--growth",
        type=float,
        default=1.6,
        help="width over that of the network before; points grow as parameters do, by its square",
    )
    options, rest = parser.parse_known_args(hyphenated(args))
    stages = options.number if options.stages is None else options.stages
    if stages is None or stages < 2:
        raise ValueError(f"sgn stages needs 2 stages or more: --stages 2; got {stages}")
    if not options.growth > 0:
        raise ValueError(f"--growth must be positive, got {options.growth}")
    config, data, model = read_pinn(options.config)
    networks = [model["network"]]
    if (name := networks[0]["class_path"]).rpartition(".")[2] != "CoordinateMLP":
        raise ValueError(f"sgn stages sets frequencies of a CoordinateMLP, the network is {name}")
    amplitudes: list[float] = []
    rows: list[dict[str, Any]] = []
    while True:
        run = solve(config, Path(options.config).stem, rest)
        rows.append(measured(run.path))
        if len(rows) > 1 and not rows[-1]["residual"] < rows[-2]["residual"]:
            print(f"stage {len(rows)} did not lower the residual: the stages end here")
            break
        if len(rows) == stages:
            break
        task = run.task
        if not isinstance(task, PINN):
            raise ValueError(f"sgn stages solves with a PINN, not with {type(task).__name__}")
        residual = grid_residual(task)
        size, kappa = float(residual.square().sum(0).mean().sqrt()), dominant_frequency(residual)
        amplitudes.append(amplitude(task, kappa, size))
        networks.append(waves(networks[-1], kappa / slope(task), options.growth))
        points = run.settings["data"]["init_args"]
        along = points["num_points"] ** (1 / len(task.problem.coordinates))  # one axis
        if points["redraw_every"] == 0 and math.pi * along < WAVE * kappa:
            print(
                f"the residual that is left has fewer than {WAVE} points a wave: it lies between "
                "the points. Raise data.init_args.num_points, or redraw them"
            )
        rows[-1] |= {"frequency_left": kappa, "next_amplitude": amplitudes[-1]}
        data["num_points"] = round(options.growth**2 * points["num_points"])
        model["residual_scale"] = size
        model["network"] = {
            "class_path": "Staged",
            "init_args": {
                "network": networks[-1],
                "before": networks[:-1],
                "amplitudes": list(amplitudes),
                "previous": str(run.best()),
            },
        }
    report(rows)


def waves(network: dict[str, Any], omega: float, growth: float) -> dict[str, Any]:
    """The network of a later stage: like that before, but wider, and all activations are sines.

    Behind a first layer of the frequency omega they have frequency 1. With tanh there, with an
    output that begins near 0, or no wider, Levenberg-Marquardt gained little on Poisson's
    equation where it now gains two to four orders.
    """
    settings = dict(network.get("init_args") or {})
    settings.pop("head_scale", None)
    for name in {"width", *settings} & {"width", "first_width"}:
        if (width := settings.get(name, WIDTH)) is not None:
            settings[name] = max(1, round(growth * width))
    for name, value in (("first_activation", omega), ("activation", 1.0)):
        settings[name] = {"class_path": "Sine", "init_args": {"omega": value}}
    return network | {"init_args": settings}


def measured(folder: Path) -> dict[str, Any]:
    """What a run's test found."""
    test = read_card(folder)["test"]
    return {
        "run": str(folder),
        "residual": math.sqrt(test["test/loss"]),
        "relative_l2": test.get("test/relative_l2"),
    }


def report(rows: Sequence[dict[str, Any]]) -> None:
    """Write what the stages found beside their runs, and print it."""
    folders = [Path(row["run"]) for row in rows]
    first, last = (folders[i].name.removeprefix("version_") for i in (0, -1))
    path = folders[0].parent / f"stages_{first}-{last}.json"
    write_whole(path, json.dumps(rows, indent=2) + "\n")
    print("stage   residual   relative L2   frequency left   next amplitude")
    for k, row in enumerate(rows):
        error = row["relative_l2"]
        shown = "-" if error is None else f"{error:.2e}"
        line = f"{k + 1:>5}{row['residual']:>11.2e}{shown:>14}"
        if "next_amplitude" in row:
            line += f"{row['frequency_left']:>17.1f}{row['next_amplitude']:>17.2e}"
        print(line)
        if k and error is not None and error > rows[k - 1]["relative_l2"]:
            print(f"stage {k + 1} did not lower the error: what is left is slow, and costs little")
    print(f"wrote {path}")
