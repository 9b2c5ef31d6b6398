"""Regions against what is known of them: measures, distances, normals, uniform points."""

import math

import pytest
import torch

from sgn_sciml.geometry import Ball, Box, Cylinder, Difference, Disk, Extruded, Moved, Union

SQRT3 = math.sqrt(3)
LENS = 2 * math.pi / 3 - SQRT3 / 2
TWO = Disk((0, 0), 1, "a"), Disk((1, 0), 1, "b")
PLATE = Box((0, 0), (4, 2)) - Disk((1, 1), 0.5, "hole")
L_SHAPE = Box((-1, -1), (1, 1)) - Box((0, -1), (1, 0), name="notch")

KNOWN = {  # region, its measure, that of its boundary, and how near they come
    "interval": (Box((1,), (4,)), 3, 2, 1e-12),
    "rectangle": (Box((0, 0), (2, 3)), 6, 10, 1e-12),
    "cuboid": (Box((0, 0, 0), (1, 2, 3)), 6, 22, 1e-12),
    "disk": (Disk((1, 2), 3), 9 * math.pi, 6 * math.pi, 1e-12),
    "ball": (Ball((1, 2, 3), 2), 32 / 3 * math.pi, 16 * math.pi, 1e-12),
    "cylinder": (Cylinder((0, 0), 1, 0, 2), 2 * math.pi, 6 * math.pi, 1e-3),
    "union": (Union(TWO), 2 * math.pi - LENS, 8 * math.pi / 3, 1e-4),
    "lens": (TWO[0] & TWO[1], LENS, 4 * math.pi / 3, 1e-4),
    "hole": (PLATE, 8 - math.pi / 4, 12 + math.pi, 1e-12),
    "L": (L_SHAPE, 3, 8, 1e-4),
    "touching": (Box((-1, -1), (0, 1)) | Box((0, 0), (1, 1), "arm"), 3, 8, 1e-4),
    "flush": (Box((0, 0), (2, 1)) | Box((1, 0), (3, 1), "more"), 3, 8, 1e-4),
    "apart": (TWO[0] | Disk((5, 0), 2, "c"), 5 * math.pi, 6 * math.pi, 1e-12),
    "turned": (L_SHAPE.turned(30).moved(3, 4), 3, 8, 1e-4),
    "prism": (Extruded(L_SHAPE, 0, 2), 6, 22, 1e-3),
}
PLANE = [k for k, v in KNOWN.items() if v[0].dimension == 2]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("name", KNOWN)
def test_measures_are_those_of_the_formulas(name):
    region, measure, boundary, error = KNOWN[name]
    assert region.measure == pytest.approx(measure, rel=error)
    assert region.boundary_measure() == pytest.approx(boundary, rel=error)


def test_a_bitten_ball_has_the_volume_of_two_caps():
    d, r, s = 1.0, 1.0, 0.5  # distance of the centres, radii
    common = math.pi * (r + s - d) ** 2 / (12 * d)
    common *= d * d + 2 * d * (r + s) - 3 * (r - s) ** 2
    region = Ball((0, 0, 0), r) - Ball((d, 0, 0), s, "bite")
    assert region.measure == pytest.approx(4 / 3 * math.pi - common, rel=1e-3)


@pytest.mark.parametrize("name", KNOWN)
def test_the_boundary_parts_inside_from_outside_along_its_normals(name):
    region = KNOWN[name][0]
    points, normals = region.sample_boundary(500, generator=generator())
    assert points.shape == normals.shape == (500, region.dimension)
    assert torch.allclose(normals.norm(dim=1), torch.ones(500).double())
    assert region.signed_distance(points).abs().max() < 1e-12
    assert region.contains(points).all()
    step = 1e-7 * normals
    assert (region.signed_distance(points + step) > 0).all()
    assert (region.signed_distance(points - step) < 0).all()


@pytest.mark.parametrize("name", KNOWN)
def test_the_distance_is_one_inside_of_which_it_changes_by_one(name):
    region = KNOWN[name][0]
    lower, upper = map(torch.tensor, region.bounds)
    unit = torch.rand(500, region.dimension, generator=generator(), dtype=torch.float64)
    points = (lower - 0.2 + (upper - lower + 0.4) * unit).requires_grad_()
    (slope,) = torch.autograd.grad(region.signed_distance(points).sum(), points)
    assert torch.allclose(slope.norm(dim=1), torch.ones(500).double())


