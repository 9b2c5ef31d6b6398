"""Marching cubes by slabs: one closed surface, whatever the slabs, and files of it."""

import numpy as np
import pytest
import torch

from sgn_sciml.geometry.triangles import TriangleSurface
from sgn_sciml.inr.shapes.evaluation import compare
from sgn_sciml.inr.shapes.formulas import Sphere, Torus
from sgn_sciml.inr.shapes.made import knot
from sgn_sciml.inr.shapes.marching import zero_surface
from sgn_sciml.inr.shapes.mesh_writer import write_mesh
from sgn_sciml.inr.shapes.surfaces import Frame, MeshSurface, triangles

trimesh = pytest.importorskip("trimesh")
LIKE = torch.zeros(())


def surface_of(shape, resolution, **options):
    return zero_surface(lambda p: shape.distance(p)[:, None], resolution, LIKE, **options)


def is_closed(faces):
    ends = np.stack([faces, np.roll(faces, -1, 1)], -1).reshape(-1, 2)
    forward = {tuple(edge) for edge in ends.tolist()}
    return len(forward) == len(ends) and {(b, a) for a, b in forward} == forward


@pytest.mark.parametrize("planes", [1, 2, 7, 100])
def test_slabs_meet_in_one_closed_surface(planes):
    whole = surface_of(Torus(), 24)
    vertices, faces = surface_of(Torus(), 24, at_once=planes * 25**2)
    assert (len(vertices), len(faces)) == tuple(map(len, whole))
    assert is_closed(faces)
    np.testing.assert_allclose(np.sort(vertices, 0), np.sort(whole[0], 0), atol=1e-6)


def test_the_surface_is_that_of_the_ball():
    vertices, faces = surface_of(Sphere(0.6), 40)
    radius = np.linalg.norm(vertices, axis=1)
    assert np.abs(radius - 0.6).max() < 2e-3
    volume = TriangleSurface(vertices.astype(float), faces).volume
    assert volume == pytest.approx(4 / 3 * np.pi * 0.6**3, rel=5e-3)  # positive: normals outwards


def test_what_reaches_the_border_is_closed_there():
    assert is_closed(surface_of(Sphere(1.3), 12, at_once=300)[1])


def test_a_function_of_one_sign_has_no_surface():
    vertices, faces = zero_surface(lambda p: p[:, :1] * 0 + 1, 5, LIKE)
    assert (vertices.shape, faces.shape) == ((0, 3), (0, 3))
    with pytest.raises(ValueError, match="NaN or infinite"):
        zero_surface(lambda p: p[:, :1] * float("nan"), 5, LIKE)


def test_two_spheres_are_as_far_apart_as_their_radii():
    inner, outer = (surface_of(Sphere(radius), 32) for radius in (0.5, 0.6))
    found = compare(triangles(*inner), triangles(*outer), count=500)
    assert found.to_truth.mean() == pytest.approx(0.1, abs=2e-3)
    assert found.to_found.mean() == pytest.approx(0.1, abs=2e-3)
    assert found.cosines_to_truth.min() > 0.98


def test_the_knot_is_closed_and_turned_outwards():
    vertices, faces = knot(240, 30)
    assert is_closed(faces)
    assert MeshSurface(TriangleSurface(vertices, faces)).surface.volume > 0


@pytest.mark.parametrize("ending", ["ply", "stl", "obj", "off", "glb"])
def test_a_mesh_is_written_in_the_coordinates_of_the_file(tmp_path, ending):
    vertices, faces = surface_of(Sphere(0.6), 8)
    placed = Frame((10.0, 20.0, 30.0), 50.0).outward(vertices)
    assert not write_mesh(tmp_path / f"found.{ending}", placed, faces, "a ball")
    read = trimesh.load(str(tmp_path / f"found.{ending}"), force="mesh", process=False)
    assert len(read.faces) == len(faces)
    np.testing.assert_allclose(read.bounds, [placed.min(0), placed.max(0)], atol=1e-4)


def test_digits_of_far_coordinates_are_written_or_the_loss_is_told(tmp_path):
    vertices, faces = surface_of(Sphere(0.6), 8)
    placed = Frame((1e6, -1e6, 0.0), 1e-3).outward(vertices)
    for ending in ("ply", "obj"):
        assert not write_mesh(tmp_path / f"far.{ending}", placed, faces)
        read = trimesh.load(str(tmp_path / f"far.{ending}"), process=False)
        np.testing.assert_allclose(read.bounds[1] - read.bounds[0], 1.2e-3, rtol=0.02)
    assert "write ply instead" in write_mesh(tmp_path / "far.stl", placed, faces)
    with pytest.raises(ValueError, match="not 'txt'"):
        write_mesh(tmp_path / "far.txt", placed, faces)
