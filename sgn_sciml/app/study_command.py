"""The ``sgn study`` command: run, watch and report a study, a grid of small experiments."""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sgn_sciml.app.dialect import hyphenated, underscored
from sgn_sciml.app.words import resolve
from sgn_sciml.system.terminal import printable

__all__ = ["study_command"]

EPILOG = """\
examples:
  sgn study run --config configs/studies/tones.yaml --jobs 2
  sgn study run --config configs/studies/tones.yaml --config configs/studies/small/tones.yaml
  sgn study run --config configs/studies/tones.yaml --executor slurm --partition cpu --time 120
  sgn study status --config configs/studies/tones.yaml
  sgn study report --config configs/studies/tones.yaml

Any key of the file can be set on the command line: --cell.init_args.steps 1000
A study that is run again runs what is not done: cells that were added, failed or killed.
"""


def study_command(args: Sequence[str]) -> None:
    """Run ``sgn study ...``.

    Raises:
        ValueError: If a file describes no study, its folder is another's, or cells failed.
        OSError: If a file cannot be read or written.
    """
    parser = argparse.ArgumentParser(
        prog="sgn study",
        description="Grids of small experiments: activation x width x frequency x rate x seed ...",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    run = add_verb(verbs, "run", "run the cells that have no result yet", _run)
    run.add_argument("--jobs", type=int, default=1, help="processes at a time (default: 1)")
    run.add_argument("--executor", choices=("local", "slurm"), default="local")
    run.add_argument("--threads", type=int, default=1, help="CPU threads of a process")
    run.add_argument("--gpus", type=int, default=0, help="GPUs of a process")
    run.add_argument("--partition", help="SLURM partition")
    run.add_argument("--time", type=int, default=60, help="minutes of a SLURM task (default: 60)")
    run.add_argument("--at-once", type=int, default=256, help="SLURM tasks at a time")
    run.add_argument("--per-task", type=int, default=1, help="groups of cells of a SLURM task")
    add_verb(verbs, "status", "say what is done, failed and missing", _status)
    add_verb(verbs, "report", "write report.html and report.md", _report)
    options, rest = parser.parse_known_args(hyphenated(args))
    files = [*([options.file] if options.file else []), *options.config]
    if not files:
        raise ValueError("sgn study needs --config FILE.yaml, the study")
    options.run(options, [resolve(file) for file in files], underscored(rest))


def add_verb(verbs: Any, name: str, text: str, run: Any) -> argparse.ArgumentParser:
    """A verb and the options that all verbs have."""
    verb: argparse.ArgumentParser = verbs.add_parser(name, help=text, allow_abbrev=False)
    verb.add_argument("file", nargs="?", help="the same as the first --config")
    verb.add_argument(
        "--config",
        action="append",
        default=[],
        help="study file, or the name of a shipped one: studies/tones; given again, an overlay: "
        "the later one wins",
    )
    verb.add_argument("--folder", type=Path, help="where results are (default: runs/studies/NAME)")
    verb.set_defaults(run=run)
    return verb


def _folder(options: argparse.Namespace, name: str) -> Any:
    """Where the results of a study are."""
    from sgn_sciml.studies.engine.store import StudyFolder

    if options.folder is None and (name in ("", ".", "..") or re.search(r"[/\\]", name)):
        raise ValueError(f"the study's name names a folder, not a path: {name!r}; change `name`")
    return StudyFolder(options.folder or Path("runs") / "studies" / name)


def _open(options: argparse.Namespace, files: Sequence[str], rest: Sequence[str]) -> Any:
    """The study and its folder."""
    from sgn_sciml.studies import read_study
    from sgn_sciml.studies.engine.settings import words_as_settings

    study = read_study(files, words_as_settings(rest))
    folder = _folder(options, study.name)
    folder.check(study)
    return study, folder


def _run(options: argparse.Namespace, files: Sequence[str], rest: Sequence[str]) -> None:
    wrong = [
        key for key in ("jobs", "threads", "time", "at_once", "per_task") if vars(options)[key] < 1
    ]
    if wrong or options.gpus < 0:
        raise ValueError(f"--{(wrong or ['gpus'])[0].replace('_', '-')} must be positive")
    study, folder = _open(options, files, rest)
    from sgn_sciml.studies import Local, Slurm, run_study

    common = {"threads": options.threads, "gpus": options.gpus}
    executor = (
        Local(**common, jobs=options.jobs)
        if options.executor == "local"
        else Slurm(
            **common,
            partition=options.partition,
            minutes=options.time,
            at_once=options.at_once,
            per_task=options.per_task,
        )
    )
    run_study(study, folder, executor)
    print(f"{len(study.cells)} cells done: {folder.path / 'cells.csv'}")


def _status(options: argparse.Namespace, files: Sequence[str], rest: Sequence[str]) -> None:
    from sgn_sciml.studies.engine.settings import merged, words_as_settings
    from sgn_sciml.studies.engine.store import last_line, tally

    settings = merged(files, words_as_settings(rest))
    folder = _folder(options, str(settings["name"]))
    study = folder.planned(settings)
    if study is None:  # to resolve its cells takes seconds: torch comes with them
        study, folder = _open(options, files, rest)
    records = tally(study, folder)
    counts = dict.fromkeys(("done", "failed", "missing"), 0)
    for record in records.values():
        counts[record.status] += 1
    axes = " x ".join(f"{len(names)} {axis}" for axis, names in study.axes.items())
    print(f"{study.name}: {len(study.cells)} cells ({axes}) in {folder.path}")
    print(", ".join(f"{n} {status}" for status, n in counts.items()), end="")
    print("; being run" if folder.is_locked() else "")
    errors: dict[str, list[str]] = {}
    for spec in study.cells:
        if records[spec.id].status == "failed":
            labels = " ".join(spec.labels.values())
            errors.setdefault(last_line(records[spec.id]), []).append(labels)
    for error, cells in errors.items():
        more = f" and {n} more" if (n := len(cells) - 1) else ""
        print(printable(f"  {cells[0]}{more}: {error}"))


def _report(options: argparse.Namespace, files: Sequence[str], rest: Sequence[str]) -> None:
    study, folder = _open(options, files, rest)
    from sgn_sciml.studies.reports.page import write_report

    command = ["sgn", "study", "run"]
    command += [word for path in files for word in ("--config", path)] + list(rest)
    for path in write_report(study, folder, command):
        print(path)
