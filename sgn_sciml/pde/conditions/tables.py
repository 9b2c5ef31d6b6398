"""Values at points, from arrays and files."""

import csv
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

__all__ = ["read_table"]


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
    if table.shape[1] != len(columns) or not len(table):
        raise ValueError(
            f"{what} has shape {tuple(table.shape)}, expected rows of {len(columns)} numbers: "
            f"{', '.join(columns)}"
        )
    if not table[:, : len(coordinates)].isfinite().all() or table.isinf().any():
        raise ValueError(f"{what} has a row without finite coordinates, or an infinite value")
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
        named = read_csv(path)
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
            f"{path} has {', '.join(named) or 'nothing'}, expected {', '.join(coordinates)} and "
            f"some of {', '.join(fields)}"
        )
    count = len(next(iter(named.values())))
    none = torch.full((count, 1), torch.nan, dtype=torch.float64)
    columns = [named.get(name, none) for name in (*coordinates, *fields)]
    if any(column.shape != (count, 1) for column in columns):
        raise ValueError(f"{path}: coordinates and values must be as many numbers of each")
    return torch.cat(columns, 1)


def read_csv(path: str) -> dict[str, Tensor]:
    """Columns of a CSV file whose first line names them, each ``(N, 1)``; empty cells are nan."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        lines = csv.reader(file, skipinitialspace=True)
        names = [name.strip() for name in next(lines, [])]
        rows = []
        for line in lines:
            if not line:
                continue
            try:
                rows.append([float(cell.strip() or "nan") for cell in line])
            except ValueError as error:
                raise ValueError(f"{path}, line {lines.line_num}: {error}") from error
            if len(line) != len(names):
                raise ValueError(
                    f"{path}, line {lines.line_num}: {len(line)} cells, the first line names "
                    f"{len(names)} columns"
                )
    table = torch.tensor(rows, dtype=torch.float64).reshape(-1, len(names))
    return {name: table[:, i : i + 1] for i, name in enumerate(names)}