def test_the_distance_of_an_l_is_that_of_its_nearest_side():
    points = torch.tensor([[-0.5, 0.2], [0.5, 0.7], [0.5, -0.5], [2.0, 2.0]]).double()
    expected = torch.tensor([-0.5, -0.3, 0.5, math.sqrt(2)]).double()
    assert torch.allclose(L_SHAPE.signed_distance(points), expected)


def test_what_was_cut_off_does_not_belong_to_the_region():
    """The outer sides of the notch lie on the box's, but on no boundary."""
    points = torch.tensor([[1.0, -1.0], [1.0, -0.5], [0.5, -1.0], [0.0, 0.0], [1.0, 0.0], [0, -1]])
    expected = [False, False, False, True, True, True]
    for region in (L_SHAPE, L_SHAPE.moved(0, 0), Extruded(L_SHAPE, -1, 1)):
        there = torch.cat([points, 0 * points[:, :1]], 1)[:, : region.dimension].double()
        assert region.contains(there).tolist() == expected


@pytest.mark.parametrize("name", KNOWN)
def test_points_inside_are_uniform(name):
    """The divergence theorem gives moments by the boundary: |x|^2 has the flux of |x|^2 x."""
    region, count = KNOWN[name][0], 40_000
    points = region.sample(count, generator())
    assert region.contains(points).all()
    d = region.dimension
    surface, normals = region.sample_boundary(count, generator=generator(1))
    square = surface.square().sum(1)
    flux = square * (surface * normals).sum(1) / (d + 2)
    expected = float(flux.mean()) * region.boundary_measure() / region.measure
    spread = float(points.square().sum(1).std()) + float(flux.std())
    found = float(points.square().sum(1).mean())
    slack = 5 * spread * max(1, region.boundary_measure() / region.measure) / math.sqrt(count)
    assert abs(found - expected) < slack + 1e-3 * abs(expected)


@pytest.mark.parametrize("name", PLANE)
def test_points_of_the_boundary_are_uniform(name):
    """The normals of a closed curve add up to zero, and the flux of x is twice the area."""
    region, measure = KNOWN[name][:2]
    points, normals = region.sample_boundary(40_000, generator=generator())
    assert normals.mean(0).abs().max() < 5 / math.sqrt(40_000)
    about = points - torch.tensor(region.bounds).double().mean(0)
    flux = (about * normals).sum(1) * region.boundary_measure() / 2
    assert abs(float(flux.mean()) - measure) < 5 * float(flux.std()) / 200 + 1e-3


def test_the_shares_of_parts_are_their_lengths():
    points, _ = PLATE.sample_boundary(50_000, "hole", "left", generator=generator())
    share = float((points[:, 0] == 0).double().mean())
    assert share == pytest.approx(2 / (2 + math.pi), abs=0.01)


def test_equal_generators_draw_equal_points():
    for region in (L_SHAPE, Union(TWO)):
        assert torch.equal(region.sample(99, generator(3)), region.sample(99, generator(3)))
        each = [region.sample_boundary(99, generator=generator(3))[0] for _ in range(2)]
        assert torch.equal(*each)


def test_parts_have_the_names_they_were_given():
    plate = Box((0, 0), (1, 1), "plate") - Disk((0.5, 0.5), 0.1, "hole")
    assert set(plate.parts) == {"hole", "plate", *(f"plate.{s}" for s in SIDES)}
    assert plate.boundary_measure("plate") == 4
    assert plate.boundary_measure("plate.left", "plate.top") == 2
    assert plate.boundary_measure("boundary") == pytest.approx(4 + 0.2 * math.pi)


SIDES = ("left", "right", "bottom", "top")


def test_a_turned_region_has_turned_normals():
    points, normals = Box((0, 0), (2, 1)).turned(90).sample_boundary(20, "right")
    assert torch.allclose(normals, torch.tensor([[0.0, 1.0]]).double().expand(20, 2))
    assert torch.allclose(points[:, 1], torch.full((20,), 2.0).double())
    solid = Cylinder((1, 0), 0.5, 0, 1).turned(90, axis=(0, 1, 0)).moved(0, 0, 2)
    points, normals = solid.sample_boundary(20, "lid")
    assert torch.allclose(points[:, 0], torch.ones(20).double())
    assert torch.allclose(normals, torch.tensor([[1.0, 0, 0]]).double().expand(20, 3))


