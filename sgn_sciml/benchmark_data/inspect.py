"""Say what is in a data file, whether it obeys its law, and show some of it."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from sgn_sciml.layouts import JoinedFiles, SgnSamples, Source
from sgn_sciml.system.terminal import printable

__all__ = ["draw", "summary"]

DRAWN = 32  # samples whose spectra are averaged
ROOM = 64 * 2**20  # bytes that drawing reads at most


def summary(source: Source) -> str:
    """What is in a file, as a table; reads only its metadata."""
    files = [inner for path in source.files for inner in _files(path)]
    count = f"{len(files)} files, " if len(files) > 1 else ""
    size = _readable(sum(path.stat().st_size for path in files))
    rows = [
        ("file", f"{source.path} ({count}{size})"),
        ("layout", f"{source.layout}, {_count(source.num_samples, 'sample')}"),
    ]
    for name, field in source.fields.items():
        shape = ", ".join(f"{axis} {n}" for axis, n in field.lengths.items())
        chunks = "x".join(map(str, field.chunks)) if field.chunks else "none"
        rows.append(("field", f"{name}: {field.dtype} ({shape}), chunks {chunks}"))
    for name, values in source.coordinates.items():
        if len(values) > 1:
            steps = np.diff(values)
            uniform = np.ptp(steps) < 1e-3 * abs(steps[0])
            kind = f"step {steps.mean():.6g}" if uniform else "not uniform"
            text = f"{name}: {len(values)} from {values[0]:.6g} to {values[-1]:.6g}, {kind}"
        else:
            text = f"{name}: {values[0]:.6g}"
        rows.append(("coordinate", text))
    rows += [("constant", f"{name} = {_short(v)}") for name, v in source.parameters.items()]
    if isinstance(source, SgnSamples):
        rows += [("made by", ", ".join(f"{k} {v}" for k, v in source.about("versions").items()))]
        for name in source.fields:
            known = source.about(name)
            listed = (f"{k} {known[k]:.4g}" for k in ("mean", "std", "min", "max") if k in known)
            rows.append(("statistics", f"{name}: {', '.join(listed)}"))
        if found := source.about("convergence"):
            text = f"differs by {found['relative_difference']:.1e} from that with"
            count = _count(found["samples"], "sample")
            against = found["against"]
            rows.append(("solver", f"{text} {against} ({count})" if against else "exact"))
    rows += [("by sample", _range(source, name)) for name in source.sample_parameters]
    rows += [("note", note) for note in source.notes]
    if isinstance(source, JoinedFiles) and source.place:
        rows.append(("to train", f"data.init_args.path: {json.dumps(source.place)}"))
    if source.assumed or source.schema:
        rows.append(("to train", f"data.init_args.schema: {_schema(source)}"))
    return "\n".join(printable(f"{name:11}{text}".replace("\n", " ")) for name, text in rows)


def draw(source: Source, path: Path) -> None:
    """Write a figure of samples and spectra of up to three fields or components.

    Raises:
        ValueError: If no field lies over one or two dimensions.
    """
    from sgn_sciml.viz.samples import samples_figure  # matplotlib

    fields: dict[str, Any] = {}
    axes: dict[str, tuple[str, ...]] = {}
    for name, field in source.fields.items():
        if "x" not in field.axes or "z" in field.axes or len(fields) >= 3:
            continue
        sample = max(1, field.dtype.itemsize * int(np.prod(field.shape[1:])))
        count = min(DRAWN, source.num_samples, max(2, ROOM // sample))
        values = source.read(name, slice(count))
        over = tuple(axis for axis in field.axes[1:] if axis != "component")
        if "component" not in field.axes:
            fields[name], axes[name] = values, over
            continue
        for k in range(min(values.shape[-1], 3 - len(fields))):
            fields[f"{name}[{k}]"], axes[f"{name}[{k}]"] = values[..., k], over
    if not fields:
        raise ValueError(f"{source.path} has no field over one or two dimensions to draw")
    figure = samples_figure(fields, axes, source.coordinates, source.path.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def _files(path: Path) -> list[Path]:
    """The file itself, or the files below a folder."""
    return [each for each in path.rglob("*") if each.is_file()] if path.is_dir() else [path]


def _range(source: Source, name: str) -> str:
    """A constant of which every sample has its own."""
    try:
        values = source.sample_parameter(name)
    except ValueError as error:
        return f"{name}: not known, {error}"
    return f"{name}: from {values.min():.6g} to {values.max():.6g}"


def _schema(source: Source) -> str:
    """A configuration's block, on one line, that names how the file is read."""
    axes = {name: " ".join(a or "-" for a in axes) for name, axes in source.stored_axes.items()}
    told = {k: v for k, v in asdict(source.schema).items() if v and k != "axes"}
    return json.dumps({"axes": axes} | told)  # which is YAML too


def _readable(size: float) -> str:
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1024 or unit == "GB":
            break
        size /= 1024
    return f"{size:.3g} {unit}"


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" + ("s" if n != 1 else "")


def _short(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) < 60 else text[:57] + "..."
