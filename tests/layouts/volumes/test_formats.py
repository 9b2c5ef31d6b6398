"""MRC, NRRD, TIFF stacks and DICOM series as their own libraries write them."""

import mrcfile
import nrrd
import numpy as np
import pydicom
import pytest
import tifffile
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from sgn_sciml.layouts import LayoutError
from sgn_sciml.layouts.volumes.opening import read_placed, write_placed

GRID = (4, 5, 6)
VALUES = np.random.default_rng(0).normal(size=GRID).astype(np.float32)


def write_mrc(path):
    with mrcfile.new(path) as file:
        file.set_data(VALUES.T.copy())  # sections, rows, columns
        file.voxel_size = (1.5, 1.5, 2.0)
        file.header.origin = (10, 20, 30)


def write_nrrd(path):
    header = {
        "space": "left-posterior-superior",
        "space directions": np.diag([1.5, 1.5, 2.0]),
        "space origin": [10, 20, 30],
    }
    nrrd.write(str(path), VALUES, header)


def write_stack(path):
    told = {"axes": "ZYX", "spacing": 2.0, "unit": "um"}
    tifffile.imwrite(
        path,
        VALUES.transpose(2, 1, 0).copy(),
        imagej=True,
        resolution=(1 / 1.5,) * 2,
        metadata=told,
    )


WRITERS = {"v.mrc": write_mrc, "v.nrrd": write_nrrd, "v.tif": write_stack}


@pytest.mark.parametrize("name", WRITERS)
def test_values_and_place_survive_a_round_trip(name, tmp_path):
    WRITERS[name](tmp_path / name)
    found = read_placed(tmp_path / name)
    np.testing.assert_array_equal(found.values, VALUES)
    np.testing.assert_allclose(found.placement.spacing, (1.5, 1.5, 2.0), rtol=1e-6)
    path, why = write_placed(tmp_path / "again.h5", found.values[None], found.placement)
    again = read_placed(path)
    assert (path.suffix, why) == (f".{name[2:]}", "")
    np.testing.assert_array_equal(again.values, VALUES)
    np.testing.assert_allclose(again.placement.affine, found.placement.affine, rtol=1e-6)
    assert again.placement.unit == found.placement.unit
    if name != "v.tif":  # which does not say where it begins
        np.testing.assert_allclose(again.placement.affine[:3, 3], (10, 20, 30))


@pytest.mark.parametrize("name", WRITERS)
def test_a_cut_off_file_is_refused(name, tmp_path):
    path = tmp_path / name
    WRITERS[name](path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(LayoutError, match=name):
        read_placed(path)


def test_an_image_is_not_a_stack(tmp_path):
    tifffile.imwrite(tmp_path / "flat.tif", VALUES[0])
    with pytest.raises(LayoutError, match="a single image"):
        read_placed(tmp_path / "flat.tif")


def slices(folder, heights=(0, 2, 4, 6, 8, 10), values=None):
    """A CT series, a file for each height, in an order of names that is not that of heights."""
    values = VALUES if values is None else values
    folder.mkdir()
    series, study = generate_uid(), generate_uid()
    for k, height in enumerate(heights):
        head = Dataset()
        head.file_meta = FileMetaDataset()
        head.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        head.file_meta.MediaStorageSOPClassUID = head.SOPClassUID = CTImageStorage
        head.file_meta.MediaStorageSOPInstanceUID = head.SOPInstanceUID = generate_uid()
        head.SeriesInstanceUID, head.StudyInstanceUID = series, study
        head.Modality = "CT"
        head.ImagePositionPatient = [10, 20, height]
        head.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        head.PixelSpacing = [1.5, 1.25]  # of rows, of columns
        head.Rows, head.Columns = GRID[1], GRID[0]
        head.SamplesPerPixel, head.PhotometricInterpretation = 1, "MONOCHROME2"
        head.BitsAllocated = head.BitsStored = 16
        head.HighBit, head.PixelRepresentation = 15, 0
        head.RescaleSlope, head.RescaleIntercept = 2, -1000
        head.PixelData = (100 * k + np.arange(20).reshape(GRID[1], GRID[0])).astype("u2").tobytes()
        pydicom.dcmwrite(folder / f"{9 - k}.dcm", head, enforce_file_format=True)
    return folder


def test_slices_are_put_in_the_order_of_their_places(tmp_path):
    found = read_placed(slices(tmp_path / "ct"))
    x, y, z = np.meshgrid(*map(np.arange, GRID), indexing="ij")
    np.testing.assert_array_equal(found.values, 2 * (100 * z + GRID[0] * y + x) - 1000)
    place = found.placement
    assert (place.spacing, place.unit, place.space) == ((1.25, 1.5, 2.0), "mm", "LPS")
    np.testing.assert_array_equal(place.affine[:3, 3], (10, 20, 0))


def test_a_series_is_written_as_nifti_in_its_place(tmp_path):
    found = read_placed(slices(tmp_path / "ct"))
    path, why = write_placed(tmp_path / "again.h5", found.values[None], found.placement)
    again = read_placed(path)
    assert why.startswith("NIfTI")
    turned = np.diag([-1, -1, 1, 1]) @ found.placement.affine  # to right, anterior, superior
    np.testing.assert_allclose(again.placement.affine, turned)


def test_missing_slices_are_named(tmp_path):
    with pytest.raises(LayoutError, match=r"misses slices.*those at 2 and 6 mm are 4 mm"):
        read_placed(slices(tmp_path / "ct", (0, 2, 6, 8, 10)))


def test_slices_at_one_place_are_refused(tmp_path):
    with pytest.raises(LayoutError, match="several slices at 2 mm"):
        read_placed(slices(tmp_path / "ct", (0, 2, 2, 4)))


def test_two_series_are_a_question(tmp_path):
    folder = slices(tmp_path / "ct")
    for path in slices(tmp_path / "other", (0, 3)).iterdir():
        path.rename(folder / f"b{path.name}")
    with pytest.raises(LayoutError, match=r"holds 2 series.*dataset"):
        read_placed(folder)
