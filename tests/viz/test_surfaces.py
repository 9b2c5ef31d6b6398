"""Pictures of surfaces: something is drawn in each panel, and large meshes cost no more."""

import numpy as np
import pytest

from sgn_sciml.inr.shapes.made import knot
from sgn_sciml.viz import surfaces
from sgn_sciml.viz.surfaces import coarser, surface_figure


def test_panels_are_target_prediction_and_distance():
    points, faces = knot(30, 8)
    figure = surface_figure({"target": (points, None), "prediction": (points, faces)},
                            np.linspace(1, 2, len(faces)), "mm")  # fmt: skip
    titles = [panel.get_title() for panel in figure.axes]
    assert titles[:3] == ["target", "prediction", "distance to target"]
    assert all(panel.collections for panel in figure.axes[:3])
    assert figure.get_supxlabel().endswith("mm")
    with pytest.raises(ValueError, match="no surface to draw"):
        surface_figure({"nothing": (points[:0], None)})


def test_a_fine_mesh_is_drawn_by_fewer_triangles(monkeypatch):
    points, faces = knot(240, 40)
    points = points / 100
    monkeypatch.setattr(surfaces, "CELLS", 40)
    rough, kept, rows = coarser(points, faces)
    assert len(kept) == len(rows) < len(faces)
    assert np.abs(rough[kept] - points[faces[rows]]).max() <= 2 / surfaces.CELLS
    monkeypatch.setattr(surfaces, "MOST", 1000)
    figure = surface_figure({"fine": (points, faces)})
    assert 0 < len(figure.axes[0].collections[0].get_paths()) < len(faces)
