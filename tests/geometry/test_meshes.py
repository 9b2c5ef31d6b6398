"""Solids from mesh files against formulas: distances, normals, parts, and what is refused."""

import math
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from jsonargparse import ArgumentParser

from sgn_sciml.geometry import Ball, Box, Mesh, Region
from tests.conftest import ROOT

CUBE = Box((-0.5, -1, -1.5), (0.5, 1, 1.5))
BRACKET = ROOT / "examples" / "bracket.obj"
L_SHAPE = Box((0, 0, 0), (20, 10, 20)) - Box((10, -1, 10), (30, 11, 30), "cut")
trimesh = pytest.importorskip("trimesh")


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def around(region, count, more=0.5):
    low, high = (torch.tensor(c, dtype=torch.float64) for c in region.bounds)
    unit = torch.rand(count, 3, generator=generator(), dtype=torch.float64)
    return low + (high - low) * (unit * (1 + 2 * more) - more)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Files of a cuboid, a ball and a ring."""
    path = tmp_path_factory.mktemp("meshes")
    cuboid = trimesh.creation.box((1, 2, 3))
    for name in ("stl", "obj", "ply", "off", "glb"):
        cuboid.export(path / f"cuboid.{name}")
    cuboid.export(path / "text.stl", file_type="stl_ascii")
    trimesh.creation.icosphere(3).export(path / "ball.stl")
    ring = trimesh.creation.torus(1, 0.3, major_sections=24, minor_sections=12)
    ring.export(path / "ring.ply")
    return path


# -- distances, volumes, points --------------------------------------------------------------


@pytest.mark.parametrize("name", ["stl", "obj", "ply", "off", "glb", "text.stl"])
def test_a_cuboid_of_any_format_is_the_box(folder, name):
    mesh = Mesh(folder / (name if "." in name else f"cuboid.{name}"))
    assert (mesh.bounds, mesh.parts) == (CUBE.bounds, ("mesh",))
    assert mesh.measure == pytest.approx(6, rel=1e-14)
    assert mesh.boundary_measure() == pytest.approx(22, rel=1e-14)
    points = around(CUBE, 500)
    assert torch.allclose(mesh.signed_distance(points), CUBE.signed_distance(points), atol=1e-14)


def test_a_scale_makes_other_units(folder):
    mesh = Mesh(folder / "cuboid.stl", 10)
    assert mesh.bounds == ((-5, -10, -15), (5, 10, 15))
    assert mesh.measure == pytest.approx(6000)


@pytest.mark.parametrize("name", ["ball.stl", "ring.ply"])
def test_distances_are_those_to_the_nearest_of_all_triangles(folder, name):
    mesh, own = Mesh(folder / name), trimesh.load_mesh(folder / name)
    points = around(mesh, 60).numpy()
    pairs = np.repeat(own.triangles, len(points), 0), np.tile(points, (len(own.faces), 1))
    nearest = trimesh.triangles.closest_point(*pairs).reshape(-1, len(points), 3)
    expected = np.linalg.norm(nearest - points, axis=-1).min(0)
    found = mesh.signed_distance(torch.from_numpy(points))
    assert torch.allclose(found.abs(), torch.from_numpy(expected), atol=1e-13)


def test_a_ring_is_inside_where_its_formula_says_so(folder):
    points = around(mesh := Mesh(folder / "ring.ply"), 4000, 0.1)
    from_circle = points[:, :2].norm(dim=1) - 1
    exact = torch.hypot(from_circle, points[:, 2]) - 0.3
    clear = exact.abs() > 0.03  # chords lie that far from the arcs
    assert torch.equal(mesh.signed_distance(points)[clear] < 0, exact[clear] < 0)
    assert torch.equal(mesh.within(points), mesh.signed_distance(points) <= 0)


def test_signs_are_right_beside_edges_that_point_inwards():
    mesh = Mesh(BRACKET)
    assert mesh.measure == pytest.approx(3000)
    points = around(L_SHAPE, 4000, 0.2)
    exact = L_SHAPE.signed_distance(points)
    found = mesh.signed_distance(points)
    assert torch.equal(found < 0, exact < 0)
    assert torch.equal(mesh.within(points), exact < 0)
    assert (found.abs() >= exact.abs() - 1e-9).all()  # of booleans, a lower bound


def test_precision_and_shape_follow_the_points(folder):
    mesh = Mesh(folder / "ball.stl")
    found = mesh.signed_distance(torch.tensor([[0.0, 0, 0], [2, 0, 0]]))
    assert found.dtype == torch.float32
    assert found.tolist() == pytest.approx([-1, 1], abs=0.02)
    assert mesh.signed_distance(torch.zeros(0, 3)).shape == (0,)


def test_points_are_even_on_the_surface_and_normals_point_outwards(folder):
    mesh = Mesh(folder / "ball.stl")
    points, normals = mesh.sample_boundary(3000, generator=generator())
    assert mesh.signed_distance(points).abs().max() < 1e-12
    assert (points * normals).sum(1).min() > 0.99
    assert points.mean(0).abs().max() < 0.05
    assert torch.allclose(points.T @ points / 3000, torch.eye(3).double() / 3, atol=0.03)
    again, _ = mesh.sample_boundary(3000, generator=generator())
    assert torch.equal(points, again)
    inside = mesh.sample(3000, generator())
    assert (mesh.signed_distance(inside) <= 0).all()
    assert float(inside.square().sum(1).mean()) == pytest.approx(0.6, abs=0.02)


def test_numbers_of_the_unit_square_keep_ratios_of_areas():
    side = 40
    line = (torch.arange(side, dtype=torch.float64) + 0.5) / side
    unit = torch.cartesian_prod(line, line)
    (foot,) = Mesh(BRACKET).named("foot")
    points, normals = foot.place(unit)
    assert torch.equal(normals, torch.tensor([[0.0, 0, -1]]).double().expand(side**2, 3))
    cells = torch.histogramdd(points[:, :2], bins=[4, 2], range=[0.0, 20, 0, 10]).hist
    assert cells.min() > 0.9 * side**2 / 8


# -- parts -----------------------------------------------------------------------------------

SOLIDS = """solid bottom
{}endsolid bottom
solid sides and top
{}endsolid sides and top
"""


def facets(triangles):
    corners = ["".join(f"vertex {x} {y} {z}\n" for x, y, z in corner) for corner in triangles]
    return "".join(f"facet normal 0 0 0\nouter loop\n{c}endloop\nendfacet\n" for c in corners)


def test_groups_of_the_file_are_parts(tmp_path):
    assert Mesh(BRACKET).parts == ("arm", "foot", "skin")
    assert Mesh(BRACKET).boundary_measure("arm") == pytest.approx(100)
    assert Mesh(BRACKET, name="l").parts == ("l", "l.arm", "l.foot", "l.skin")
    cuboid = trimesh.creation.box((1, 2, 3))
    low = cuboid.face_normals[:, 2] < -0.5
    text = SOLIDS.format(*(facets(cuboid.triangles[rows]) for rows in (low, ~low)))
    (tmp_path / "two.stl").write_text(text)
    mesh = Mesh(tmp_path / "two.stl")
    assert mesh.parts == ("bottom", "sides and top")
    assert mesh.boundary_measure("bottom") == pytest.approx(2)


def test_parts_end_at_sharp_edges(folder):
    cuboid = Mesh(folder / "cuboid.stl", angle=45)
    assert cuboid.parts == tuple(f"face{k}" for k in range(6))
    assert [round(cuboid.boundary_measure(part)) for part in cuboid.parts] == [6, 6, 3, 3, 2, 2]
    points, normals = cuboid.sample_boundary(9, "face0", generator=generator())
    assert (points[:, 0] / normals[:, 0] == 0.5).all()
    assert Mesh(folder / "ball.stl", angle=45).parts == ("face0",)
    assert "face5: 2 triangles, area 2, centre (0, 0, 1.5)" in str(cuboid)


def test_parts_are_named_by_tests_of_centres_and_normals(folder):
    where = {"top": lambda x, n: n[:, 2] > 0.9, "right": lambda x, n: x[:, 0] == 0.5}
    mesh = Mesh(folder / "cuboid.stl", where=where)
    assert mesh.parts == ("rest", "right", "top")
    assert mesh.boundary_measure("top") == pytest.approx(2)
    assert mesh.boundary_measure("rest") == pytest.approx(14)
    assert {mesh, Mesh(folder / "cuboid.stl", where=where)} == {mesh}
    assert repr(mesh).startswith("Mesh('cuboid.stl', scale=1, parts=rest, right, top, sha256=")


# -- with others -----------------------------------------------------------------------------


def test_a_mesh_is_cut_and_moved(folder):
    mesh = Mesh(folder / "ball.stl")
    bitten = mesh - Box((0, 0, 0), (2, 2, 2), "bite")
    points = bitten.sample(500, generator())
    assert not (points > 0).all(1).any()
    points, normals = bitten.sample_boundary(300, "bite", generator=generator())
    assert (normals >= 0).all()  # out of the rest is into the bite
    assert (points >= 0).all()
    plate = Box((-2, -2, -2), (2, 2, 2)) - mesh.turned(30).moved(0.5, 0, 0)
    points, normals = plate.sample_boundary(300, "mesh", generator=generator())
    inward = (points - torch.tensor([0.5, 0, 0])) * normals
    assert (inward.sum(1) < -0.99).all()
    assert (plate.signed_distance(points).abs() < 1e-9).all()


def test_measures_of_what_is_cut_come_near():
    mesh = Mesh(BRACKET, 0.1) & Box((-1, -1, -1), (3, 0.5, 3), "half")
    assert mesh.measure == pytest.approx(1.5, rel=1e-3)


def test_a_convex_solid_of_few_planes_has_a_formula(folder):
    mesh = Mesh(folder / "cuboid.stl", angle=45)
    points, normals = mesh.sample_boundary(200, generator=generator())
    assert mesh.approximate_distance(points).abs().max() < 1e-12
    slope = mesh.approximate_distance(points - 1e-5 * normals)[:, 0] / 1e-5
    assert float(slope.median()) == pytest.approx(1, abs=1e-3)
    assert (mesh.approximate_distance(CUBE.sample(200, generator())) > 0).all()
    one = mesh.approximate_distance(points, "face0")[:, 0]
    assert torch.allclose(one, points[:, 0] + 0.5)


# -- what is refused -------------------------------------------------------------------------


def cut(folder, name, less):
    return (folder / name).read_bytes()[:-less]


def overlapping(shift, invert=False):
    one, other = trimesh.creation.icosphere(1), trimesh.creation.icosphere(1, 0.5)
    other.apply_translation((shift, 0, 0))
    if invert:
        other.invert()
    return (one + other).export(file_type="stl")


FILES = {  # what is wrong with a file: its name and its contents
    "holds no triangles: it is empty, cut off": ("a.stl", lambda f: cut(f, "cuboid.stl", 60)),
    "holds no triangles: it is empty": ("a.stl", lambda f: b""),
    "holds no triangles: .* not what its ending says": ("a.obj", lambda f: b"nothing\n" * 40),
    "cannot be read as PLY, it is cut off or": ("a.ply", lambda f: cut(f, "cuboid.ply", 60)),
    "cannot be read as OFF, it is cut off or of": ("a.off", lambda f: b"nothing\n" * 40),
    "4 of 8 edges do not belong to two triangles": ("a.off", lambda f: cut(f, "cuboid.off", 60)),
    "Mesh reads glb, gltf, obj, off, ply, stl, not 'step'": ("a.step", lambda f: b"ISO-10303"),
    "Mesh reads .* not 'files without an ending'": ("a", lambda f: b""),
    "its surface overlaps itself": ("a.stl", lambda f: overlapping(1)),
    "or normals of one of its bodies point the wrong": ("a.stl", lambda f: overlapping(0)),
    "some of its coordinates are not finite": (
        "a.off",
        lambda f: (f / "cuboid.off").read_bytes().replace(b"-1.5000000000", b"nan"),
    ),
    "normals of neighbouring triangles point to different sides": (
        "a.obj",
        lambda f: BRACKET.read_bytes().replace(b"f 1 7 8", b"f 7 1 8"),
    ),
    "its surface is flat: it encloses no volume": (
        "a.obj",
        lambda f: b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\nf 3 2 1\n",
    ),
    "is not watertight: 3 of 3 edges": (
        "a.obj",
        lambda f: b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n",
    ),
}


@pytest.mark.parametrize("message", FILES)
def test_what_is_wrong_with_a_file_is_said_in_one_line(message, folder, tmp_path):
    name, contents = FILES[message]
    (tmp_path / name).write_bytes(contents(folder))
    with pytest.raises(ValueError, match=message) as error:
        Mesh(tmp_path / name)
    assert "\n" not in str(error.value)


OTHERS = {
    "there is no file nowhere.stl": lambda f: Mesh("nowhere.stl"),
    "the scale must be a positive number, got 0": lambda f: Mesh(BRACKET, 0),
    "the angle must be between 0 and 180, got 200": lambda f: Mesh(BRACKET, angle=200),
    "1280 faces meet at more than 0.1 degrees": lambda f: Mesh(f / "ball.stl", angle=0.1),
    "the part 'a' has no triangles: its test holds for none .* and .20, 10, 20": lambda f: Mesh(
        BRACKET, where={"a": lambda x, n: x[:, 0] > 99}
    ),
    "the test of 'a' must return a boolean for each of 20 triangles, got torch.f": lambda f: Mesh(
        BRACKET, where={"a": lambda x, n: x[:, 0]}
    ),
    "another part is called 'foot'": lambda f: Mesh(
        BRACKET, where={"foot": lambda x, n: x[:, 0] > 0}
    ),
    "no part 'ams'; its parts are arm, foot": lambda f: Mesh(BRACKET).named("ams"),
    "convex solid of at most 32 plane faces": lambda f: Mesh(BRACKET).approximate_distance(ZERO),
    "take the condition out of `imposed`": lambda f: Mesh(f / "ball.stl").approximate_distance(
        ZERO
    ),
}
ZERO = torch.zeros(1, 3)


@pytest.mark.parametrize("message", OTHERS)
def test_what_else_is_wrong_is_said_in_one_line(message, folder):
    with pytest.raises((ValueError, FileNotFoundError), match=message) as error:
        OTHERS[message](folder)
    assert "\n" not in str(error.value)


def test_bodies_beside_and_within_one_another(tmp_path):
    (tmp_path / "two.stl").write_bytes(overlapping(3))
    one = trimesh.creation.icosphere(1).volume
    assert Mesh(tmp_path / "two.stl").measure == pytest.approx(one * 1.125, rel=1e-5)
    (tmp_path / "hollow.stl").write_bytes(overlapping(0, invert=True))
    hollow = Mesh(tmp_path / "hollow.stl")
    assert hollow.measure == pytest.approx(one * 0.875, rel=1e-5)
    assert hollow.within(torch.tensor([[0.0, 0, 0], [0.7, 0, 0]])).tolist() == [False, True]


def test_normals_that_all_point_inwards_are_turned(tmp_path):
    ball = trimesh.creation.icosphere(1)
    ball.invert()
    ball.export(tmp_path / "a.stl")
    points, normals = Mesh(tmp_path / "a.stl").sample_boundary(9)
    assert ((points * normals).sum(1) > 0).all()


def test_without_trimesh_a_mesh_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "trimesh", None)
    monkeypatch.setattr("sgn_sciml.system.extras.extras_with", lambda module: ["geometry"])
    with pytest.raises(ImportError, match=r"Mesh needs trimesh: pip install 'sgn-sciml\[geom"):
        Mesh("part.stl")


def is_low(centres, normals):
    return normals[:, 2] < -0.9


def test_a_mesh_is_read_from_a_configuration():
    parser = ArgumentParser(exit_on_error=False)
    parser.add_argument("--region", type=Region)
    init_args = {"path": str(BRACKET), "scale": 0.1, "where": {"low": f"{__name__}.is_low"}}
    parsed = parser.parse_object({"region": {"class_path": "Mesh", "init_args": init_args}})
    region = parser.instantiate_classes(parsed).region
    assert region.boundary_measure("low") == pytest.approx(2)
    assert Path(region.path) == BRACKET
    again = parser.parse_string(parser.dump(parsed))
    assert parser.instantiate_classes(again).region == region


def test_the_ball_of_a_mesh_is_near_the_ball(folder):
    mesh, ball = Mesh(folder / "ball.stl"), Ball((0, 0, 0), 1)
    points = around(ball, 500)
    assert (mesh.signed_distance(points) - ball.signed_distance(points)).abs().max() < 0.01
    assert mesh.measure == pytest.approx(4 / 3 * math.pi, rel=0.01)
