"""NIfTI: values, place and unit survive a round trip, also onto another grid."""

import nibabel
import numpy as np
import pytest

from sgn_sciml.layouts import LayoutError
from sgn_sciml.layouts.volumes.opening import read_placed, summary, write_placed

GRID = (4, 5, 6)


def oblique():
    """A rotation about two axes, a spacing for each, and an origin."""
    a, b = np.radians(20), np.radians(35)
    turn = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    tilt = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    affine = np.eye(4)
    affine[:3, :3] = turn @ tilt @ np.diag([0.8, 1.2, 3.0])
    affine[:3, 3] = [-31.5, 12.25, 7.0]
    return affine


def values(*grid):
    return np.random.default_rng(0).normal(size=grid).astype(np.float32)


@pytest.fixture
def scan(tmp_path):
    path = tmp_path / "scan.nii.gz"
    image = nibabel.Nifti1Image(values(*GRID), oblique())
    image.header.set_xyzt_units("mm")
    nibabel.save(image, path)
    return path


def corners(grid, affine):
    """Places of the outer corners of a grid's cells."""
    numbers = np.array(np.meshgrid(*[(-0.5, n - 0.5) for n in grid], indexing="ij")).reshape(3, -1)
    return affine[:3, :3] @ numbers + affine[:3, 3:]


def test_a_volume_and_its_affine_survive_a_round_trip(scan, tmp_path):
    found = read_placed(scan)
    np.testing.assert_array_equal(found.values, values(*GRID))
    assert (found.placement.unit, found.placement.orientation) == ("mm", "RAS")
    path, why = write_placed(tmp_path / "again.h5", found.values[None], found.placement)
    again = nibabel.load(path)
    assert (path.name, why) == ("again.nii.gz", "")
    np.testing.assert_allclose(again.affine, nibabel.load(scan).affine, atol=1e-6)
    np.testing.assert_array_equal(again.get_fdata(dtype=np.float32), values(*GRID))
    assert again.header.get_xyzt_units()[0] == "mm"


def test_a_finer_grid_fills_the_same_box(scan, tmp_path):
    finer = tuple(2 * n for n in GRID)
    place = read_placed(scan).placement
    path, _ = write_placed(tmp_path / "fine.h5", values(1, *finer), place)
    affine = nibabel.load(path).affine
    np.testing.assert_allclose(corners(finer, affine), corners(GRID, oblique()), atol=1e-4)
    np.testing.assert_allclose(nibabel.affines.voxel_sizes(affine), [0.4, 0.6, 1.5], atol=1e-6)


def test_slope_and_intercept_are_applied(tmp_path):
    image = nibabel.Nifti1Image(np.full(GRID, 100, np.int16), np.eye(4))
    image.header.set_slope_inter(0.5, -1000)
    nibabel.save(image, tmp_path / "ct.nii")
    raw = nibabel.load(tmp_path / "ct.nii")
    np.testing.assert_allclose(read_placed(tmp_path / "ct.nii").values, raw.get_fdata())


def test_one_of_the_volumes_over_time_is_chosen(tmp_path):
    nibabel.save(nibabel.Nifti1Image(values(*GRID, 3), np.eye(4)), tmp_path / "four.nii")
    with pytest.raises(LayoutError, match=r"holds 3 volumes.*frame"):
        read_placed(tmp_path / "four.nii")
    found = read_placed(tmp_path / "four.nii", frame=2)
    np.testing.assert_array_equal(found.values, values(*GRID, 3)[..., 2])
    with pytest.raises(LayoutError, match="frame goes from 0 to 2"):
        read_placed(tmp_path / "four.nii", frame=3)


def test_colours_are_refused(tmp_path):
    kind = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])
    nibabel.save(nibabel.Nifti1Image(np.zeros(GRID, kind), np.eye(4)), tmp_path / "rgb.nii")
    with pytest.raises(LayoutError, match="not real ones"):
        read_placed(tmp_path / "rgb.nii")


def test_a_cut_off_file_is_refused(scan, tmp_path):
    part = tmp_path / "part.nii.gz"
    part.write_bytes(scan.read_bytes()[:-40])
    with pytest.raises(LayoutError, match=r"part\.nii\.gz"):
        read_placed(part)


def test_a_summary_names_spacing_and_orientation(scan):
    text = summary(scan)
    assert "0.8 x 1.2 x 3 mm" in text
    assert "RAS" in text
