"""PINNs trained one after another, each from the end of the one before: march and stages."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from jsonargparse import ArgumentError, ArgumentParser

import sgn_sciml.local_solver  # noqa: F401  its class can be named without a path
from sgn_sciml.pde import Reference
from sgn_sciml.system.blame import first_cause

if TYPE_CHECKING:
    from sgn_sciml.runs.run import Run

__all__ = ["as_class", "read_pinn", "read_problem", "reference_of", "solve"]


def read_pinn(path: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Read the configuration of a PINN.

    Returns:
        The configuration, and the settings of data and model within it; problem and network have
        a class path.

    Raises:
        ValueError: If it is not such a configuration.
    """
    config = yaml.safe_load(Path(path).read_text())
    try:
        data, model = config["data"]["init_args"], config["model"]["init_args"]
        data["problem"], model["network"] = as_class(data["problem"]), as_class(model["network"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path} is not a configuration of a PINN: no {error}") from error
    return config, data, model


def read_problem(path: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read the problem of a configuration, of a PINN or of nothing but a problem.

    Returns:
        The configuration, and settings of which ``problem`` has a class path and ``reference``
        may name a file.

    Raises:
        ValueError: If it is not YAML or names no problem.
    """
    try:
        config = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        mark, why = getattr(error, "problem_mark", None), getattr(error, "problem", None)
        place = path if mark is None else f"{path}, line {mark.line + 1}"
        raise ValueError(f"{place}: not YAML: {why or error}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not a text file: {error}") from error
    if not isinstance(config, dict):
        raise ValueError(f"{path} is not a configuration: it names no problem")
    data = config.get("data")
    data = data.get("init_args") if isinstance(data, dict) else None
    found = data if isinstance(data, dict) and data.get("problem") else config
    if not found.get("problem"):
        raise ValueError(f"{path} names no problem: data.init_args.problem is missing")
    return config, {**found, "problem": as_class(found["problem"])}


def reference_of(data: Mapping[str, Any]) -> Reference | str | None:
    """The reference of settings: the path of a file, what makes one, or none.

    Raises:
        ValueError: If it is neither.
    """
    parser = ArgumentParser(exit_on_error=False)
    parser.add_argument("--reference", type=Reference | str | None)
    try:
        parsed = parser.parse_object({"reference": data.get("reference")})
        found: Reference | str | None = parser.instantiate_classes(parsed).reference
    except ArgumentError as error:
        raise ValueError(first_cause(error)) from error
    return found


def as_class(config: Any) -> dict[str, Any]:
    """A class path with settings, where the path may stand alone."""
    return {"class_path": config} if isinstance(config, str) else dict(config)


def solve(
    config: dict[str, Any], name: str, rest: Sequence[str], then: Sequence[str] = ("test",)
) -> "Run":
    """Fit one part, and what should follow.

    Args:
        config: Its configuration.
        name: Name of the run where the configuration has none.
        rest: Further words of ``sgn fit``.
        then: Commands that follow.

    Returns:
        The run, with the weights of its best checkpoint.

    Raises:
        ValueError: If the run leaves no folder.
    """
    from sgn_sciml.app.training import train
    from sgn_sciml.runs.run import Run

    run = train(["fit", "--name", config.get("name") or name, *rest], Run(config))
    _ = run.path  # parts need run folders
    for command in then:
        train([command], run)
    return run
