"""Training runs of the benchmarks: processes of one thread each, kept once they are finished."""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Any

__all__ = [
    *("ROOT", "command", "execute", "execute_all", "find_card", "keep", "note", "noted"),
    *("refuse_changed", "settle"),
]

ROOT = Path(__file__).parent.parent
WRITING = Lock()


def find_card(name: str, cards: Path, runs: Path) -> dict:
    """The card of a finished run, kept or still in its run folder; empty without one.

    Args:
        name: Name of the run and of its card.
        cards: Folder of the cards that were kept.
        runs: Folder of the runs.
    """
    paths = [cards / f"{name}.json", *(runs / name).glob("version_*/card.json")]
    found = [json.loads(path.read_text()) for path in paths if path.is_file()]
    return next((card for card in found if "test" in card), {})


def execute(
    name: str,
    configs: Sequence[Path],
    runs: Path,
    settings: Mapping[str, object],
    ckpt: str = "best",
) -> None:
    """Train and test in a process each; go on with a run that was killed.

    Args:
        name: Name of the run.
        configs: Configuration and overlays.
        runs: Folder of the runs.
        settings: What the command line sets besides.
        ckpt: Checkpoint to test.

    Raises:
        SystemExit: If a command fails, with its last line.
    """
    first = [word for path in configs for word in ("--config", str(path))]
    first += ["--name", name, "--runs", str(runs)]
    first += [str(word) for key, value in settings.items() for word in (f"--{key}", value)]
    killed = any((runs / name).glob("version_*/checkpoints/last.ckpt"))
    resume = ["--ckpt_path", "last"] if killed else []
    fit = ["fit", *first, "--trainer.enable_progress_bar", "false", *resume]
    for command in (fit, ["test", *first, "--ckpt_path", ckpt]):
        done = subprocess.run(
            [sys.executable, "-m", "sgn_sciml", *command],
            cwd=ROOT,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            said = done.stderr.strip() or f"{command[0]} ended with {done.returncode}, no message"
            raise SystemExit(f"{name}: {said.splitlines()[-1]}")


def refuse_changed(name: str, card: Mapping[str, Any]) -> None:
    """Refuse a card of a package or configurations that no commit holds.

    Raises:
        SystemExit: If files below ``sgn_sciml`` or ``configs`` differed from the commit.
    """
    if changed := card.get("machine", {}).get("changed"):
        raise SystemExit(
            f"{name} is not kept: {', '.join(changed[:3])} differed from the commit that its card "
            "names; commit or undo the changes and run it again"
        )


def keep(name: str, card: dict, cards: Path, runs: Path, checkpoint: str | None = None) -> None:
    """Keep a card and drop the run.

    Args:
        name: Name of the run and of its card.
        card: The card.
        cards: Folder of the cards that are kept.
        runs: Folder of the runs.
        checkpoint: ``best`` or ``last`` to keep it beside the runs, for runs that begin there.
    """
    refuse_changed(name, card)
    cards.mkdir(exist_ok=True)
    (cards / f"{name}.json").write_text(json.dumps(card, indent=1, sort_keys=True) + "\n")
    if checkpoint is not None:
        path = next((runs / name).glob(f"version_*/checkpoints/{checkpoint}.ckpt"))
        shutil.copy(path, runs / f"{name}.ckpt")
    shutil.rmtree(runs / name)


def noted(name: str, path: Path) -> dict:
    """What is noted of a run in a file of many runs; empty without it."""
    return json.loads(path.read_text()).get(name, {}) if path.is_file() else {}


def note(name: str, told: dict, path: Path) -> None:
    """Note a run in a file of many runs; threads may do so at once.

    Args:
        name: Name of the run.
        told: What to note.
        path: The file.
    """
    with WRITING:
        path.parent.mkdir(parents=True, exist_ok=True)
        known = json.loads(path.read_text()) if path.is_file() else {}
        content = json.dumps(known | {name: told}, indent=1, sort_keys=True)
        path.write_text(content + "\n")


def settle(source: Path, target: Path) -> None:
    """Move what was noted into the file that is committed.

    Runs note beside themselves: a tree is clean, and their cards say so, until the last is done.

    Args:
        source: The file beside the runs.
        target: The file that is committed.
    """
    if source.is_file():
        for name, told in json.loads(source.read_text()).items():
            refuse_changed(name, told)
            note(name, told, target)
        source.unlink()


def execute_all(runs: Iterable[Any], jobs: int) -> None:
    """Execute runs, some at a time."""
    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(lambda run: run.execute(), runs))


def command(
    text: str, stages: Sequence[Callable[[], Iterable[Any]]], table: Callable[[], None]
) -> None:
    """The command line of a benchmark with the verbs ``run`` and ``table``.

    Args:
        text: What it is.
        stages: The runs of each stage, known when the stage before is done.
        table: Writes the table.
    """
    parser = argparse.ArgumentParser(description=text.splitlines()[0])
    parser.add_argument("verb", choices=["run", "table"])
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time (default: 2)")
    options = parser.parse_args()
    if options.verb == "table":
        table()
    else:
        for runs in stages:
            execute_all(runs(), options.jobs)
