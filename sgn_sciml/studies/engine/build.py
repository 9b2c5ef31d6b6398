"""From settings to cells: class paths and arguments are checked before anything runs."""

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import torch
from jsonargparse import ArgumentError

# Imported so that studies can name their classes without a path.
import sgn_sciml.layers
import sgn_sciml.networks  # noqa: F401
from sgn_sciml.studies.engine.cell import Cell
from sgn_sciml.studies.engine.settings import Settings, expand, merge, product
from sgn_sciml.system.blame import first_cause
from sgn_sciml.system.classes import instantiate, parser_of

__all__ = ["CellBuilder", "build"]


def resolve(cell: Mapping[str, Any]) -> Settings:
    """A cell's class path and all its arguments, defaults included, functions by their names.

    Raises:
        ValueError: If there is no such class, or it does not take them.
    """
    reader = parser_of(Cell, "cell")
    try:
        parsed = reader.parse_object({"cell": dict(cell)})
        text = reader.dump(parsed, format="json", skip_none=False, skip_validation=True)
    except (ArgumentError, TypeError) as error:
        raise ValueError(first_cause(error)) from error
    found: Settings = json.loads(text)["cell"]
    return {"class_path": found["class_path"], "init_args": found.get("init_args", {})}


def build(settings: Mapping[str, Any]) -> Cell:
    """Make a cell, after seeding random numbers with its ``seed``.

    Raises:
        ValueError: If the settings describe none.
    """
    torch.manual_seed(int(settings.get("init_args", {}).get("seed") or 0))
    return instantiate(Cell, settings, "cell")  # type: ignore[type-abstract]


class CellBuilder:
    """Resolves the cells of a study.

    Args:
        base: Class path and the arguments that all cells share.

    Raises:
        ValueError: If it is not a mapping with a class path.
    """

    def __init__(self, base: Any) -> None:
        if not isinstance(base, Mapping) or "class_path" not in base:
            raise ValueError("a study needs a cell with a class_path")
        self.base = expand(base)

    def resolve(self, axes: Mapping[str, Mapping[str, Settings]]) -> list[Settings]:
        """The settings of all cells, in the order of :func:`product`.

        Reading a class path with what is nested in it takes a tenth of a second. So an axis of
        plain values, which no other axis touches, is read once per value instead of once per cell.

        Raises:
            ValueError: If a cell's settings are none.
        """
        plain = {axis: key for axis in axes if (key := plain_key(axis, axes))}
        firsts = {axis: next(iter(values)) for axis, values in axes.items()}
        values: dict[tuple[str, str], Any] = {}
        for axis, key in plain.items():
            for name in axes[axis]:
                found = self._resolve(axes, firsts | {axis: name})
                values[axis, name] = found["init_args"][key]
        nested: dict[tuple[str, ...], Settings] = {}
        cells = []
        for labels in product(axes):
            names = tuple(name for axis, name in labels.items() if axis not in plain)
            if names not in nested:
                nested[names] = self._resolve(axes, labels)
            cell = deepcopy(nested[names])
            for axis, key in plain.items():
                cell["init_args"][key] = values[axis, labels[axis]]
            cells.append(cell)
        return cells

    def _resolve(
        self, axes: Mapping[str, Mapping[str, Settings]], labels: Mapping[str, str]
    ) -> Settings:
        cell = self.base
        for axis, name in labels.items():
            cell = merge(cell, {"init_args": expand(axes[axis][name])})
        try:
            return resolve(cell)
        except ValueError as error:
            raise ValueError(f"{' '.join(labels.values())}: {error}") from error


def plain_key(axis: str, axes: Mapping[str, Mapping[str, Settings]]) -> str | None:
    """The one argument that all values of an axis set to a plain value, and no other axis does."""
    keys = {key for value in axes[axis].values() for key in value}
    others = {
        str(key).split(".")[0]
        for other, values in axes.items()
        for value in values.values()
        for key in value
        if other != axis
    }
    key = next(iter(keys), "")
    simple = all(
        not isinstance(v, Mapping) for value in axes[axis].values() for v in value.values()
    )
    alone = len(keys) == 1 and all(axes[axis].values())
    return key if alone and simple and "." not in key and key not in others else None
