"""Noisy observations of a solution at scattered points, for inverse problems."""

import codecs
import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sgn_sciml.layouts.grid_fields import GridFields

__all__ = ["Observations", "read_observations"]


def read_observations(path: str, coordinates: tuple[str, ...], fields: tuple[str, ...]) -> Tensor:
    """Read a CSV file with a column per coordinate and per observed field, in any order.

    Args:
        path: The file; its first line names the columns.
        coordinates: Names of the d coordinates.
        fields: Names of the f fields; what has no column, or an empty cell, is nan.

    Returns:
        Points and fields, shape ``(N, d + f)``, in float64.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If a coordinate or every field is missing, a column comes twice, or a cell is
            no number.
    """
    if Path(path).is_dir():
        raise ValueError(f"{path} is a folder, not a file of observations")
    if not Path(path).is_file():
        raise FileNotFoundError(f"no file of observations {path}")
    with open(path, "rb") as stream:  # spreadsheets put a mark first, and some write UTF-16
        wide = stream.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    with open(path, newline="", encoding="utf-16" if wide else "utf-8-sig") as file:
        rows = csv.DictReader(file, skipinitialspace=True)
        try:
            names = [name.strip() for name in rows.fieldnames or ()]
        except UnicodeError as error:
            raise ValueError(f"{path} is no text in UTF-8 or UTF-16; save it as such") from error
        rows.fieldnames = names
        for name in (*coordinates, *fields):
            if names.count(name) > 1:
                raise ValueError(f"{path} has {names.count(name)} columns called {name}: keep one")
        if not set(coordinates) <= set(names) or not set(fields) & set(names):
            raise ValueError(
                f"{path} has columns {', '.join(names)}, expected {', '.join(coordinates)} and "
                f"some of {', '.join(fields)}"
            )
        try:
            found = [[_number(row, k) for k in (*coordinates, *fields)] for row in rows]
        except ValueError as error:
            raise ValueError(f"{path}, line {rows.line_num}: {error}") from error
    table = torch.tensor(found, dtype=torch.float64).reshape(-1, len(coordinates) + len(fields))
    if not len(table) or not table[:, : len(coordinates)].isfinite().all():
        raise ValueError(f"{path} has no rows, or a row without coordinates")
    return table


def require_inside(
    points: Tensor,
    path: str,
    coordinates: Sequence[str],
    lower: Sequence[float],
    upper: Sequence[float],
) -> None:
    """See that points ``(N, d)`` lie in a box; its faces count as inside.

    Raises:
        ValueError: If one does not.
    """
    for name, column, a, b in zip(coordinates, points.T, lower, upper, strict=True):
        outside = (column < a - 1e-6 * (b - a)) | (column > b + 1e-6 * (b - a))
        if outside.any():
            first = float(column[outside][0])
            raise ValueError(
                f"{path}: {int(outside.sum())} of {len(points)} observations lie outside the "
                f"domain: {name} = {first:g}, which goes from {a:g} to {b:g}"
            )


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


@dataclass(frozen=True)
class Observations:
    """Where a solution is known, and how well.

    Args:
        path: CSV file with a column per coordinate and per observed field; None takes points of
            the reference grid.
        count: Observations, drawn without replacement; None for all.
        noise: Standard deviation of Gaussian noise that is added, as a fraction of that of each
            field over the observations.
        held_out: Share that is kept for validation, in [0, 1).
        seed: Seed of choice and noise; None for that of the points, so that the spread of an
            ensemble holds the uncertainty that comes from the data.

    Raises:
        ValueError: If an argument is out of range.
    """

    path: str | None = None
    count: int | None = None
    noise: float = 0.0
    held_out: float = 0.1
    seed: int | None = None

    def __post_init__(self) -> None:
        if (self.count is not None and self.count < 1) or self.noise < 0:
            raise ValueError(f"Observations: need count >= 1 and noise >= 0, got {self}")
        if not 0 <= self.held_out < 1:
            raise ValueError(f"Observations: need 0 <= held_out < 1, got {self.held_out}")

    def draw(
        self,
        grid: GridFields | None,
        coordinates: tuple[str, ...],
        fields: tuple[str, ...],
        seed: int,
        domain: tuple[Sequence[float], Sequence[float]] | None = None,
    ) -> tuple[Tensor, Tensor, int]:
        """Draw them.

        Args:
            grid: The reference, needed without a file.
            coordinates: Names of the d coordinates.
            fields: Names of the f fields.
            seed: Seed, where they have none of their own.
            domain: Lower and upper corner of the box that they must lie in; None for no box.

        Returns:
            Points ``(N, d)`` and values ``(N, f)`` in float64, and how many of them train: those
            behind are held out. Values of fields that are not observed are nan.

        Raises:
            FileNotFoundError: If the file is missing.
            ValueError: If there is neither file nor grid, fewer observations than asked for, or
                one outside the domain.
        """
        d = len(coordinates)
        if self.path is not None:
            table = read_observations(self.path, coordinates, fields)
            if domain is not None:
                require_inside(table[:, :d], self.path, coordinates, *domain)
        elif grid is not None:
            values = torch.stack([grid.fields[name] for name in fields], -1)
            table = torch.cat([grid.points, values], -1).reshape(-1, d + len(fields)).double()
            table = table[~table[:, d:].isnan().all(1)]  # outside a geometry
        else:
            raise ValueError("observations need a file or a reference: set path or reference")
        count = len(table) if self.count is None else self.count
        if count > len(table):
            raise ValueError(f"{count} observations asked for, there are {len(table)}")
        rng = np.random.default_rng([seed if self.seed is None else self.seed, 1])
        table = table[torch.from_numpy(rng.permutation(len(table))[:count])]
        points, values = table[:, :d], table[:, d:]
        deviation = (values - values.nanmean(0)).square().nanmean(0).sqrt()
        noise = torch.from_numpy(rng.standard_normal(values.shape))
        values = values + self.noise * deviation * noise
        return points, values, max(1, count - round(self.held_out * count))
