"""``sgn each``: fit and test every file of a folder, and print one table.

The runs lie in ``runs/<name>/``, a folder each, named after the file. ``each.json`` there tells
how they were begun, so that the same command goes on: files that are done are not fitted again, a
run that was stopped goes on from its checkpoint, and a file that has changed is fitted anew.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from sgn_sciml.app.dialect import hyphenated
from sgn_sciml.app.each.files import files_of
from sgn_sciml.app.each.table import brief, write_table
from sgn_sciml.system.writing import write_whole

__all__ = ["each_command"]

STATE = "each.json"


def each_command(args: Sequence[str]) -> None:
    """Run the command.

    Args:
        args: Words of the command line: the folder, then those of ``sgn fit``.

    Raises:
        FileNotFoundError: If there is no such folder.
        ValueError: If it holds nothing to fit, the runs of that name were begun otherwise, or a
            file could not be fitted; the others are.
    """
    parser = argparse.ArgumentParser(
        "sgn each",
        usage="sgn each FOLDER --config FILE.yaml [options of sgn fit]",
        description="Fit and test every file of a folder by one configuration: one table "
        "with means. The same command goes on where it was stopped.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--data.path", dest="folder", help="the folder, where it is not the first word"
    )
    parser.add_argument("--config", action="append", required=True, help="as for sgn fit")
    parser.add_argument("--name", help="name of the runs (default: configuration and folder)")
    parser.add_argument("--runs", default="runs", help="folder of all runs (default: runs)")
    parser.add_argument("--threads", help="CPU threads")
    words = hyphenated(args)
    if words and not words[0].startswith("-"):
        words = ["--data.path", *words]
    options, rest = parser.parse_known_args(words)
    if options.folder is None:
        raise ValueError("sgn each needs a folder: sgn each FOLDER --config FILE.yaml")
    if any(word.startswith("--ckpt-path") for word in rest):
        raise ValueError("sgn each goes on by itself: leave --ckpt-path out")
    files, left_out = files_of(Path(options.folder), options.config, rest)
    stem = f"{Path(options.config[0]).stem}_{Path(options.folder).resolve().name}"
    folder = Folder(Path(options.runs) / (options.name or stem), options, rest)
    if left_out:
        print(f"left out: {', '.join(left_out)}")
    cards, failed = dict[str, dict[str, Any]](), dict[str, str]()
    for k, path in enumerate(files, start=1):
        try:
            card, done = folder.card_of(path, [p.stem for p in files].count(path.stem) == 1)
        except (ValueError, OSError) as error:
            failed[path.name] = " ".join(str(error).split())
            print(f"[{k}/{len(files)}] {path.name}: {failed[path.name]}", file=sys.stderr)
        except KeyboardInterrupt:
            print("the same command goes on")
            raise
        else:
            cards[path.name] = card
            note = " (done before)" if done else ""
            print(f"[{k}/{len(files)}] {path.name}: {brief(card)}{note}", flush=True)
    if cards:
        print(f"\n{write_table(folder.root, cards)}\n\n  {folder.root / 'results.csv'}\n")
    if failed:
        raise ValueError(
            f"{len(failed)} of {len(files)} files could not be fitted: {', '.join(failed)}"
        )


class Folder:
    """The runs of one call, and of those before it.

    Args:
        root: Folder of the runs.
        options: Those of the command.
        rest: Further words of ``sgn fit``.

    Raises:
        ValueError: If it holds runs that were begun otherwise.
    """

    def __init__(self, root: Path, options: argparse.Namespace, rest: Sequence[str]) -> None:
        self.root = root
        threads = ["--threads", options.threads] * (options.threads is not None)
        configs = [word for config in options.config for word in ("--config", config)]
        self.words = [*configs, *rest, *threads]
        self.threads = threads
        texts = [Path(config).read_bytes() for config in options.config]
        settings = {
            "configurations": [hashlib.sha256(text).hexdigest() for text in texts],
            "options": list(rest),
        }
        path = root / STATE
        self.state: dict[str, Any] = {"settings": settings, "files": {}}
        if path.is_file() and any(root.glob("*/version_*")):
            self.state = json.loads(path.read_text())
            if self.state["settings"] != settings:
                raise ValueError(
                    f"{root} was begun with another configuration or other options: give --name "
                    "another name, or remove that folder"
                )

    def card_of(self, path: Path, alone: bool) -> tuple[dict[str, Any], bool]:
        """The card of a file's tested run, and whether it was there before.

        Args:
            path: The file.
            alone: Whether no other one has its name but for the ending.

        Raises:
            ValueError: If it cannot be fitted.
            OSError: If a file cannot be read or written.
        """
        from sgn_sciml.app.training import train
        from sgn_sciml.runs.card import file_sha256
        from sgn_sciml.runs.folder import versions
        from sgn_sciml.runs.results import read_card

        digest, known = file_sha256(path), self.state["files"].get(path.name)
        words = [*self.words, "--data.path", str(path), "--runs", str(self.root)]
        if known is not None and known["sha256"] == digest:
            name = known["run"]
            if found := versions(self.root, name):
                card = read_card(found[-1].path)
                if "test" in card:
                    return card, True
                config = found[-1].path / "config.yaml"
                if (found[-1].checkpoints / "last.ckpt").is_file() and config.is_file():
                    words = ["--config", str(config), "--ckpt_path", "last", *self.threads]
        else:
            name = path.stem if alone else path.name
            self.state["files"][path.name] = {"run": name, "sha256": digest}
        if "--ckpt_path" not in words:
            words += ["--name", name]
        self.root.mkdir(parents=True, exist_ok=True)
        write_whole(self.root / STATE, json.dumps(self.state, indent=2) + "\n")
        with redirect_stdout(StringIO()):  # a table for each would bury the one of all
            run = train(["fit", *words])
            train(["test"], run)
        return read_card(run.path), False
