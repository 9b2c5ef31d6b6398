"""Pictures of surfaces of triangles, shaded, without a graphics card."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from matplotlib import colormaps
from matplotlib.collections import PolyCollection
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

__all__ = ["SurfaceParts", "surface_figure"]

SurfaceParts: TypeAlias = tuple[NDArray[Any], NDArray[Any] | None]
"""Corners ``(V, 3)`` and faces ``(F, 3)``, or points and None."""

AZIMUTH, ELEVATION = -60.0, 25.0  # of the eye, degrees, z upwards
LIGHT = np.array([-0.35, 0.55, 0.75])  # to the right, upwards, towards the eye
PLAIN = np.array([0.62, 0.68, 0.78])
SMALL = 0.02  # of the size: longer edges are halved, so that depths can be ordered
MOST = 200_000  # triangles
CELLS = 180  # a side, of the grid whose cells are corners of a finer surface
DECADES = 3


def surface_figure(
    parts: Mapping[str, SurfaceParts], error: NDArray[Any] | None = None, unit: str = ""
) -> Figure:
    """Draw surfaces from one direction, on one scale.

    Args:
        parts: What is drawn by its title.
        error: Distance of each triangle of the last part from where it should be, shape ``(F,)``,
            which is drawn in a panel of its own; None for none.
        unit: Name of the unit of length.

    Returns:
        The figure.

    Raises:
        ValueError: If there is nothing to draw.
    """
    corners = [used(*part) for part in parts.values()]
    if not corners or any(not len(each) for each in corners):
        raise ValueError("there is no surface to draw")
    low = np.min([each.min(0) for each in corners], 0)
    high = np.max([each.max(0) for each in corners], 0)
    centre, size = (low + high) / 2, float((high - low).max()) or 1.0
    columns = len(parts) + (error is not None)
    figure = Figure(figsize=(4.2 * columns, 4.4), layout="constrained")
    panels = figure.subplots(1, columns, squeeze=False)[0]
    for panel, (title, (points, faces)) in zip(panels, parts.items(), strict=False):
        draw(panel, (points - centre) / size, faces)
        panel.set_title(title)
    if error is not None:
        points, faces = list(parts.values())[-1]
        top = float(np.quantile(error, 0.999)) or 1.0
        norm = LogNorm(top * 10.0**-DECADES, top, clip=True)
        draw(panels[-1], (points - centre) / size, faces, colormaps["viridis"](norm(error)))
        panels[-1].set_title("distance to target")
        scale: Any = _mappable(norm)
        bar = figure.colorbar(scale, ax=panels[-1], shrink=0.8, extend="both")
        bar.set_label(unit or "units of the file")
    sides = " x ".join(f"{side:.4g}" for side in high - low)
    figure.supxlabel(f"{sides} {unit}".rstrip(), fontsize=9)
    return figure


def used(points: NDArray[Any], faces: NDArray[Any] | None) -> NDArray[Any]:
    """The corners that are drawn."""
    return points if faces is None else points[np.unique(faces)]


def _mappable(norm: LogNorm) -> Any:
    from matplotlib.cm import ScalarMappable

    return ScalarMappable(norm, "viridis")


def turned(points: NDArray[Any]) -> NDArray[Any]:
    """Coordinates to the right, upwards and towards the eye."""
    a, e = np.radians(AZIMUTH), np.radians(ELEVATION)
    right = [-np.sin(a), np.cos(a), 0]
    up = [-np.sin(e) * np.cos(a), -np.sin(e) * np.sin(a), np.cos(e)]
    eye = [np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)]
    found: NDArray[Any] = points @ np.array([right, up, eye]).T
    return found


def draw(
    panel: Any,
    points: NDArray[Any],
    faces: NDArray[Any] | None,
    colours: NDArray[Any] | None = None,
) -> None:
    """Draw one surface into a panel, its size about 1: what is far first."""
    panel.set(xlim=(-0.85, 0.85), ylim=(-0.85, 0.85), aspect="equal")
    panel.axis("off")
    if faces is not None and len(faces) > MOST:
        points, faces, rows = coarser(points, faces)
        colours = None if colours is None else colours[rows]
    seen = turned(points)
    if faces is None:
        order = seen[:, 2].argsort()
        near = seen[order, 2]
        panel.scatter(*seen[order, :2].T, s=1.5, c=near, cmap="Blues", linewidths=0)
        return
    corners = seen[faces]
    rgb = np.tile(PLAIN, (len(corners), 1)) if colours is None else colours[:, :3]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=1)
    kept = lengths > 0
    normals = normals[kept] / lengths[kept, None]
    corners, rgb = corners[kept], rgb[kept]
    # Both sides are lit: an open surface shows its inside, darker.
    light = normals @ (LIGHT / np.linalg.norm(LIGHT))
    light = np.where(normals[:, 2] < 0, -0.6 * light, light)
    shaded = np.clip(rgb * (0.3 + 0.75 * np.clip(light, 0, 1))[:, None], 0, 1)
    corners, shaded = smaller(corners, shaded)
    order = corners[..., 2].mean(1).argsort()
    outlines: Any = corners[order, :, :2]
    shown = PolyCollection(
        outlines,
        facecolors=shaded[order],
        edgecolors=shaded[order],
        linewidths=0.3,
        rasterized=True,
    )
    panel.add_collection(shown, autolim=False)


def coarser(
    points: NDArray[Any], faces: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """A surface of size 1 whose corners in a cell of a grid are one; the triangles that stay.

    matplotlib keeps an object for each triangle: a million would take a minute and a gigabyte.
    """
    cells = np.round(points * CELLS).astype(np.int64)
    _, merged, count = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
    merged = merged.reshape(-1)
    middle = np.stack([np.bincount(merged, weights=x) / count for x in points.T], 1)
    rough = merged[faces]
    rows = np.flatnonzero((rough != np.roll(rough, -1, 1)).all(1))
    rows = rows[np.unique(np.sort(rough[rows], 1), axis=0, return_index=True)[1]]
    return middle, rough[rows], rows


def smaller(corners: NDArray[Any], colours: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Triangles whose longest edges are halved until they are short, or there are many."""
    while True:
        edges = np.roll(corners, -1, 1) - corners
        lengths = np.linalg.norm(edges, axis=-1)
        split = lengths.max(1) > SMALL
        if not split.any() or len(corners) + split.sum() > MOST:
            return corners, colours
        turn = (lengths[split].argmax(1)[:, None] + np.arange(3)) % 3
        a, b, c = np.moveaxis(np.take_along_axis(corners[split], turn[..., None], 1), 1, 0)
        middle = (a + b) / 2
        halves = [np.stack([a, middle, c], 1), np.stack([middle, b, c], 1)]
        corners = np.concatenate([corners[~split], *halves])
        colours = np.concatenate([colours[~split], colours[split], colours[split]])
