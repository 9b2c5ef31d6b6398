"""Configurations and small data that come with the package: in a wheel, or in a checkout.

Where a path of the working folder does not exist, these stand in for it: ``burgers_pinn`` for a
configuration, ``data/small/darcy_22.h5`` for a data file.
"""

from difflib import get_close_matches
from pathlib import Path, PurePath

__all__ = ["configs", "find_config", "find_data", "shipped_config"]

ENDINGS = (".yaml", ".yml")
SMALL = ("data", "small")


def root() -> Path:
    """The folder with ``configs`` and ``data/small``."""
    package = Path(__file__).parents[1]
    inside = package / "shipped"  # where a wheel has them
    return inside if inside.is_dir() else package.parent


def configs() -> dict[str, Path]:
    """The configurations by name, such as ``burgers_pinn`` and ``small/burgers_fno``."""
    folder = root() / "configs"
    found = {
        path.relative_to(folder).with_suffix("").as_posix(): path
        for path in folder.rglob(f"*{ENDINGS[0]}")
    }
    return dict(sorted(found.items(), key=lambda item: (item[0].count("/"), item[0])))


def shipped_config(name: str) -> Path:
    """A configuration that comes with the package.

    Args:
        name: Its name, with or without ``configs/`` before it and ``.yaml`` behind it.

    Raises:
        FileNotFoundError: If there is none; it says which names are close.
    """
    known, path = configs(), PurePath(name)
    short = (path.with_suffix("") if path.suffix in ENDINGS else path).as_posix()
    found = known.get(short) or known.get(short.removeprefix("configs/"))
    if found is None:
        raise FileNotFoundError(f"no configuration {name}{did_you_mean(short, list(known))}")
    return found


def find_config(name: str) -> Path:
    """A configuration: the file of that path or, where there is none, the shipped one.

    Raises:
        FileNotFoundError: If there is neither.
    """
    path = Path(name).expanduser()
    there = path.exists() and not path.is_dir()  # a pipe is not a file, and can be read
    return path if there else shipped_config(name)


def did_you_mean(name: str, known: list[str]) -> str:
    """The end of a message on an unknown name."""
    by_last = {entry.rpartition("/")[2]: entry for entry in reversed(known)}  # the shortest wins
    close = get_close_matches(name.removeprefix("configs/"), known, n=2, cutoff=0.75)
    last = get_close_matches(name.rpartition("/")[2], list(by_last), n=1, cutoff=0.75)
    names = list(dict.fromkeys([*close, *(by_last[entry] for entry in last)]))[:2]
    asked = f"; did you mean {' or '.join(names)}?" if names else ";"
    return f"{asked} `sgn configs` lists those that are shipped"


def find_data(path: str | Path) -> Path:
    """A data file: that of the working folder or, where there is none, the shipped one.

    Args:
        path: A path; ``data/small/...`` names a shipped file from any folder.

    Returns:
        The path as given, unless only a shipped file has it; then that file's.
    """
    path = Path(path)
    if path.exists() or path.parts[:2] != SMALL or ".." in path.parts:
        return path
    inside = root() / path
    return inside if inside.exists() else path