WRONG = {
    "lies outside the region": lambda: Disk((0, 0), 1) - Disk((5, 5), 1, name="hole"),
    "two regions have a part called 'disk'": lambda: Disk((0, 0), 1) - Disk((0, 0), 0.5),
    "no part 'hle'; its parts are bottom, hole": lambda: PLATE.named("hle"),
    "have nothing in common": lambda: TWO[0] & Disk((9, 9), 1),
    "2, 3. dimensions do not combine": lambda: TWO[0] | Ball((0, 0, 0), 1),
    "at least two regions, got 1": lambda: Union((TWO[0],)),
    "needs one to three numbers lower < upper": lambda: Box((0, 1), (1, 1)),
    "the radius must be positive, got 0": lambda: Disk((0, 0), 0),
    "the center needs 3 numbers": lambda: Ball((0, 0), 1),
    "needs low < high": lambda: Cylinder((0, 0), 1, 2, 1),
    "the base has 3 dimensions": lambda: Extruded(Ball((0, 0, 0), 1), 0, 1),
    "a side is called 'lid'": lambda: Extruded(Disk((0, 0), 1, "lid"), 0, 1),
    "a shift in 2 dimensions needs 2 numbers": lambda: Disk((0, 0), 1).moved(1),
    "an interval does not turn": lambda: Moved(Box((0,), (1,)), degrees=3),
    "the region .* is empty": lambda: (TWO[0] - Disk((0, 0), 2)).sample(3),
    "the part notch.right of the boundary is empty": lambda: L_SHAPE.sample_boundary(
        3, "notch.right"
    ),
}


@pytest.mark.parametrize("message", WRONG)
def test_what_is_wrong_is_said_in_one_line(message):
    with pytest.raises(ValueError, match=message) as error:
        WRONG[message]()
    assert "\n" not in str(error.value)


FORMULAS = {
    **{k: KNOWN[k][0] for k in ("interval", "rectangle", "cuboid", "disk", "ball", "hole", "L")},
    **{k: KNOWN[k][0] for k in ("union", "lens", "turned", "cylinder", "prism")},
}


@pytest.mark.parametrize("name", FORMULAS)
def test_the_approximate_distance_is_zero_on_the_boundary_with_unit_slope(name):
    region = FORMULAS[name]
    inside = region.sample(500, generator())
    assert (region.approximate_distance(inside) > 0).all()
    points, normals = region.sample_boundary(200, generator=generator())
    points.requires_grad_()
    values = region.approximate_distance(points)
    assert values.shape == (200, 1)
    assert values.abs().max() < 1e-12
    inner = (points - 1e-5 * normals).detach()  # where parts meet, roots have no slope
    slope = region.approximate_distance(inner)[:, 0] / 1e-5
    assert float(slope.median()) == pytest.approx(1, abs=1e-3)


def test_the_approximate_distance_of_parts_is_zero_there_alone():
    plate = PLATE
    for parts, others in ((("hole",), ("left",)), (("left", "top"), ("hole", "right"))):
        on = plate.approximate_distance(plate.sample_boundary(100, *parts)[0], *parts)
        off = plate.approximate_distance(plate.sample_boundary(100, *others)[0], *parts)
        assert on.abs().max() < 1e-12 < 0.001 < off.min()
    with pytest.raises(ValueError, match="a union has a formula for its whole boundary only"):
        Union(TWO).approximate_distance(torch.zeros(1, 2), "a")
    with pytest.raises(ValueError, match="a union of regions that touch has no formula"):
        KNOWN["touching"][0].approximate_distance(torch.zeros(1, 2))


def test_holes_of_holes_keep_their_normals():
    ring = Disk((0, 0), 2, "outer") - Disk((0, 0), 1, "inner")
    region = Difference(Box((-3, -3), (3, 3)), (ring,))
    for part, sign in (("outer", -1), ("inner", 1)):
        points, normals = region.sample_boundary(50, part)
        radial = (points * normals).sum(1) / points.norm(dim=1)
        assert torch.allclose(radial, torch.full((50,), float(sign)).double())
    assert region.measure == pytest.approx(36 - 3 * math.pi)
