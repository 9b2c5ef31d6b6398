"""One dialect for all verbs: names of options with hyphens or underscores, and ``--config``."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

__all__ = ["hyphenated", "settings_as_words", "underscored"]

OPTION = re.compile(r"--[A-Za-z][\w-]*(?==|$)")  # dotted keys are those of a configuration
KEY = re.compile(r"--[A-Za-z][\w.+-]*(?==|$)")


def hyphenated(words: Sequence[str]) -> list[str]:
    """Words for commands whose options have hyphens.

    Example:
        >>> hyphenated(["--no_figure", "--per_task=2", "--model.init_args.a", "x_y"])
        ['--no-figure', '--per-task=2', '--model.init_args.a', 'x_y']
    """
    return [OPTION.sub(lambda m: m[0].replace("_", "-"), word, count=1) for word in words]


def underscored(words: Sequence[str]) -> list[str]:
    """Words for commands whose options are keys of a configuration.

    Example:
        >>> underscored(["--seed-everything", "3", "--trainer.max-steps=9", "a-b"])
        ['--seed_everything', '3', '--trainer.max_steps=9', 'a-b']
    """
    return [KEY.sub(lambda m: "--" + m[0][2:].replace("-", "_"), w, count=1) for w in words]


def settings_as_words(words: Sequence[str]) -> list[str]:
    """Words with the options of ``--config FILE.yaml`` in its place; those that follow win.

    Args:
        words: Words of a command, its verbs first.

    Raises:
        OSError: If the file cannot be read.
        ValueError: If it holds anything but options and their values.
    """
    found, left = list[str](), list(words)
    leading = list(takewhile(lambda word: not word.startswith("-"), left))
    left = left[len(leading) :]
    rest = list[str]()
    while left:
        word = left.pop(0)
        flag, equals, value = word.partition("=")
        if flag not in ("--config", "-c"):
            rest.append(word)
            continue
        if not equals and not left:
            raise ValueError("--config needs a file")
        found += _options(Path(value if equals else left.pop(0)))
    return [*leading, *found, *rest]


def _options(path: Path) -> Iterator[str]:
    """The options in a file, as words."""
    import yaml

    if not path.is_file():
        raise FileNotFoundError(f"no file of options {path}")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, Mapping):
        raise ValueError(f"{path} holds no options: write them as NAME: VALUE")
    for name, value in content.items():
        yield from _words(path, str(name).replace("_", "-"), value)


def _words(path: Path, name: str, value: Any) -> list[str]:
    if isinstance(value, bool):
        return [f"--{name}"] if value else []
    if isinstance(value, list) and all(isinstance(v, (int, float, str)) for v in value):
        return [f"--{name}", *map(str, value)]
    if isinstance(value, (int, float, str)):
        return [f"--{name}={value}"]
    raise ValueError(f"{path}: {name} must be a number, a text or a list of them")
