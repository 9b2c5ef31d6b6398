"""The ``sgn new`` command: a small file and its configuration, which run at once."""

import argparse
import keyword
import re
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from sgn_sciml.system.writing import write_whole

__all__ = ["KINDS", "new_command"]

KINDS = {
    "equation": "a differential equation with conditions, for a PINN and `sgn solve`",
    "network": "a module from points to fields",
    "activation": "what stands between the layers of a network",
    "dataset": "pairs of functions for an operator",
}
STARTERS = Path(__file__).parent / "starters"
EPILOG = """\
examples:
  sgn new equation heat             # writes heat.py with the class Heat, and heat.yaml
  sgn fit --config heat.yaml        # as it is; then change both
  sgn test --config heat.yaml
  sgn solve --config heat.yaml      # an equation, solved without training

Nothing is written over. NAME is that of a Python module: letters, digits and _.
"""


def new_command(args: Sequence[str]) -> None:
    """Run ``sgn new ...``.

    Raises:
        ValueError: If a module cannot be called so.
        OSError: If a file is there already, or cannot be written.
    """
    parser = argparse.ArgumentParser(
        prog="sgn new",
        description="Write a small commented NAME.py and a NAME.yaml that run at once.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    kinds = parser.add_subparsers(metavar="KIND", required=True)
    for kind, text in KINDS.items():
        verb = kinds.add_parser(kind, help=text, description=f"Begin {text}.")
        verb.add_argument("name", metavar="NAME")
        verb.set_defaults(kind=kind)
    options = parser.parse_args(args)
    begin(options.kind, options.name)


def begin(kind: str, name: str) -> None:
    """Write the two files of a kind into the working folder."""
    check_name(name)
    files = [Path(f"{name}{ending}") for ending in (".py", ".yaml")]
    for path in files:
        if path.exists() or path.is_symlink():
            raise FileExistsError(f"{path} is there already: give another name")
    for path in files:
        text = (STARTERS / f"{kind}{path.suffix}").read_text(encoding="utf-8")
        text = re.sub(r"\bOwn\b", class_name(name), text)
        text = re.sub(r'\bown(?=\.|")', name, text)
        print(f"wrote {write_whole(path, text)}")
    print(f"next: sgn fit --config {name}.yaml; sgn test --config {name}.yaml")


def class_name(name: str) -> str:
    """``HeatFlow`` of ``heat_flow``."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def check_name(name: str) -> None:
    """See that a module can be called so, and is found.

    Raises:
        ValueError: If not.
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
        plain = re.sub(r"\W+", "_", Path(name).name.removesuffix(".py"), flags=re.ASCII).strip("_")
        fitting = re.fullmatch(r"[A-Za-z]\w*", plain, flags=re.ASCII)
        meant = f", such as {plain.lower()}" if fitting else ""
        raise ValueError(
            f"{name!r} cannot be the name of a Python module: letters, digits and _, a letter "
            f"first{meant}"
        )
    if keyword.iskeyword(name) or keyword.issoftkeyword(name):
        raise ValueError(f"{name!r} is a word of Python's: give another name")
    if name in sys.stdlib_module_names or installed(name):
        raise ValueError(
            f"{name!r} is the name of an installed package, which would be found first: give "
            "another name"
        )


def installed(name: str) -> bool:
    """Whether a module of that name is found, not counting the working folder."""
    here = {"", str(Path.cwd())}
    path, sys.path[:] = list(sys.path), [entry for entry in sys.path if entry not in here]
    try:
        spec = find_spec(name)
    finally:
        sys.path[:] = path
    return spec is not None and spec.origin is not None
