"""Values at points, from arrays and files."""

import codecs
import csv
import math
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

__all__ = ["read_table", "require_inside"]


def read_table(source: Any, coordinates: Sequence[str], fields: Sequence[str]) -> Tensor:
    """Points and values.

    Args:
        source: An array of rows, coordinates first, then fields; or a file: CSV with a column of
            each name, npz with an array of each name, npy with such an array of rows. Fields that
            a file does not have, and empty cells, are nan.
        coordinates: Names of the coordinates.
        fields: Names of the fields.

    Returns:
        Float64, shape ``(N, coordinates + fields)``.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it has another shape or other names, or what should be a number is not one.
    """
    what = f"{source}" if isinstance(source, str | Path) else "the array"
    columns = (*coordinates, *fields)
    if isinstance(source, str | Path):
        path = Path(source)
        if not path.is_file():
            raise FileNotFoundError(f"no file of values {path}")
        table = read_file(str(path), path.stat().st_mtime_ns, tuple(coordinates), tuple(fields))
    else:
        table = as_rows(source, what)
    if not len(table):
        raise ValueError(f"{what} has no rows")
    if table.shape[1] != len(columns):
        raise ValueError(
            f"{what} has shape {tuple(table.shape)}, expected rows of {len(columns)} numbers: "
            f"{', '.join(columns)}"
        )
    if not table[:, : len(coordinates)].isfinite().all() or table.isinf().any():
        raise ValueError(f"{what} has a row without coordinates, or an infinite value")
    if not table[:, len(coordinates) :].isfinite().any():
        raise ValueError(f"{what} has no value of {' or '.join(fields)}")
    return table


def as_rows(source: Any, what: str) -> Tensor:
    """An array as rows of numbers, ``(N, columns)``."""
    if isinstance(source, Tensor):
        table = source.detach().cpu().double()
    else:
        try:
            table = torch.from_numpy(np.array(source, dtype=np.float64))
        except (TypeError, ValueError) as error:
            raise ValueError(f"{what} is not an array of numbers: {error}") from error
    table = table[:, None] if table.ndim == 1 else table
    if table.ndim != 2:
        raise ValueError(f"{what} has {table.ndim} dimensions, expected rows: 2")
    return table


@lru_cache(32)  # problems make their conditions anew whenever they are asked for them
def read_file(
    path: str, changed: int, coordinates: Sequence[str], fields: Sequence[str]
) -> Tensor:
    """As :func:`read_table`, of a file that was last changed at some time."""
    kind = Path(path).suffix.lower()
    if kind == ".csv":
        named = read_csv(path, coordinates, fields)
    elif kind in (".npy", ".npz"):
        try:
            loaded = np.load(path)  # never of pickled objects
            found = loaded if kind == ".npy" else {name: loaded[name] for name in loaded.files}
        except (OSError, ValueError) as error:
            raise ValueError(f"{path} cannot be read: {error}") from error
        if kind == ".npy":
            return as_rows(found, path)
        named = {name: as_rows(values, f"{path}, {name}") for name, values in found.items()}
    else:
        raise ValueError(f"{path} is not a CSV, npz or npy file")
    if not set(coordinates) <= set(named) or not set(fields) & set(named):
        raise ValueError(
            f"{path} has {'columns' if kind == '.csv' else 'arrays'} "
            f"{', '.join(named) or 'of no name'}, expected {', '.join(coordinates)} and some of "
            f"{', '.join(fields)}"
        )
    count = len(next(iter(named.values())))
    none = torch.full((count, 1), torch.nan, dtype=torch.float64)
    columns = [named.get(name, none) for name in (*coordinates, *fields)]
    if any(column.shape != (count, 1) for column in columns):
        raise ValueError(f"{path}: coordinates and values must be as many numbers of each")
    return torch.cat(columns, 1)


def read_csv(path: str, coordinates: Sequence[str], fields: Sequence[str]) -> dict[str, Tensor]:
    """Columns of a CSV file by name, each ``(N, 1)``; empty cells are nan.

    Args:
        path: The file; its first line names the columns.
        coordinates: Names of the coordinates.
        fields: Names of the fields; columns of other names are left out.

    Raises:
        ValueError: If a column comes twice, or a cell is not a number.
    """
    with open(path, "rb") as stream:  # spreadsheets put a mark first, and some write UTF-16
        wide = stream.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    with open(path, newline="", encoding="utf-16" if wide else "utf-8-sig") as file:
        rows = csv.DictReader(file, skipinitialspace=True)
        try:
            names = [name.strip() for name in rows.fieldnames or ()]
        except UnicodeError as error:
            raise ValueError(f"{path} is not text in UTF-8 or UTF-16; save it as such") from error
        rows.fieldnames = names
        wanted = [name for name in (*coordinates, *fields) if name in names]
        for name in wanted:
            if names.count(name) > 1:
                raise ValueError(f"{path} has {names.count(name)} columns called {name}: keep one")
        if not set(coordinates) <= set(names) or not set(fields) & set(names):
            return {name: torch.empty(0, 1) for name in names}  # refused, as of other files
        try:
            found = [[_number(row, k) for k in wanted] for row in rows]
        except ValueError as error:
            raise ValueError(f"{path}, line {rows.line_num}: {error}") from error
    table = torch.tensor(found, dtype=torch.float64).reshape(-1, len(wanted))
    return {name: table[:, i : i + 1] for i, name in enumerate(wanted)}


def _number(row: dict[Any, Any], name: str) -> float:
    """The number of a cell, nan if it is empty.

    Raises:
        ValueError: If the row has another number of cells than the first line, or the cell is not
            a finite number.
    """
    if None in row or None in row.values():  # what is left over, what is not there
        count = sum(v is not None for k, v in row.items() if k) + len(row.get(None, ()))
        raise ValueError(
            f"{count} cells where the first line names {len(row) - (None in row)} columns; "
            "write decimal points, not commas"
        )
    text = (row.get(name) or "").strip()
    value = float(text or "nan")
    if math.isinf(value):
        raise ValueError(f"{name} is {text}, which is not a finite number")
    return value


def require_inside(
    points: Tensor,
    what: str,
    coordinates: Sequence[str],
    lower: Sequence[float],
    upper: Sequence[float],
) -> None:
    """See that points ``(N, d)`` lie in a box; its faces count as inside.

    Args:
        points: The points.
        what: What they are called.
        coordinates: Names of the d coordinates.
        lower: Lower corner.
        upper: Upper corner.

    Raises:
        ValueError: If one does not.
    """
    for name, column, a, b in zip(coordinates, points.T, lower, upper, strict=True):
        outside = (column < a - 1e-6 * (b - a)) | (column > b + 1e-6 * (b - a))
        if outside.any():
            first = float(column[outside][0])
            raise ValueError(
                f"{int(outside.sum())} of {len(points)} {what} lie outside the domain: {name} = "
                f"{first:g}, which goes from {a:g} to {b:g}"
            )
