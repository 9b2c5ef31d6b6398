"""Files of shapes: what is read, in which frame, and what is refused with one line."""

import numpy as np
import pytest

from sgn_sciml.geometry.mesh_file import NotSolid
from sgn_sciml.inr.shapes.clouds import read_cloud
from sgn_sciml.inr.shapes.files import read_shape
from sgn_sciml.inr.shapes.orientation import estimated_normals

trimesh = pytest.importorskip("trimesh")


def ball(count, seed=0):
    """Points of the unit sphere, which are their own normals."""
    points = np.random.default_rng(seed).standard_normal((count, 3))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def saved(path, mesh, **options):
    mesh.export(str(path), **options)
    return path


def refused(path, words, error=ValueError, **options):
    with pytest.raises(error, match=words) as caught:
        read_shape(path, **options)
    assert "\n" not in str(caught.value)


# -- meshes ----------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["stl", "obj", "ply", "off", "glb"])
def test_a_box_of_any_format_fills_nine_tenths_of_the_frame(tmp_path, ending):
    mesh = trimesh.creation.box((10, 20, 40))
    mesh.apply_translation((100, 0, 0))
    found = read_shape(saved(tmp_path / f"box.{ending}", mesh))
    assert found.frame.centre == pytest.approx((100, 0, 0))
    assert found.frame.half == pytest.approx(20 / 0.9)
    low, high = found.surface.bounds
    np.testing.assert_allclose(high, [0.225, 0.45, 0.9])
    np.testing.assert_allclose(found.frame.outward(low), [95, -10, -20])
    assert found.facts["watertight"] is True
    assert "12 triangles, volume 8000" in found.remark


def test_distances_and_insides_are_those_of_the_box(tmp_path):
    surface = read_shape(saved(tmp_path / "box.off", trimesh.creation.box((2, 2, 2)))).surface
    points = np.random.default_rng(1).uniform(-1, 1, (200, 3))
    beyond = np.abs(points) - 0.9
    exact = np.linalg.norm(np.maximum(beyond, 0), axis=1) + np.minimum(beyond.max(1), 0)
    np.testing.assert_allclose(surface.signed_distance(points), exact, atol=1e-14)
    np.testing.assert_array_equal(surface.inside(points), exact <= 0)


def test_several_bodies_are_counted(tmp_path):
    one, other = trimesh.creation.icosphere(1), trimesh.creation.icosphere(1)
    other.apply_translation((5, 0, 0))
    found = read_shape(saved(tmp_path / "two.ply", one + other))
    assert found.facts["bodies"] == 2
    assert "of 2 closed surfaces" in found.remark


def test_digits_of_coordinates_far_from_the_origin_are_kept(tmp_path):
    mesh = trimesh.creation.box((1e-3, 2e-3, 1e-3))
    mesh.apply_translation((1e6, -1e6, 0))
    found = read_shape(saved(tmp_path / "far.obj", mesh, digits=12))
    assert found.frame.half == pytest.approx(1e-3 / 0.9, rel=1e-6)
    np.testing.assert_allclose(found.surface.bounds[1], [0.45, 0.9, 0.45], atol=1e-6)


def test_triangles_without_an_area_are_left_out(tmp_path):
    mesh = trimesh.creation.box((1, 1, 1))
    faces = np.concatenate([mesh.faces, [[0, 0, 1], [2, 2, 2]]])
    text = "".join(f"v {x} {y} {z}\n" for x, y, z in mesh.vertices)
    path = tmp_path / "thin.obj"
    path.write_text(text + "".join(f"f {a + 1} {b + 1} {c + 1}\n" for a, b, c in faces))
    assert read_shape(path).facts["triangles"] == 12


def test_an_open_mesh_says_what_to_do_and_is_a_surface_all_the_same(tmp_path):
    mesh = trimesh.creation.icosphere(2)
    mesh.update_faces(np.arange(len(mesh.faces)) > 3)
    path = saved(tmp_path / "open.ply", mesh)
    refused(path, r"not watertight.*close its holes.*--data.cloud true", NotSolid)
    found = read_shape(path, cloud=True)
    assert not found.surface.closed
    assert found.surface.oriented
    assert "not watertight: 6 open edges" in found.remark
    points, normals = found.surface.sample(100, 0)
    assert (points * normals).sum(1).min() > 0.8


def test_normals_that_point_to_different_sides_are_not_used(tmp_path):
    mesh = trimesh.creation.icosphere(1)
    faces = np.concatenate([mesh.faces[:5, ::-1], mesh.faces[5:]])
    path = saved(tmp_path / "turned.off", trimesh.Trimesh(mesh.vertices, faces, process=False))
    refused(path, "different sides")
    assert not read_shape(path, cloud=True).surface.oriented


