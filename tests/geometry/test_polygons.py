"""Polygons, by Shapely, and what is said without it."""

import math
import sys

import pytest
import torch

from sgn_sciml.geometry import Box, Disk, Polygon

L_CORNERS = ((-1, -1), (0, -1), (0, 0), (1, 0), (1, 1), (-1, 1))
STAR = tuple(
    (r * math.cos(k * math.pi / 5), r * math.sin(k * math.pi / 5))
    for k, r in enumerate((2.0, 0.8) * 5)
)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_without_shapely_a_polygon_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "shapely", None)
    monkeypatch.setattr("sgn_sciml.system.extras.extras_with", lambda module: ["geometry"])
    with pytest.raises(ImportError, match=r"Polygon needs shapely: pip install 'sgn-sciml\[geom"):
        Polygon(L_CORNERS)


WRONG = {
    "sides cross or touch one another: Self-inter": (((0, 0), (1, 1), (1, 0), (0, 1)), ()),
    "needs three corners or more": (((0, 0), (1, 1)), ()),
    "it has no area|cross or touch": (((0, 0), (1, 1), (2, 2)), ()),
    "1 names for 3 sides": (((0, 0), (1, 1), (1, 0)), ("a",)),
}


class TestPolygons:
    @pytest.fixture(autouse=True)
    def _needs_shapely(self):
        pytest.importorskip("shapely")

    @pytest.mark.parametrize("corners", [L_CORNERS, L_CORNERS[::-1], STAR], ids=["L", "cw", "*"])
    def test_normals_distances_and_formulas(self, corners):
        region = Polygon(corners)
        points, normals = region.sample_boundary(400, generator=generator())
        step = 1e-7 * normals
        assert (region.signed_distance(points + step) > 0).all()
        assert (region.signed_distance(points - step) < 0).all()
        inside = region.sample(1000, generator())
        assert (region.approximate_distance(inside) > 0).all()
        assert region.approximate_distance(points).abs().max() < 1e-12
        inner = region.approximate_distance(points - 1e-6 * normals)[:, 0] / 1e-6
        assert float(inner.median()) == pytest.approx(1, abs=1e-3)

    def test_area_and_perimeter_are_exact(self):
        assert Polygon(L_CORNERS).measure == 3
        assert Polygon(L_CORNERS).boundary_measure() == 8
        area = 10 * 0.5 * 2 * 0.8 * math.sin(math.pi / 5)
        assert Polygon(STAR).measure == pytest.approx(area, rel=1e-14)

    def test_its_distance_is_that_of_the_same_boxes(self):
        boxes = Box((-1, -1), (1, 1)) - Box((0, -1), (1, 0), "notch")
        points = boxes.sample(1000, generator())
        ours = Polygon(L_CORNERS).signed_distance(points)
        assert (ours <= boxes.signed_distance(points) + 1e-12).all()  # there a lower bound
        convex = points[:, 1] > 0.5
        assert torch.allclose(ours[convex], boxes.signed_distance(points)[convex])

    def test_sides_share_names(self):
        names = ("wall", "corner", "corner", "wall", "wall", "wall")
        region = Polygon(L_CORNERS, names)
        assert region.parts == ("corner", "wall")
        assert region.boundary_measure("corner") == 2
        points, normals = region.sample_boundary(2000, "corner", generator=generator())
        right = normals[:, 0] > 0.5
        assert (points[right, 0] == 0).all()
        assert (points[~right, 1] == 0).all()
        assert float(right.double().mean()) == pytest.approx(0.5, abs=0.05)

    def test_a_polygon_may_have_holes(self):
        region = Polygon(L_CORNERS) - Disk((-0.5, 0.5), 0.2, "hole")
        assert region.measure == pytest.approx(3 - 0.04 * math.pi, rel=1e-12)

    @pytest.mark.parametrize("message", WRONG)
    def test_what_is_wrong_is_said_in_one_line(self, message):
        with pytest.raises(ValueError, match=message) as error:
            Polygon(*WRONG[message])
        assert "\n" not in str(error.value)
