"""The ``sgn export`` command: a fitted signal as files, with their size and fidelity."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from sgn_sciml.app.dialect import hyphenated
from sgn_sciml.system.writing import write_whole

__all__ = ["export_command"]

EPILOG = """\
examples:
  sgn export --config runs/image_inr/version_0/config.yaml
  sgn export runs/image_inr/version_0 --bits 10 8 6 --curve
  sgn export runs/image_inr/version_0 --ckpt best --onnx
"""


def export_command(args: Sequence[str]) -> None:
    """Run ``sgn export ...``.

    Raises:
        FileNotFoundError: If there is no such run, checkpoint or signal.
        ValueError: If the run is not an INR, or an option is out of range.
        OSError: If a file cannot be written.
    """
    parser = argparse.ArgumentParser(
        prog="sgn export",
        description="Write the network of an INR run into RUN/export/: its weights in few bits, "
        "with the fidelity that is left, and the network as ONNX.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("run", nargs="?", type=Path, help="run folder, or one of its checkpoints")
    parser.add_argument("--config", type=Path, help="the run by its configuration instead")
    parser.add_argument(
        "--ckpt",
        "--ckpt-path",
        default="last",
        help="best, last or a file, of a run folder (default: last)",
    )
    parser.add_argument(
        "--bits",
        type=int,
        nargs="+",
        default=[16, 8],
        metavar="K",
        help="bits of a weight, a file each (default: 16 8): 2 to 15 for evenly spaced values per "
        "tensor, 16 for half precision; tensors up to an eighth of the largest always have 16",
    )
    parser.add_argument("--onnx", action="store_true", help="write network.onnx as well")
    parser.add_argument(
        "--curve",
        action="store_true",
        help="rate-distortion curve for 4 to 16 bits, of images beside that of JPEG",
    )
    _export(parser.parse_args(hyphenated(args)))


def _export(options: argparse.Namespace) -> None:
    run = options.run or options.config
    if run is None:
        raise ValueError("sgn export needs a run: --config runs/image_inr/version_0/config.yaml")
    wrong = [bits for bits in options.bits if not 2 <= bits <= 16]
    if wrong:
        raise ValueError(f"--bits takes numbers from 2 to 16, got {wrong[0]}")
    from sgn_sciml.inr.export.files import export, table
    from sgn_sciml.inr.export.fitted_run import open_fitted
    from sgn_sciml.inr.export.onnx_file import require_onnx

    if options.onnx:
        require_onnx()
    fitted = open_fitted(run, options.ckpt)
    files, found = export(fitted, options.bits, options.onnx, options.curve)
    folder = fitted.folder / "export"
    for name, content in files.items():
        write_whole(folder / name, content)
    write_whole(folder / "export.json", json.dumps(found, indent=2) + "\n")
    print(f"{table(found)}\n\nwrote {folder}")
