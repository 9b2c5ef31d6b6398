"""Words of a command line before anything heavy is imported: configurations by name."""

import re
from collections.abc import Sequence
from pathlib import Path

from sgn_sciml.system.shipped import shipped_config

__all__ = ["SOLVED", "extra_of", "own_folders", "resolve_words"]

FLAGS = ("--config", "-c")
SOLVED = [["data", "make", what] for what in ("reference", "samples")]  # of any problem
TASKS = {
    "PINN": "pinn",
    "Operator": "operators",
    "PhysicsInformedOperator": "operators",
    "INR": "inr",
}
EXTRAS = {
    "data": "data",
    "study": "studies",
    "export": "inr",
    "march": "pinn",
    "stages": "pinn",
    "solve": "pinn",
}


def resolve_words(args: Sequence[str]) -> list[str]:
    """Words with the paths of shipped configurations in place of their names.

    A file of the working folder comes first; what is not a path (a configuration written out,
    ``-`` for standard input) stays as it is.

    Args:
        args: Words of a command line.

    Raises:
        FileNotFoundError: If there is neither such a file nor such a configuration.
    """
    found = list(args)
    if {"-h", "--help"} & set(args):
        return found
    for k, word in enumerate(args):
        flag, equals, value = word.partition("=")
        if flag in FLAGS and equals:
            found[k] = f"{flag}={resolve(value)}"
        elif k and args[k - 1] in FLAGS:
            found[k] = resolve(word)
    return found


def resolve(value: str) -> str:
    """The file that a word after ``--config`` names."""
    if value in ("", "-") or re.search(r"[{\n]|:\s", value):
        return value
    path = Path(value).expanduser()
    if path.exists() and not path.is_dir():  # a pipe is not a file, and can be read
        return value
    if path.is_dir():
        try:
            return str(shipped_config(value))
        except FileNotFoundError:
            return value  # what reads it says that it is a folder
    return str(shipped_config(value))


def own_folders(args: Sequence[str]) -> list[str]:
    """Where modules of the user may lie: the working folder, and beside each configuration.

    Args:
        args: Words of a command line, configurations resolved.
    """
    folders = [Path.cwd()]
    for k, word in enumerate(args):
        flag, equals, value = word.partition("=")
        if k and args[k - 1] in FLAGS:
            flag, equals, value = args[k - 1], "=", word
        if flag in FLAGS and equals and not re.search(r"[{\n]", value) and Path(value).is_file():
            folders.append(Path(value).absolute().parent)
    return [str(folder) for folder in dict.fromkeys(folders)]


def extra_of(args: Sequence[str]) -> str:
    """The extra of the installation that a command needs.

    Args:
        args: Words of the command line, the command first; configurations resolved. What they
            train is told by the first task that a file names.
    """
    if list(args[:3]) in SOLVED:
        return "pinn"
    if args[0] in EXTRAS:
        return EXTRAS[args[0]]
    pattern = rf"class_path:\s*['\"]?(?:[\w.]+\.)?({'|'.join(TASKS)})\b"
    for word in args[1:]:
        path = Path(word.partition("=")[2] or word)
        if path.suffix in (".yaml", ".yml") and path.is_file():
            task = re.search(pattern, path.read_text(encoding="utf-8", errors="replace"))
            if task:
                return TASKS[task[1]]
    return "pinn"
