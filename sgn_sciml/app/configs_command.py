"""The ``sgn configs`` command: list, print and copy the configurations that are shipped."""

import argparse
import re
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path

from sgn_sciml.system.shipped import configs, shipped_config
from sgn_sciml.system.writing import write_whole

__all__ = ["configs_command"]

EPILOG = """\
examples:
  sgn configs                                   # names, and what each is
  sgn configs show burgers_pinn
  sgn configs copy burgers_pinn mine.yaml       # then: sgn fit --config mine.yaml
  sgn fit --config burgers_fno --config small/burgers_fno      # without a copy, by name

A file of the working folder comes before a shipped configuration of its name.
"""


def configs_command(args: Sequence[str]) -> None:
    """Run ``sgn configs ...``.

    Raises:
        FileNotFoundError: If there is no such configuration.
        OSError: If a file is there already, or cannot be written.
    """
    parser = argparse.ArgumentParser(
        prog="sgn configs",
        description="The configurations that are shipped; without a verb, their list.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=_list)
    verbs = parser.add_subparsers(metavar="VERB")
    show = verbs.add_parser("show", help="print one")
    show.add_argument("name", metavar="NAME")
    show.set_defaults(run=_show)
    copy = verbs.add_parser("copy", help="copy one, to be changed")
    copy.add_argument("name", metavar="NAME")
    copy.add_argument(
        "to", metavar="DEST", nargs="?", default=".", help="file or folder (default: here)"
    )
    copy.add_argument("--force", action="store_true", help="replace a file that is there")
    copy.set_defaults(run=_copy)
    options = parser.parse_args(args)
    options.run(options)


def first_sentence(path: Path) -> str:
    """The first sentence of the comment that a file begins with, or the part before a ;."""
    lines = path.read_text(encoding="utf-8").splitlines()
    comment = " ".join(x.lstrip("# ") for x in takewhile(lambda x: x.startswith("#"), lines))
    return re.split(r"(?<=\.) |; ", comment)[0].rstrip(".")


def _list(options: argparse.Namespace) -> None:
    known = configs()
    width = max(map(len, known), default=0)
    for name, path in known.items():
        print(f"{name:<{width}}  {first_sentence(path)}".rstrip())


def _show(options: argparse.Namespace) -> None:
    print(shipped_config(options.name).read_text(encoding="utf-8"), end="")


def _copy(options: argparse.Namespace) -> None:
    source, to = shipped_config(options.name), Path(options.to)
    if to.is_dir():
        to /= source.name
    if to.exists() and not options.force:
        raise FileExistsError(f"{to} is there already: give another name, or --force")
    print(write_whole(to, source.read_bytes()))