def test_files_that_hold_no_shape(tmp_path):
    refused(tmp_path / "none.stl", "no mesh or file of points", FileNotFoundError)
    refused(tmp_path, "is a folder")
    for name, content in {
        "empty.stl": "",
        "words.obj": "hello\n",
        "flat.off": "OFF\n0 0 0\n",
    }.items():
        (tmp_path / name).write_text(content)
        refused(tmp_path / name, name)
        refused(tmp_path / name, name, cloud=True)
    (tmp_path / "shape.txt").write_text("1 2 3\n")
    refused(tmp_path / "shape.txt", "reads .*stl.*not 'txt'; and points from")
    (tmp_path / "cut.ply").write_text("ply\nformat ascii 1.0\nelement vertex 3\n")
    refused(tmp_path / "cut.ply", "cannot be read as PLY")
    lines = saved(
        tmp_path / "line.off", trimesh.Trimesh([[0, 0, 0]] * 3, [[0, 1, 2]], process=False)
    )
    refused(lines, "line.off")
    refused(lines, "lines or points", cloud=True)


# -- points ----------------------------------------------------------------------------------


def as_text(rows, between=" "):
    return "".join(between.join(f"{v:.17g}" for v in row) + "\n" for row in rows)


def test_points_with_normals_are_the_same_from_every_format(tmp_path):
    points = ball(50)
    rows = np.concatenate([7 * points, points], 1)
    np.save(tmp_path / "a.npy", rows)
    (tmp_path / "a.xyz").write_text("50\n# a remark\n" + as_text(rows))
    (tmp_path / "a.csv").write_text("x,y,z,nx,ny,nz\n" + as_text(rows, ","))
    (tmp_path / "b.csv").write_text(as_text(rows, ";"))
    header = "ply\nformat ascii 1.0\nelement vertex 50\n"
    header += "".join(f"property double {k}\n" for k in ("x", "y", "z", "nx", "ny", "nz"))
    (tmp_path / "a.ply").write_text(header + "end_header\n" + as_text(rows))
    for name in ("a.npy", "a.xyz", "a.csv", "b.csv", "a.ply"):
        found, normals, remark = read_cloud(tmp_path / name)
        np.testing.assert_allclose(found, 7 * points)
        np.testing.assert_allclose(normals, points)
        assert not remark
    shape = read_shape(tmp_path / "a.ply")
    assert shape.facts["normals"] == "given"
    np.testing.assert_allclose(shape.frame.outward(shape.surface.points), 7 * points, atol=1e-12)


def test_colours_are_not_normals(tmp_path):
    path = tmp_path / "colours.xyz"
    path.write_text(as_text(np.concatenate([ball(20), np.full((20, 3), 255)], 1)))
    assert read_cloud(path)[1] is None
    assert "not unit normals" in read_shape(path).remark


def test_points_that_tell_no_surface(tmp_path):
    rows = ball(30)
    for name, table, words in (
        ("few", rows[:5], "5 different points"),
        ("flat", rows * [1, 1, 0], "one plane"),
        ("two", rows[:, :2], "not points"),
        ("nan", np.where(rows == rows[3], np.nan, rows), "point 4 are not finite"),
        ("none", rows[:0], "not points"),
    ):
        np.save(tmp_path / f"{name}.npy", table)
        refused(tmp_path / f"{name}.npy", words)
    for name, text, words in (
        ("words.xyz", as_text(rows) + "end\n", "line 31: 'end' is not a point"),
        ("short.xyz", as_text(rows) + "1 2\n", "line 31: 2 numbers, 3 in the first"),
        ("names.csv", "x,y,w\n1,2,3\n", "expected x, y, z"),
        ("empty.csv", "", "not points"),
    ):
        (tmp_path / name).write_text(text)
        refused(tmp_path / name, words)
    (tmp_path / "bytes.npy").write_bytes(b"nothing")
    refused(tmp_path / "bytes.npy", "no array of real numbers")


def test_estimated_normals_of_a_torus_point_outwards():
    s, t = np.random.default_rng(0).uniform(0, 2 * np.pi, (2, 3000))
    out = np.stack([np.cos(s), np.sin(s), 0 * s], 1)
    normals = np.cos(t)[:, None] * out + np.sin(t)[:, None] * [0, 0, 1]
    found = estimated_normals(out + 0.4 * normals)
    assert (found * normals).sum(1).min() > 0.8


def test_each_part_of_a_cloud_is_turned_outwards():
    points = ball(400)
    away = points + np.array([5, 0, 0])
    both = np.concatenate([points, away])
    found = estimated_normals(both)
    assert (found * np.concatenate([points, points])).sum(1).min() > 0.8
