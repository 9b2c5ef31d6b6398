"""Options of ``sgn solve``, read before anything heavy is imported."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from sgn_sciml.app.dialect import hyphenated

__all__ = ["parsed"]

FUNCTIONS = ("chebyshev", "gated", "sines", "tanh")  # keys of DICTIONARIES


def parsed(args: Sequence[str]) -> argparse.Namespace:
    """The options of the command line.

    Args:
        args: Words after ``sgn solve``.

    Raises:
        ValueError: If one of them has no such value.
    """
    parser = argparse.ArgumentParser(
        "sgn solve",
        description="Solve the problem of a PINN's configuration by local least squares: no "
        "network, nothing is trained. Cells are placed by the solution, and the estimate of the "
        "error is printed beside the tolerance.",
        allow_abbrev=False,
    )
    parser.add_argument("--config", required=True, help="configuration of a PINN, or of a problem")
    parser.add_argument("--tolerance", type=float, default=1e-8, help="relative error (1e-8)")
    parser.add_argument(
        "--dictionary",
        choices=FUNCTIONS,
        default="chebyshev",
        help="functions of the cells: polynomials (default), or drawn ones",
    )
    parser.add_argument("--degree", type=int, help="their degree (default: by the tolerance)")
    parser.add_argument("--name", help="name of the run (default: the configuration's file name)")
    parser.add_argument("--runs", default="runs", help="folder of all runs (default: runs)")
    parser.add_argument(
        "--resume", action="store_true", help="go on with the last unfinished run of the name"
    )
    parser.add_argument("--threads", type=int, help="CPU threads (default: torch's choice)")
    options = parser.parse_args(hyphenated(args))
    if options.degree is not None and not 4 <= options.degree <= 40:
        raise ValueError(f"--degree must lie between 4 and 40, got {options.degree}")
    if options.name is not None and Path(options.name).name != options.name:
        raise ValueError(f"--name names a folder within --runs, not a path: {options.name!r}")
    if options.threads is not None and options.threads < 1:
        raise ValueError(f"--threads must be at least 1, got {options.threads}")
    return options
