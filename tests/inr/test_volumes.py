"""Volumes: what a file or a shape becomes, and what is refused."""

import h5py
import nibabel
import numpy as np
import pytest
import torch

from sgn_sciml.inr.shapes import Bracket, Sphere, Torus
from sgn_sciml.inr.volumes import VolumeData, read_volume


def loaded(**kwargs):
    data = VolumeData(**kwargs)
    data.setup("fit")
    return data.description


def saved(path, values):
    np.save(path, values)
    return str(path)


def test_a_torus_of_64_samples_is_the_default():
    signal = loaded()
    assert (signal.kind, signal.grid, signal.axes) == ("field", (64, 64, 64), ("x", "y", "z"))
    assert signal.low == pytest.approx(-0.25, abs=0.03)


def test_a_shape_is_sampled_in_the_middle_of_cells():
    signal = loaded(shape=Sphere(0.5), size=(2, 3, 4))
    corner = torch.tensor([0.5, 2 / 3, 0.75]).norm() - 0.5
    assert signal.values[0, 0, 0, 0].item() == pytest.approx(corner.item(), abs=1e-6)
    assert signal.grid == (2, 3, 4)
    assert signal.values[0, -1, 1, -1].item() == pytest.approx(0.8125**0.5 - 0.5, abs=1e-6)


def test_occupancy_is_one_inside():
    inside, distance = (loaded(size=16, occupancy=each) for each in (True, False))
    assert (inside.kind, inside.low, inside.high) == ("volume", 0.0, 1.0)
    assert torch.equal(inside.values, (distance.values <= 0).float())


def test_values_of_a_file_are_kept(tmp_path):
    values = np.arange(24.0).reshape(2, 3, 4)
    signal = loaded(path=saved(tmp_path / "v.npy", values))
    assert (signal.kind, signal.low, signal.high) == ("field", 0.0, 23.0)
    np.testing.assert_array_equal(signal.values[0], values)


def test_four_axes_are_channels_first(tmp_path):
    values = np.arange(48, dtype=np.int16).reshape(2, 2, 3, 4)
    signal = loaded(path=saved(tmp_path / "v.npy", values))
    np.testing.assert_array_equal(signal.values, values)


def test_channels_may_be_last(tmp_path):
    values = np.arange(72.0).reshape(4, 3, 2, 3)
    path = saved(tmp_path / "v.npy", values)
    signal = loaded(path=path, channels_last=True)
    assert (signal.grid, signal.axes) == ((4, 3, 2), ("x", "y", "z"))
    np.testing.assert_array_equal(signal.values, np.moveaxis(values, -1, 0))
    np.testing.assert_array_equal(loaded(path=path, channels_last=False).values, values)


@pytest.mark.parametrize("shape", [(8, 8, 8, 3), (4, 5, 6, 4)])
def test_where_channels_may_be_first_or_last_is_a_question(shape, tmp_path):
    path = saved(tmp_path / "v.npy", np.arange(float(np.prod(shape))).reshape(shape))
    with pytest.raises(ValueError, match=r"set channels_last to false or true"):
        loaded(path=path)


@pytest.mark.parametrize("occupancy", [True, False])
def test_booleans_are_a_shape(occupancy, tmp_path):
    values = np.random.default_rng(0).random((3, 4, 5)) > 0.5
    signal = loaded(path=saved(tmp_path / "v.npy", values), occupancy=occupancy)
    assert (signal.kind, signal.low, signal.high) == ("volume", 0.0, 1.0)
    np.testing.assert_array_equal(signal.values[0], values)


def test_of_two_values_the_greater_is_inside(tmp_path):
    values = np.zeros((2, 2, 2), np.uint8)
    values[0, 1, 0] = 255
    signal = loaded(path=saved(tmp_path / "v.npy", values), occupancy=True)
    assert signal.values.sum() == signal.values[0, 0, 1, 0] == 1


def test_more_values_are_no_shape(tmp_path):
    path = saved(tmp_path / "v.npy", np.arange(8.0).reshape(2, 2, 2))
    with pytest.raises(ValueError, match="threshold it first, or set occupancy to false"):
        loaded(path=path, occupancy=True)


def test_a_file_is_resized_over_the_same_box(tmp_path):
    x = (np.arange(32) + 0.5) / 32
    path = saved(tmp_path / "v.npy", np.broadcast_to(x, (32, 32, 32)))
    values = loaded(path=path, size=8).values
    assert values.shape == (1, 8, 8, 8)
    inner = (torch.arange(8) + 0.5)[1:-1] / 8
    torch.testing.assert_close(values[0, 4, 4, 1:-1], inner.double(), atol=1e-4, rtol=0)


def test_a_resized_shape_is_a_shape(tmp_path):
    half = np.zeros((16, 16, 16), bool)
    half[:8] = True
    values = loaded(path=saved(tmp_path / "v.npy", half), size=8).values[0]
    assert (values[:4] == 1).all()
    assert (values[4:] == 0).all()


@pytest.fixture
def archive(tmp_path):
    with h5py.File(tmp_path / "v.h5", "w") as file:
        file["times"] = np.arange(3.0)
        file["scan/density"] = np.arange(24.0).reshape(2, 3, 4)
    return tmp_path / "v.h5"


def test_the_only_volume_of_an_archive_is_taken(archive):
    np.testing.assert_array_equal(read_volume(str(archive)), np.arange(24.0).reshape(2, 3, 4))


def test_one_of_several_volumes_is_named(archive):
    with h5py.File(archive, "a") as file:
        file["mask"] = np.ones((2, 2, 2), bool)
    assert read_volume(str(archive), "mask").dtype == bool
    with pytest.raises(ValueError, match=r"2 volumes.*mask \(2, 2, 2\), scan/density \(2, 3, 4\)"):
        read_volume(str(archive))


