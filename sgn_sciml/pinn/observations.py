"""Noisy observations of a solution at scattered points, for inverse problems."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from sgn_sciml.layouts.grid_fields import GridFields
from sgn_sciml.pde.conditions.tables import read_table, require_inside

__all__ = ["Observations", "read_observations"]


def read_observations(path: str, coordinates: tuple[str, ...], fields: tuple[str, ...]) -> Tensor:
    """Read a file of points and values.

    Args:
        path: CSV with a column per coordinate and per observed field, in any order, npz with an
            array of each, or npy with such columns.
        coordinates: Names of the d coordinates.
        fields: Names of the f fields; what has no column, or an empty cell, is nan.

    Returns:
        Points and fields, shape ``(N, d + f)``, in float64.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: As :func:`~sgn_sciml.pde.conditions.tables.read_table`.
    """
    if Path(path).is_dir():
        raise ValueError(f"{path} is a folder, not a file of observations")
    if not Path(path).is_file():
        raise FileNotFoundError(f"no file of observations {path}")
    return read_table(path, coordinates, fields)


@dataclass(frozen=True)
class Observations:
    """Where a solution is known, and how well.

    Args:
        path: File of points and values, see :func:`read_observations`; None takes points of the
            reference grid.
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
                require_inside(table[:, :d], "observations", coordinates, *domain)
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
