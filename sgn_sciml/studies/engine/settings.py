"""Nested settings: dotted keys, overlays, and the product of axes.

A setting of an axis may name several keys, and keys within keys by dots::

    siren: {network.init_args.activation: {class_path: Sine, init_args: {omega: 30.0}}}
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

__all__ = ["expand", "merge", "merged", "product", "read_settings", "words_as_settings"]

Settings = dict[str, Any]


def expand(keys: Mapping[str, Any]) -> Settings:
    """Dotted keys as nested mappings.

    Example:
        >>> expand({"a.b": 1, "a.c": {"d.e": 2}})
        {'a': {'b': 1, 'c': {'d': {'e': 2}}}}
    """
    found: Settings = {}
    for key, value in keys.items():
        nested = expand(value) if isinstance(value, Mapping) else value
        for part in reversed(str(key).split(".")):
            nested = {part: nested}
        found = merge(found, nested)
    return found


def merge(under: Mapping[str, Any], over: Mapping[str, Any]) -> Settings:
    """Settings with others laid over them: mappings merge, all else is replaced.

    Arguments of another class do not merge.

    Example:
        >>> merge({"a": {"b": 1, "c": [1, 2]}}, {"a": {"c": [3]}})
        {'a': {'b': 1, 'c': [3]}}
    """
    found = deepcopy(dict(under))
    for key, value in over.items():
        old = found.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping) and same_class(old, value):
            found[key] = merge(old, value)
        else:
            found[key] = deepcopy(value)
    return found


def same_class(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether new settings keep the class of old ones, if they are of a class at all."""
    return bool(old.get("class_path") == new.get("class_path", old.get("class_path")))


def read_settings(path: str) -> Settings:
    """The mapping in a YAML file.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it is not YAML, or not a mapping.
    """
    with open(path, encoding="utf-8") as file:
        try:
            content = yaml.safe_load(file)
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise ValueError(f"{path} is not YAML: {error}") from error
    if not isinstance(content, Mapping):
        raise ValueError(f"{path} holds no mapping of keys to values")
    return dict(content)


def merged(paths: Sequence[str], more: Mapping[str, Any] | None = None) -> Settings:
    """The settings of a study file and its overlays, with the study's name.

    Args:
        paths: YAML files; later ones win.
        more: Settings that win over all files.

    Raises:
        OSError: If a file cannot be read.
        ValueError: If one is not YAML, or not a mapping.
    """
    found: Settings = {}
    for path in paths:
        found = merge(found, expand(read_settings(path)))
    found = merge(found, more or {})
    first, *others = (Path(path) for path in paths)
    # An overlay of the same name, as small/tones.yaml is, goes by that of its folder.
    tags = [p.parent.name if p.stem == first.stem else p.stem for p in others]
    found.setdefault("name", "-".join([first.stem, *tags]))
    return found


def words_as_settings(words: Sequence[str]) -> Settings:
    """Words of a command line, ``--key.within value``, as settings.

    Raises:
        ValueError: For a word without key, or a key without value.

    Example:
        >>> words_as_settings(["--cell.init_args.steps", "100"])
        {'cell': {'init_args': {'steps': 100}}}
    """
    found: Settings = {}
    rest = list(words)
    while rest:
        key, _, value = rest.pop(0).partition("=")
        if not key.startswith("--"):
            raise ValueError(f"expected --key value, got {key!r}")
        if not value and not rest:
            raise ValueError(f"{key} needs a value")
        value = value or rest.pop(0)
        try:
            found = merge(found, expand({key[2:]: yaml.safe_load(value)}))
        except yaml.YAMLError as error:
            raise ValueError(f"{key}: {value!r} is not YAML") from error
    return found


def product(axes: Mapping[str, Mapping[str, Settings]]) -> Iterator[dict[str, str]]:
    """All combinations of one value's name per axis, the last axis fastest.

    Example:
        >>> list(product({"a": {"x": {}, "y": {}}, "b": {"z": {}}}))
        [{'a': 'x', 'b': 'z'}, {'a': 'y', 'b': 'z'}]
    """
    for names in itertools.product(*axes.values()):
        yield dict(zip(axes, names, strict=True))
