"""PINNs trained one after another, each from the end of the one before: march and stages."""

from collections.abc import Sequence
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import yaml

import sgn_sciml.pde
from sgn_sciml.pde import Problem
from sgn_sciml.runs.folder import find_checkpoint
from sgn_sciml.runs.results import write_whole

__all__ = ["as_class", "best_checkpoint", "made", "read_pinn", "solve"]


def read_pinn(path: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Read the configuration of a PINN.

    Returns:
        The configuration, and the settings of data and model within it; problem and network have
        a class path.

    Raises:
        ValueError: If it is no such configuration.
    """
    config = yaml.safe_load(Path(path).read_text())
    try:
        data, model = config["data"]["init_args"], config["model"]["init_args"]
        data["problem"], model["network"] = as_class(data["problem"]), as_class(model["network"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path} is no configuration of a PINN: no {error}") from error
    return config, data, model


def as_class(config: Any) -> dict[str, Any]:
    """A class path with settings, where the path may stand alone."""
    return {"class_path": config} if isinstance(config, str) else dict(config)


def made(config: dict[str, Any]) -> Problem:
    """The problem of a configuration."""
    path = config["class_path"]
    known = getattr(sgn_sciml.pde, path, None) or resolve_name(path)
    problem: Problem = known(**config.get("init_args") or {})
    return problem


def solve(
    config: dict[str, Any], name: str, rest: Sequence[str], then: Sequence[str] = ("test",)
) -> Path:
    """Fit one part, and what should follow.

    Args:
        config: Its configuration.
        name: Name of the run where the configuration has none.
        rest: Further words of ``sgn fit``.
        then: Commands that follow.

    Returns:
        Its run folder.

    Raises:
        ValueError: If there is none.
    """
    from sgn_sciml.app.training import train

    path = Path(f"{name}.part.yaml")
    try:
        write_whole(path, yaml.safe_dump(config, sort_keys=False))
        folder = train(["fit", "--config", str(path), "--name", config.get("name") or name, *rest])
    finally:
        path.unlink(missing_ok=True)  # the run folder holds it
    if folder is None:
        raise ValueError("parts need run folders: leave trainer.logger as it is")
    for command in then:
        train([command, "--config", str(folder / "config.yaml")])
    return folder


def best_checkpoint(folder: Path) -> Path:
    """The best checkpoint of a run folder; the last if nothing was validated."""
    return find_checkpoint(None, folder, "", folder / "config.yaml")[0]
