import numpy as np
import pytest
import torch
from imageio.v3 import imwrite

from sgn_sciml.inr import ImageData
from sgn_sciml.inr.images import SHIPPED, read_image


def loaded(**kwargs):
    data = ImageData(**kwargs)
    data.setup("fit")
    return data.description


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_images_lie_in_the_unit_range(name):
    image = read_image(name)
    assert image.dtype == np.float32
    assert 0 <= image.min() < image.max() <= 1


def test_an_image_is_channels_first_and_resized():
    signal = loaded(path="astronaut", size=(20, 30))
    assert signal.values.shape == (3, 20, 30)
    assert signal.axes == ("y", "x")


@pytest.mark.parametrize(("shape", "found"), [((30, 40), (36, 48)), ((40, 30), (48, 36))])
def test_one_number_is_the_longer_side_and_a_circle_stays_one(tmp_path, shape, found):
    y, x = np.indices(shape) - np.array(shape).reshape(2, 1, 1) / 2 + 0.5
    disk = 255 * (x**2 + y**2 < 100)
    imwrite(tmp_path / "disk.png", disk.astype("uint8"))
    signal = loaded(path=str(tmp_path / "disk.png"), size=48)
    assert signal.grid == found
    inside = signal.values[0] > 0.5
    assert inside.any(0).sum() == inside.any(1).sum()


