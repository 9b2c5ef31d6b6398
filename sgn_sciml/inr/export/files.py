"""Files that ``sgn export`` writes of a fitted signal, and the numbers reported of them."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from sgn_sciml.inr.export.fitted_run import FittedRun
from sgn_sciml.inr.export.onnx_file import write_onnx
from sgn_sciml.inr.export.rates import Coded, Rate, cheapest, jpeg_sweep, rate_of, verdict
from sgn_sciml.inr.export.weights import read_weights, stored, write_weights
from sgn_sciml.viz.rates import rate_figure

__all__ = ["export", "table"]

CURVE = range(4, 17)  # bits of the rate-distortion curve
OURS = "network, 4 to 16 bits"


def export(
    fitted: FittedRun, bits: Sequence[int], onnx: bool = False, curve: bool = False
) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Make the files of a fitted signal.

    Args:
        fitted: The signal and its network.
        bits: Bits of the large tensors, a file of weights each.
        onnx: Make ``network.onnx``.
        curve: Make ``rate_distortion.csv`` and ``rate_distortion.png``.

    Returns:
        The files by name, and what ``export.json`` says of them: sizes in bytes, rates in the
        unit named there, peak signal-to-noise ratios in dB.

    Raises:
        ValueError: If the network cannot be exported.
    """
    signal, network = fitted.signal, fitted.task.network
    rate, sweep = rate_of(signal), jpeg_sweep(signal)
    tensors, trained = stored(network, fitted.config), fitted.psnr()
    bits = list(dict.fromkeys(bits))
    contents, coded = _code(fitted, tensors, {*bits, *(CURVE if curve else ())})
    files = {f"weights_{k}bit.npz": contents[k] for k in bits}
    found: dict[str, Any] = {
        "run": str(fitted.folder),
        "checkpoint": fitted.checkpoint.name,
        "step": fitted.step,
        "signal": about(fitted),
        "unit": rate.unit,
        "raw": {"what": rate.raw_name, "rate": rate.raw},
        "trained": {"numbers": sum(t.numel() for t in tensors.values()), "psnr": trained},
        "files": [_row(name, coded[k], sweep, rate) for name, k in zip(files, bits, strict=True)],
        "verdict": verdict([coded[k] for k in bits], sweep, rate),
    }
    if onnx:
        files["network.onnx"], difference = write_onnx(network, *signal.reach)
        found["onnx"] = {
            "file": "network.onnx",
            "bytes": len(files["network.onnx"]),
            "largest_difference": difference,
        }
    if curve:
        ours = [coded[k] for k in CURVE]
        files["rate_distortion.csv"] = _curve_table([*ours, *sweep], rate).encode()
        files["rate_distortion.png"] = _curve_figure(ours, sweep, rate, trained)
    return files, found


def about(fitted: FittedRun) -> dict[str, Any]:
    """What a reader of the weights should know of the signal."""
    signal = fitted.signal
    low, high = signal.reach
    return {
        "kind": signal.kind,
        "grid": list(signal.grid),
        "axes": list(signal.axes),
        "channels": len(signal.values),
        "low": low,
        "high": high,
        "rate": signal.rate,
    }


def _code(
    fitted: FittedRun, tensors: Mapping[str, Tensor], bits: Iterable[int]
) -> tuple[dict[int, bytes], dict[int, Coded]]:
    """Files of weights, and what is left of the signal when they are read again."""
    contents: dict[int, bytes] = {}
    coded: dict[int, Coded] = {}
    for k in tqdm(sorted(bits), desc="rendering", leave=False, disable=None):
        contents[k] = write_weights(tensors, fitted.config, about(fitted), k)
        psnr = fitted.psnr(read_weights(contents[k]).network)
        coded[k] = Coded("network", str(k), len(contents[k]), psnr)
    return contents, coded


def _row(name: str, coded: Coded, sweep: Sequence[Coded], rate: Rate) -> dict[str, Any]:
    """A file of weights in numbers; ``jpeg`` is the rate that JPEG needs for the same PSNR."""
    jpeg = cheapest(sweep, coded.psnr)
    return {
        "file": name,
        "bits": int(coded.setting),
        "bytes": coded.size,
        "rate": rate.per_byte * coded.size,
        "psnr": coded.psnr,
        "jpeg": None if jpeg is None else rate.per_byte * jpeg.size,
    }


def table(found: Mapping[str, Any]) -> str:
    """What was exported, to print."""
    signal, trained = found["signal"], found["trained"]
    grid = " x ".join(map(str, signal["grid"]))
    jpeg = any(each["jpeg"] is not None for each in found["files"])
    lines = [
        f"{found['checkpoint']} of step {found['step']}: {trained['numbers']} numbers for {grid} "
        f"samples ({signal['kind']}), {trained['psnr']:.2f} dB",
        "",
        f"{'file':22}{'bytes':>10}{found['unit']:>18}{'PSNR (dB)':>12}"
        + (f"{'JPEG at that PSNR':>20}" if jpeg else ""),
    ]
    for each in found["files"]:
        line = f"{each['file']:22}{each['bytes']:>10}{each['rate']:>18.3f}{each['psnr']:>12.2f}"
        if jpeg:
            line += f"{'-' if each['jpeg'] is None else format(each['jpeg'], '.3f'):>20}"
        lines.append(line)
    if "onnx" in found:
        line = f"{'network.onnx':22}{found['onnx']['bytes']:>10}"
        gap = found["onnx"]["largest_difference"]
        lines.append(line + ("" if gap is None else f"   within {gap:.1e} in onnxruntime"))
    if found["verdict"]:
        lines += ["", found["verdict"]]
    return "\n".join(lines)


def _curve_table(coded: Sequence[Coded], rate: Rate) -> str:
    text = io.StringIO(newline="")
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(("method", "setting", "bytes", rate.unit.replace(" ", "_"), "psnr"))
    for each in coded:
        spent = rate.per_byte * each.size
        lines.writerow((each.method, each.setting, each.size, f"{spent:.6g}", f"{each.psnr:.4f}"))
    return text.getvalue()


def _curve_figure(
    ours: Sequence[Coded], sweep: Sequence[Coded], rate: Rate, trained: float
) -> bytes:
    curves = {
        name: torch.tensor([(rate.per_byte * each.size, each.psnr) for each in coded])
        for name, coded in {OURS: ours, "JPEG": sweep}.items()
        if coded
    }
    labels = {OURS: [each.setting for each in ours]}
    raw = (rate.raw_name.removeprefix("the "), rate.raw)
    buffer = io.BytesIO()
    rate_figure(curves, rate.unit, labels, raw, trained).savefig(buffer, dpi=120)
    return buffer.getvalue()
