"""A study file: a cell, axes over its arguments, and what its report shows.

.. code-block:: yaml

    cell:
      class_path: Tones
      init_args: {steps: 5000}
    axes:
      activation:                   # named values; each sets arguments of the cell
        gelu: {network.init_args.activation: {class_path: Elementwise}}
        siren: {network.init_args.activation: {class_path: Sine}}
      lr: [0.001, 0.01]             # plain values of the argument of that name
    only: {activation: [siren]}     # a part of an axis, in overlays

The cells are the product of the axes. A cell's id is a hash of all its arguments, defaults
included; names of axes and of their values are not in it. So a cell that is finished stays so when
axes get more values, and is run again when anything about it changes.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sgn_sciml.studies.engine.build import CellBuilder
from sgn_sciml.studies.engine.cell import Cell
from sgn_sciml.studies.engine.settings import Settings, merged, product
from sgn_sciml.studies.engine.specs import CellSpec, Study
from sgn_sciml.system.classes import class_of
from sgn_sciml.system.names import HOMES

__all__ = ["read_study"]

KEYS = ("name", "about", "cell", "axes", "only", "report")


def read_study(paths: Sequence[str], more: Mapping[str, Any] | None = None) -> Study:
    """Read a study and its overlays.

    Args:
        paths: YAML files; later ones win.
        more: Settings that win over all files.

    Raises:
        OSError: If a file cannot be read.
        ValueError: For anything in them that describes no study.
    """
    settings = merged(paths, more)
    try:
        return make_study(settings)
    except ValueError as error:
        raise ValueError(f"{Path(paths[0])}: {error}") from error


def make_study(settings: Mapping[str, Any]) -> Study:
    """The study that settings describe.

    Raises:
        ValueError: If they describe none.
    """
    if unknown := sorted(set(settings) - set(KEYS)):
        raise ValueError(f"unknown key {unknown[0]!r}; a study has {', '.join(KEYS)}")
    name = settings.get("name")
    if not isinstance(name, str) or Path(name).name != name or name.startswith("."):
        raise ValueError(f"name must be that of a folder, got {name!r}")
    axes = read_axes(settings.get("axes"), settings.get("only") or {})
    resolved = CellBuilder(settings.get("cell")).resolve(axes)
    cells = [
        CellSpec(digest(each), labels, each)
        for labels, each in zip(product(axes), resolved, strict=True)
    ]
    seen: dict[str, CellSpec] = {}
    for spec in cells:
        if spec.id in seen:
            twins = [" ".join(s.labels.values()) for s in (seen[spec.id], spec)]
            raise ValueError(f"two cells have the same settings: {twins[0]!r} and {twins[1]!r}")
        seen[spec.id] = spec
    kind = class_of(resolved[0]["class_path"])
    assert issubclass(kind, Cell)
    groups: dict[str, list[CellSpec]] = {}
    for spec in cells:
        apart = dict(spec.settings["init_args"])
        for key in kind.together:
            apart.pop(key, None)
        groups.setdefault(digest({**spec.settings, "init_args": apart}), []).append(spec)
    names = {axis: list(values) for axis, values in axes.items()}
    return Study(name, names, cells, list(groups.values()), dict(settings))


def digest(settings: Mapping[str, Any]) -> str:
    """A short hash of settings, the same in every process."""
    text = json.dumps(settings, sort_keys=True)
    for name, home in HOMES.items():  # whose shorter path is younger than results that exist
        text = text.replace(f'"sgn_sciml.{name}"', f'"sgn_sciml.{home}.{name}"')
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def read_axes(axes: Any, only: Any) -> dict[str, dict[str, Settings]]:
    """The axes as named values, each with the arguments that it sets.

    Raises:
        ValueError: If one is empty, or ``only`` names what is not there.
    """
    if not isinstance(axes, Mapping) or not axes:
        raise ValueError("a study needs axes: names with lists or named values")
    found: dict[str, dict[str, Settings]] = {}
    for axis, values in axes.items():
        if not isinstance(values, (Mapping, Sequence)) or isinstance(values, str):
            raise ValueError(f"the axis {axis} needs a list or named values, got {values!r}")
        if not values:
            raise ValueError(f"the axis {axis} is empty")
        if isinstance(values, Mapping):
            wrong = [name for name, value in values.items() if not isinstance(value, Mapping)]
            if wrong:
                raise ValueError(f"{axis}: {wrong[0]} must set arguments of the cell")
            found[axis] = {str(name): dict(value) for name, value in values.items()}
        else:
            twice = [str(v) for v, n in Counter(map(str, values)).items() if n > 1]
            if twice:
                raise ValueError(f"the axis {axis} has {twice[0]} twice")
            found[axis] = {str(value): {axis: value} for value in values}
    if not isinstance(only, Mapping):
        raise ValueError(f"only must map axes to names of their values, got {only!r}")
    for axis, names in only.items():
        if axis not in found:
            raise ValueError(f"only: there is no axis {axis}; there are {', '.join(found)}")
        wanted = [str(name) for name in (names if isinstance(names, list) else [names])]
        if not wanted:
            raise ValueError(f"only: the axis {axis} is empty")
        for name in wanted:
            if name not in found[axis]:
                has = ", ".join(found[axis])
                raise ValueError(f"only: the axis {axis} has no {name}; it has {has}")
        found[axis] = {name: found[axis][name] for name in wanted}
    return found