def test_a_dim_image_is_to_a_network_what_a_bright_one_is(tmp_path):
    bright = np.linspace(0, 65520, 64).reshape(8, 8).astype("uint16")
    for name, pixels in (("bright", bright), ("dim", bright // 16)):
        imwrite(tmp_path / f"{name}.png", pixels)
    bright, dim = (loaded(path=str(tmp_path / f"{name}.png")) for name in ("bright", "dim"))
    assert (bright.low, bright.high, bright.reach) == (0, 1, (0, 1))
    assert (dim.low, dim.high) == (0, 1)  # the peak of the PSNR
    assert dim.reach == pytest.approx((0, 4095 / 65535))
    assert torch.allclose(dim.scaled, bright.scaled, atol=1e-3)
    assert dim.about()["range"] == list(dim.reach)


def test_the_range_of_a_masked_image_is_that_of_what_is_known(tmp_path):
    pixels, mask = np.arange(64, dtype="uint8").reshape(8, 8), np.full((8, 8), 255, "uint8")
    pixels[0], mask[0] = 255, 0
    for name, image in (("image", pixels), ("mask", mask)):
        imwrite(tmp_path / f"{name}.png", image)
    found = loaded(path=str(tmp_path / "image.png"), mask=str(tmp_path / "mask.png"))
    assert found.reach == pytest.approx((8 / 255, 63 / 255))


def test_the_middle_is_kept():
    signal = loaded(path="camera", crop=100)
    assert torch.equal(
        signal.values[0], torch.from_numpy(read_image("camera")[206:306, 206:306, 0])
    )


def test_grey_is_the_luminance():
    rgb = read_image("astronaut")
    grey = loaded(path="astronaut", grey=True).values[0]
    expected = rgb @ np.array([0.2125, 0.7154, 0.0721], dtype=np.float32)
    assert np.allclose(grey, expected, atol=1e-6)


@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_a_file_is_read_back(suffix, kind, tmp_path):
    path = tmp_path / f"image.{suffix}"
    values = np.arange(30, dtype=kind).reshape(6, 5) * (np.iinfo(kind).max // 29)
    imwrite(path, values)
    found = loaded(path=str(path)).values[0]
    assert np.allclose(found, values / np.iinfo(kind).max, atol=1e-6)


def test_transparent_parts_are_white(tmp_path):
    rgba = np.zeros((2, 2, 4), dtype=np.uint8)
    rgba[0, :, 3] = 255  # the first row is black, the second transparent
    imwrite(tmp_path / "p.png", rgba)
    assert loaded(path=str(tmp_path / "p.png")).values[:, :, 0].tolist() == [[0, 1]] * 3


def test_opacity_is_a_channel_by_which_the_others_are_multiplied(tmp_path, capsys):
    rgba = np.zeros((2, 2, 4), dtype=np.uint8)
    rgba[:, 0] = (255, 51, 0, 51)
    rgba[:, 1] = (255, 255, 255, 0)  # which nobody sees
    imwrite(tmp_path / "p.png", rgba)
    found = loaded(path=str(tmp_path / "p.png"), opacity=True)
    assert found.opacity
    assert found.values[:, 0].T.tolist() == [pytest.approx([0.2, 0.04, 0.0, 0.2]), [0.0] * 4]
    assert capsys.readouterr().err == ""
    white = loaded(path=str(tmp_path / "p.png"))
    assert white.values[:, 0].T.tolist() == [pytest.approx([1.0, 0.84, 0.8]), [1.0] * 3]
    assert "--data.opacity true" in capsys.readouterr().err
    grey = loaded(path=str(tmp_path / "p.png"), opacity=True, grey=True)
    assert grey.values[:, 0, 0].tolist() == pytest.approx([0.2 * 0.2125 + 0.04 * 0.7154, 0.2])


def test_the_opacity_of_an_opaque_image_is_left_out(tmp_path, capsys):
    rgba = np.full((2, 2, 4), 255, dtype=np.uint8)
    rgba[0, 0] = (9, 8, 7, 255)
    imwrite(tmp_path / "p.png", rgba)
    for opacity in (True, False):
        assert len(loaded(path=str(tmp_path / "p.png"), opacity=opacity).values) == 3
    assert capsys.readouterr().err == ""


def test_an_array_is_an_image(tmp_path):
    np.save(tmp_path / "p.npy", np.array([[0.0, 0.5], [0.25, 1.0]]))
    assert loaded(path=str(tmp_path / "p.npy")).values.tolist() == [[[0.0, 0.5], [0.25, 1.0]]]


def write(path, content):
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        np.save(path, content)
    return str(path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("p.png", b"", "cannot be read"),
        ("p.png", b"not an image", "cannot be read"),
        ("p.npy", np.full((4, 4), 0.5), "are the same"),
        ("p.npy", np.ones((1, 1)), "1 x 1 samples"),
        ("p.npy", np.array([[0.0, np.nan], [1.0, 0.0]]), "NaN"),
        ("p.npy", np.array([[0.0, 2.0], [1.0, 0.0]]), r"outside \[0, 1\]"),
        ("p.npy", np.zeros((4, 4, 7)), "7 channels"),
        ("p.npy", np.zeros(9), "not an image"),
        ("p.npy", np.array([["a", "b"]]), "not an image"),
        ("p.npy", np.zeros((0, 4)), "not an image"),
    ],
)
def test_what_is_not_an_image_is_refused(name, content, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        loaded(path=write(tmp_path / name, content))


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match="is a folder"):
        loaded(path=str(tmp_path))


def test_a_missing_image_names_the_shipped_ones():
    with pytest.raises(FileNotFoundError, match="camera"):
        loaded(path="nowhere.png")


@pytest.mark.parametrize("options", [{"size": 0}, {"crop": (4, 0)}, {"scale": 0.0}])
def test_sizes_out_of_range_are_refused(options):
    with pytest.raises(ValueError, match=r"at least 1|positive"):
        ImageData(**options)


def test_a_mask_is_cropped_and_resized_with_the_image(tmp_path):
    mask = np.zeros((512, 512), dtype=np.uint8)
    mask[:256] = 255
    imwrite(tmp_path / "mask.png", mask)
    found = loaded(path="camera", size=16, crop=256, mask=str(tmp_path / "mask.png")).mask
    assert found[:8].all()
    assert not found[8:].any()


def test_a_mask_of_another_size_is_refused(tmp_path):
    imwrite(tmp_path / "mask.png", np.zeros((5, 5), dtype=np.uint8))
    with pytest.raises(ValueError, match=r"mask .* has \(5, 5\)"):
        loaded(path="camera", mask=str(tmp_path / "mask.png"))


def test_a_crop_larger_than_the_image_is_refused():
    with pytest.raises(ValueError, match="larger than the image"):
        loaded(path="camera", crop=513)
