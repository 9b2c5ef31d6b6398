"""Names that are near to one that is not known, for a message of the parser."""

import inspect
import re
import sys
from collections.abc import Collection, Iterable
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, get_args

__all__ = ["suggested"]

GIVEN = re.compile(r" Given value(?: type)?: ")
KEYS = re.compile(r'Parser key "([\w.]+)"')
CLASS = re.compile(r"given class_path '([\w.]+)'")
ARGUMENTS = re.compile(r"Got value: Namespace\(class_path='([\w.]+)'")
MODULE = re.compile(r"No module named '([\w.]+)'")
ATTRIBUTE = re.compile(r"module '([\w.]+)' has no attribute '(\w+)'")
NAME = re.compile(r"Expected a dot import path string: (\w+)")
OPTION = re.compile(r"Option '([\w.]+)' is not accepted|unrecognized arguments: --([\w.]+)")
COMMAND = re.compile(r"Subcommand '\w+' does not accept option '([\w.]+)'")
FUNCTION = re.compile(r"Expected '([\w.]+)' to be a function that returns <class 'Activation'>")
FOLDER = re.compile(r"Path is not a file: '([^']+)'")
TOP = (
    *("model", "data", "trainer", "name", "runs", "checkpoint_every", "threads", "budget"),
    *("seed_everything", "ckpt_path", "config", "weights_only", "verbose"),
)


def suggested(message: str) -> str | None:
    """A message of the parser as one line about the first name it does not know.

    Args:
        message: The message.

    Returns:
        The line; None where the message is about something else.
    """
    whole = " ".join(message.split())
    text = GIVEN.split(whole)[0]
    if found := MODULE.search(text):
        if not KEYS.search(text):
            return None
        return (
            f"{key_before(text, found)}no module {found[1]!r}; looked in {', '.join(places())}. "
            "Set PYTHONPATH to the folder that it lies in"
        )
    if found := ATTRIBUTE.search(text):
        names = dir(import_module(found[1]))
        return f"{key_before(text, found)}no {found[2]} in {found[1]}{near(found[2], names)}"
    if (found := FOLDER.search(text)) and Path(found[1]).is_dir():
        return f"{found[1]} is a folder, not a configuration: name a file in it"
    if found := FUNCTION.search(text):
        return (
            f"{key_before(text, found)}{found[1]} is a function: give its name alone, such as "
            f"tanh, or class_path: Elementwise with init_args: {{function: {found[1]}}}"
        )
    if found := NAME.search(text):
        return f"{key_before(text, found)}no class {found[1]}{near(found[1], class_names())}"
    if found := OPTION.search(text):
        option = found[1] or found[2]
        owner = [*CLASS.findall(text[: found.start()]), *ARGUMENTS.findall(whole)]
        if owner:
            kind = owner[-1] if "callable class" in text else CLASS.findall(text)[-1]
            name = kind.rpartition(".")[2]
            return (
                f"{key_before(text, found)}{name} takes no {option}"
                f"{near(option.partition('.')[0], parameters(kind))}"
            )
        return f"no option {option}{near_key(option)}"
    if found := COMMAND.search(text):
        return f"no option {found[1]}{near_key(found[1])}"
    return None


def places() -> list[str]:
    """Folders that may hold a user's modules."""
    installed = (sys.base_prefix, str(Path(sys.executable).parent))
    return [
        path or "."
        for path in sys.path
        if "site-packages" not in path and not path.startswith(installed)
    ]


def key_before(text: str, found: re.Match[str]) -> str:
    """The key of a configuration that a part of a message is about."""
    keys = KEYS.findall(text[: found.start()])
    return f"{'.'.join(keys)}: " if keys else ""


def near(name: str, known: Iterable[str]) -> str:
    """A question, if something known is near."""
    small = {each.lower(): each for each in known if not each.startswith("_")}
    found = get_close_matches(name.lower(), small, 2, cutoff=0.7)
    return f"; did you mean {' or '.join(small[each] for each in found)}?" if found else ""


def near_key(option: str) -> str:
    """A question about a key of the whole configuration."""
    first, _, rest = option.partition(".")
    if first == "trainer" and rest:
        from lightning.pytorch import Trainer

        return near(rest.partition(".")[0], inspect.signature(Trainer).parameters)
    return near(first, TOP)


def parameters(path: str) -> Collection[str]:
    """Names of the arguments of a class."""
    try:
        kind: Any = resolve_name(path)
        names = [name for each in kind.__mro__ for name in own_parameters(each)]
    except (ImportError, AttributeError, ValueError):
        return ()
    return [name for name in names if name not in ("self", "args", "kwargs")]


def own_parameters(kind: type) -> Collection[str]:
    """Names of the arguments of the constructor that a class itself defines."""
    made = vars(kind).get("__init__")
    return () if made is None or kind is object else inspect.signature(made).parameters


def class_names() -> set[str]:
    """Names that a configuration can give without a path, and torch's optimisers with theirs."""
    import torch

    import sgn_sciml.callbacks
    from sgn_sciml.app.registry import OTHERS, SECTIONS, registered
    from sgn_sciml.layers.activations import FunctionName

    ours = {name for bases in SECTIONS.values() for name in registered(*bases)}
    optimizers = {f"torch.optim.{name}" for name in torch.optim.__all__ if name[0].isupper()}
    functions = get_args(FunctionName)
    return ours | {*functions, *sgn_sciml.callbacks.__all__, *OTHERS} | optimizers
