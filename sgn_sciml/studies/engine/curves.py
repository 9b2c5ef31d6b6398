"""The file of a cell's curves: arrays ``name|`` of values and ``name|axis`` of coordinates."""

import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sgn_sciml.studies.engine.cell import Curve
from sgn_sciml.system.archives import refuse_damaged_archive
from sgn_sciml.system.writing import write_whole

__all__ = ["read_curves", "write_curves"]


def write_curves(path: Path, curves: Mapping[str, Curve]) -> None:
    """Write curves by name.

    Raises:
        OSError: If they cannot be written.
    """
    arrays: dict[str, Any] = {}
    for name, curve in curves.items():
        arrays[f"{name}|"] = curve.values
        arrays |= {f"{name}|{axis}": np.asarray(at) for axis, at in curve.axes.items()}
    data = io.BytesIO()
    np.savez_compressed(data, **arrays)
    write_whole(path, data.getvalue(), durable=True)


def read_curves(path: Path) -> dict[str, Curve]:
    """Read curves by name; none if there is no file.

    Raises:
        ValueError: If the file is damaged.
    """
    if not path.is_file():
        return {}
    try:
        if not zipfile.is_zipfile(path):
            raise ValueError(f"{path} is damaged")
        refuse_damaged_archive(path)
        with np.load(path) as data:
            return _as_curves({name: data[name] for name in data.files})
    except (ValueError, LookupError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{error}; run the study again, which makes it anew") from error


def _as_curves(arrays: Mapping[str, Any]) -> dict[str, Curve]:
    """The curves in the arrays of a file: ``name|`` has values, ``name|axis`` coordinates.

    Raises:
        ValueError: If an array is missing, or a name could not be that of a file.
    """
    found = {}
    for key in arrays:
        name, _, axis = key.rpartition("|")
        if re.search(r"[/\\]", name):
            raise ValueError(f"a curve is called {name!r}")
        if not axis:
            axes = {
                k.rpartition("|")[2]: arrays[k].tolist()
                for k in arrays
                if k.startswith(f"{name}|") and k != key
            }
            found[name] = Curve(axes, arrays[key])
    return found
