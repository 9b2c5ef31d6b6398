"""Additions of solutions to a run: sizes of the network, predicted fields, the table."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback

from sgn_sciml.pde import Problem
from sgn_sciml.pinn.table import solution_rows
from sgn_sciml.pinn.writer import PredictionWriter
from sgn_sciml.runs.application import Application, Rows
from sgn_sciml.runs.description import DataDescription
from sgn_sciml.system.classes import instantiate

__all__ = ["Solving"]


class Solving(Application):
    """Physics-informed networks."""

    def complete(self, model: Any, data: DataDescription | None) -> None:
        """Give networks and encodings the problem's sizes and periodic axes where none are given.

        Raises:
            ValueError: If the problem cannot be made.
        """
        init = model.init_args
        parts = [part for part in settings_of(init.get("network")) if None in gaps(part).values()]
        if not parts or init.get("problem") is None:
            return
        problem = instantiate(Problem, init.problem.as_dict(), "problem")  # type: ignore[type-abstract]
        periodic = [k for k, name in enumerate(problem.coordinates) if name in problem.periodic]
        found = {
            "in_features": len(problem.coordinates),
            "out_features": len(problem.fields),
            "axes": periodic or None,
        }
        for part in parts:
            for name, value in gaps(part).items():
                part[name] = found[name] if value is None else value

    def writers(self, path: Path) -> Sequence[Callback]:
        return [PredictionWriter(path)]

    def rows(self, card: Mapping[str, Any]) -> Rows:
        return solution_rows(card.get("test", {}))


def gaps(settings: Any) -> dict[str, Any]:
    """What of a network or an encoding a problem may settle."""
    names = ("in_features", "out_features", "axes")
    return {name: settings[name] for name in names if name in settings}


def settings_of(part: Any) -> Iterator[Any]:
    """The arguments of a network and of the networks and encodings in it."""
    settings = None if part is None or isinstance(part, str) else part.get("init_args")
    if settings is None:
        return
    yield settings
    for name in ("network", "encoding"):
        yield from settings_of(settings.get(name))
    for earlier in settings.get("before") or ():
        yield from settings_of(earlier)