def test_an_archive_without_a_volume_says_what_it_has(tmp_path):
    with h5py.File(tmp_path / "v.h5", "w") as file:
        file["times"] = np.arange(3.0)
    with pytest.raises(ValueError, match=r"holds 0 volumes .*: it has times \(3,\)"):
        read_volume(str(tmp_path / "v.h5"))


def test_three_axes_have_no_channels(tmp_path):
    path = saved(tmp_path / "v.npy", np.arange(8.0).reshape(2, 2, 2))
    with pytest.raises(ValueError, match="three axes and no channels"):
        loaded(path=path, channels_last=True)


def test_a_missing_dataset_is_named(archive):
    with pytest.raises(ValueError, match="no data set u; it has scan, times"):
        read_volume(str(archive), "u")


def test_a_cut_archive_is_refused(archive):
    archive.write_bytes(archive.read_bytes()[:3000])
    with pytest.raises(ValueError, match="damaged or incomplete"):
        read_volume(str(archive))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros((4, 4)), r"not a volume of real numbers.* shape \(4, 4\)"),
        (np.zeros((0, 4, 4)), "not a volume of real numbers"),
        (np.zeros((4, 4, 4), complex), "not a volume of real numbers.*complex"),
        (np.full((4, 4, 4), np.nan), "NaN or infinite"),
        (np.ones((4, 4, 4)), "are the same"),
        (np.arange(16.0).reshape(1, 4, 4), "1 x 4 x 4 samples"),
    ],
)
def test_other_arrays_are_refused(values, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        loaded(path=saved(tmp_path / "v.npy", values))


@pytest.mark.parametrize("content", [b"", b"no volume", b"\x93NUMPY\x01\x00broken"])
def test_broken_files_are_refused(content, tmp_path):
    path = tmp_path / "v.npy"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="cannot be read as a volume"):
        loaded(path=str(path))


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no volume .*gone\.npy"):
        loaded(path=str(tmp_path / "gone.npy"))
    with pytest.raises(ValueError, match="is a folder"):
        loaded(path=str(tmp_path))


def test_too_many_samples_are_refused_before_they_are_made():
    with pytest.raises(ValueError, match=r"100000 x 100000 x 100000 .* GB.*make size smaller"):
        VolumeData(size=100_000)


@pytest.mark.parametrize("suffix", ["npy", "h5"])
def test_a_file_beyond_memory_is_refused(suffix, archive, monkeypatch):
    path = (
        str(archive) if suffix == "h5" else saved(archive.with_suffix(".npy"), np.zeros((9, 9, 9)))
    )
    monkeypatch.setattr("os.sysconf", lambda name: 10, raising=False)  # a machine of 100 bytes
    with pytest.raises(ValueError, match=r"of memory.*thin it out first"):
        read_volume(path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 1}, "size must be at least 2"),
        ({"size": (4, 4, 0)}, "size must be at least 2"),
        ({"path": "v.npy", "shape": Torus()}, "either a path or a shape"),
        ({"dataset": "u"}, "give its path"),
        ({"channels_last": True}, "give its path"),
    ],
)
def test_contradictions_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        VolumeData(**options)


def test_the_card_tells_the_shape(tmp_path):
    data = VolumeData(shape=Bracket(angle=10.0), size=8)
    data.setup("fit")
    assert data.description.about()["shape"] == {
        "name": "Bracket",
        "half": (0.75, 0.5, 0.25),
        "radius": 0.4,
        "angle": 10.0,
    }


def test_the_card_tells_the_file(archive):
    data = VolumeData(path=str(archive), dataset="scan/density")
    data.setup("fit")
    about = data.description.about()
    assert about["files"] == [{"path": str(archive)}]
    assert (about["name"], about["dataset"]) == ("v", "scan/density")


def test_a_volume_is_read_as_its_file_means_it(tmp_path):
    values = np.random.default_rng(0).integers(0, 1000, (3, 4, 5))
    path = tmp_path / "v.h5"
    with h5py.File(path, "w") as file:
        file["density"] = values.astype("i2")
        file["density"].attrs["scale_factor"] = 0.25
        file["spectrum"] = values * 1j  # is not a volume
    np.testing.assert_array_equal(read_volume(str(path)), values / 4)
    with h5py.File(path, "a") as file:
        file["density"].attrs["_FillValue"] = np.int16(values[0, 0, 0])
    with pytest.raises(ValueError, match="density has missing values"):
        read_volume(str(path))
    with h5py.File(path, "w") as file:
        file.create_dataset("density", (3, 4, 5), "f4", chunks=(1, 4, 5))[:2] = 1
    with pytest.raises(ValueError, match="density was not written to its end"):
        read_volume(str(path))


def test_a_scan_keeps_its_proportions_and_its_place(tmp_path):
    path = tmp_path / "scan.nii.gz"
    field = np.random.default_rng(0).normal(size=(4, 6, 8)).astype(np.float32)
    nibabel.save(nibabel.Nifti1Image(field, np.diag([3.0, 1.0, 1.0, 1.0])), path)
    signal = loaded(path=str(path), size=(2, 3, 4))
    assert (signal.facts["name"], signal.facts["spacing"]) == ("scan", [6.0, 2.0, 2.0])
    assert signal.extents == (1.0, 0.5, pytest.approx(2 / 3))
    assert signal.centres[0].tolist() == [-0.5, 0.5]
    np.testing.assert_allclose(signal.placement.affine[:3, 3], [1.5, 0.5, 0.5])
