"""``sgn data make samples``: an ensemble of any problem as training data of operators."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from sgn_sciml.app.dialect import hyphenated
from sgn_sciml.app.words import own_folders, resolve_words
from sgn_sciml.benchmark_data.inspect import summary
from sgn_sciml.benchmark_data.make import make
from sgn_sciml.ensembles import SolvedSamples
from sgn_sciml.ensembles.law import REDRAWN
from sgn_sciml.ensembles.specification import refuse_unknown
from sgn_sciml.layouts import SgnSamples, open_source

__all__ = ["samples_command"]

LAW = ("problem", "vary", "initial", "grid", "frames", "tolerance", "redraw")
FILE = ("n", "seed", "output", "dtype")
SAMPLES = 1000
KINDS: dict[str, tuple[type, ...]] = {
    "n": (int,),
    "seed": (int,),
    "frames": (int,),
    "tolerance": (float,),
    "redraw": (bool,),
    "output": (str,),
    "dtype": (str,),
}


def samples_command(args: Sequence[str]) -> None:
    """Run the command.

    Args:
        args: Words after ``sgn data make samples``.

    Raises:
        ValueError: If the configuration describes no ensemble, or a sample cannot be solved.
        OSError: If the file cannot be written, or another process is making it.
    """
    words = resolve_words(args)
    sys.path += [folder for folder in own_folders(words) if folder not in sys.path]
    options = parsed(hyphenated(words))
    settings = read_settings(Path(options.config))
    for name in (*LAW, *FILE):
        given = getattr(options, name, None)
        if given is not None:
            settings[name] = given
    law = SolvedSamples(**{name: settings[name] for name in LAW if name in settings})
    output = Path(settings.get("output") or f"data/{Path(options.config).stem}_samples.h5")
    usual = law.specification.sweep or SAMPLES
    path = make(
        law,
        output,
        settings.get("n", usual),
        settings.get("seed", 0),
        workers=options.workers,
        dtype=settings.get("dtype", "float32"),
        force=options.force,
        restart=options.restart,
    )
    source = open_source(path)
    print(summary(source))
    assert isinstance(source, SgnSamples)
    again = source.sample_parameter(REDRAWN)
    if again.any():
        print(
            f"{'redrawn':11}{int((again > 0).sum())} of {len(again)} samples, which were not "
            f"solved as first drawn: {int(again.sum())} draws are left out"
        )


def parsed(args: Sequence[str]) -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(
        "sgn data make samples",
        description="Draw constants, functions and initial states of a problem, solve each sample "
        "by local least squares, and write them as training data of operators. The same seed "
        "gives the same samples at every resolution, however many are made and by however many "
        "workers; an interrupted run goes on where it was.",
        epilog="options of the file, such as n and frames, may stand in the configuration, too",
        allow_abbrev=False,
    )
    parser.add_argument("--config", required=True, help="problem, and what differs")
    parser.add_argument("-o", "--output", help="file to write (default: data/CONFIG_samples.h5)")
    parser.add_argument("-n", "--n", type=int, help="number of samples (1000, or the whole sweep)")
    parser.add_argument("--seed", type=int, help="seed of the samples (0)")
    parser.add_argument("--grid", type=int, nargs="+", help="points along each axis of space")
    parser.add_argument(
        "--frames", type=int, help="frames of trajectories (default: first state and last)"
    )
    parser.add_argument("--tolerance", type=float, help="relative error of a sample (1e-6)")
    parser.add_argument(
        "--redraw",
        action="store_true",
        default=None,
        help="draw samples that cannot be solved again, and say how many; otherwise one ends it",
    )
    parser.add_argument("--workers", type=int, default=0, help="processes (0: every core)")
    parser.add_argument("--dtype", choices=("float32", "float64"), help="stored type (float32)")
    parser.add_argument("--force", action="store_true", help="replace a different file")
    parser.add_argument(
        "--restart", action="store_true", help="throw away the parts of an unfinished, other file"
    )
    return parser.parse_args(args)


def read_settings(path: Path) -> dict[str, Any]:
    """The settings of an ensemble.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not YAML, names no problem, or has a key or value that is not
            understood.
    """
    if not path.is_file():
        raise FileNotFoundError(f"no configuration {path}")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict) or not content.get("problem"):
        raise ValueError(f"{path} names no problem: write problem: Burgers, or your own class")
    for name, value in content.items():
        refuse_unknown(name, (*LAW, *FILE), f"{path}: no setting")
        if name == "grid":
            value = [value] if isinstance(value, int) else value
            if not isinstance(value, list) or not all(type(v) is int for v in value):
                raise ValueError(f"{path}: grid is a number of points, or a list of them")
            content[name] = value
        if name not in KINDS or value is None:
            continue
        kinds = KINDS[name]
        if kinds == (float,):
            with suppress(TypeError, ValueError):
                value = float(value)  # YAML reads 1e-6 as text
        if type(value) not in kinds:
            raise ValueError(f"{path}: {name} must be of type {kinds[0].__name__}, got {value!r}")
        content[name] = value
    return {name: value for name, value in content.items() if value is not None}
