"""From class paths to objects: the one way, for networks, cells, problems and tasks.

A class is named by its path or, where it is a subclass of what is asked for and its module is
imported, by its own name. Arguments are checked against signatures, as in configurations.
"""

from collections.abc import Mapping
from pkgutil import resolve_name
from typing import Any, TypeVar

from jsonargparse import ArgumentError, ArgumentParser, Namespace

from sgn_sciml.system.blame import first_cause

__all__ = ["class_of", "instantiate", "parser_of"]

T = TypeVar("T")


def parser_of(kind: type, key: str) -> ArgumentParser:
    """A parser of class paths and arguments of subclasses, under a key that its errors name."""
    parser = ArgumentParser(exit_on_error=False)
    parser.add_subclass_arguments(kind, key)
    return parser


def instantiate(kind: type[T], settings: Mapping[str, Any] | str, key: str) -> T:
    """Make an object.

    Args:
        kind: Class that it must be of.
        settings: ``class_path`` and ``init_args``, or a class path alone.
        key: What a configuration calls it, for errors.

    Raises:
        ValueError: If they describe no such object.
    """
    whole = {"class_path": settings} if isinstance(settings, str) else dict(settings)
    parser = parser_of(kind, key)
    try:
        parsed: Namespace = parser.parse_object({key: whole})
        made = parser.instantiate_classes(parsed)[key]
    except ArgumentError as error:
        raise ValueError(first_cause(error)) from error
    assert isinstance(made, kind)
    return made


def class_of(path: str) -> type:
    """The class of a full path.

    Raises:
        ValueError: If there is none.
    """
    try:
        found = resolve_name(path)
    except (ImportError, AttributeError, ValueError) as error:
        raise ValueError(f"there is no class {path}") from error
    if not isinstance(found, type):
        raise ValueError(f"{path} is not a class")
    return found
