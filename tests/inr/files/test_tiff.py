"""TIFF files: channels, planes, orders of bytes, compression, pages."""

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from sgn_sciml.inr.images import read_image

RNG = np.random.default_rng(0)
EXTRA = {"unspecified": 0, "assocalpha": 1, "unassalpha": 2}


def written(path, values, **options):
    options.setdefault("photometric", "minisblack")
    tifffile.imwrite(path, values, **options)
    return str(path)


def shown(colour, opacity, extra):
    """Colours on white, by the kind of the further channel."""
    if extra == "unspecified":
        return colour
    return (colour if extra == "assocalpha" else colour * opacity) + 1 - opacity


@st.composite
def tiff_files(draw):
    """Numbers as stored, how to store them, and what they show."""
    dtype = np.dtype(draw(st.sampled_from(["u1", "u2", "u4", "f4", "f8"])))
    kind = draw(st.sampled_from(["minisblack", "miniswhite", "rgb"]))
    extra = draw(st.sampled_from([None, *EXTRA])) if kind != "miniswhite" else None
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    shape = draw(st.integers(2, 30)), draw(st.integers(2, 30))
    colour = rng.random((*shape, 3 if kind == "rgb" else 1))
    opacity = rng.random((*shape, 1))
    if extra == "assocalpha":
        colour = colour * opacity
    top = np.iinfo(dtype).max if dtype.kind == "u" else 1
    stored = colour if extra is None else np.concatenate([colour, opacity], -1)
    stored = (np.round(stored * top) if dtype.kind == "u" else stored).astype(dtype)
    right = stored.astype(float) / top
    if extra is not None:
        right = shown(right[..., :-1], right[..., -1:], extra)
    right = 1 - right if kind == "miniswhite" else right
    options = {
        "photometric": kind,
        "compression": draw(st.sampled_from([None, "zlib", "lzma"])),
        "byteorder": draw(st.sampled_from("<>")),
        **draw(st.sampled_from([{}, {"tile": (16, 16)}, {"rowsperstrip": 7}])),
    }
    if stored.shape[-1] == 1:
        stored = stored[..., 0]
    else:
        planes = options["planarconfig"] = draw(st.sampled_from(["contig", "separate"]))
        stored = np.moveaxis(stored, -1, 0) if planes == "separate" else stored
    if extra is not None:
        options["extrasamples"] = [extra]
    return stored, options, right


@settings(max_examples=100, deadline=None, derandomize=True)
@given(tiff_files())
def test_what_the_tags_say_of_the_channels_holds(tmp_path_factory, case):
    stored, options, right = case
    path = written(tmp_path_factory.getbasetemp() / "fuzzed.tif", stored, **options)
    np.testing.assert_allclose(read_image(path), right, atol=1e-6)


MODES = {"1": 1, "L": 1, "P": 3, "RGB": 3, "I;16": 1}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("orientation", [1, 6])
def test_what_libtiff_unpacks(mode, orientation, tmp_path):
    """LZW, which tifffile leaves to another package."""
    pixels = RNG.integers(0, 256, (9, 7, 3), dtype=np.uint8)
    if mode == "I;16":
        image = Image.fromarray(RNG.integers(0, 65536, (9, 7), dtype=np.uint16))
    else:
        image = Image.fromarray(pixels).convert(mode)
    exif = Image.Exif()
    exif[0x0112] = orientation
    image.save(tmp_path / "p.tif", compression="tiff_lzw", exif=exif)
    turned = ImageOps.exif_transpose(Image.open(tmp_path / "p.tif"))
    if mode == "I;16":
        right = np.asarray(turned)[..., None] / 65535
    else:
        right = np.asarray(turned.convert("RGB"))[..., : MODES[mode]] / 255
    np.testing.assert_allclose(read_image(str(tmp_path / "p.tif")), right, atol=1e-6)


@pytest.mark.parametrize("extra", [None, "unspecified", "unassalpha"])
@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_compressed_colours_of_sixteen_bits(extra, byteorder, tmp_path, monkeypatch):
    pixels = RNG.integers(0, 65536, (9, 7, 3 if extra is None else 4), dtype=np.uint16)
    options = {} if extra is None else {"extrasamples": [extra]}
    path = written(
        tmp_path / "p.tif",
        pixels,
        photometric="rgb",
        compression="zlib",
        predictor=True,
        byteorder=byteorder,
        **options,
    )
    right = read_image(path)

    def missing(page):
        raise ValueError("requires the 'imagecodecs' package")

    monkeypatch.setattr(tifffile.TiffPage, "asarray", missing)
    np.testing.assert_array_equal(read_image(path), right)
    assert right.shape == (9, 7, 3)


def test_a_codec_that_is_missing_is_named(tmp_path, monkeypatch):
    path = written(tmp_path / "p.tif", RNG.random((5, 4)), compression="zlib")

    def missing(page):
        raise ValueError("requires the 'imagecodecs' package")

    monkeypatch.setattr(tifffile.TiffPage, "asarray", missing)
    with pytest.raises(ValueError, match=r"compressed by ADOBE_DEFLATE.*pip install imagecodecs"):
        read_image(path)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_tiff_lies_as_viewers_turn_it(orientation, tmp_path):
    numbers = np.arange(12, dtype=np.int32).reshape(3, 4)
    image = Image.fromarray(numbers)
    image.getexif()[0x0112] = orientation
    pixels = RNG.integers(0, 65536, (3, 4, 3), dtype=np.uint16)
    tag = [(274, 3, 1, orientation, True)]
    path = written(tmp_path / "p.tif", pixels, photometric="rgb", extratags=tag)
    right = pixels.reshape(12, 3)[np.asarray(ImageOps.exif_transpose(image))] / 65535
    np.testing.assert_allclose(read_image(path), right, atol=1e-6)


@pytest.mark.parametrize("factor", [257, 256, 1])
def test_a_palette_of_any_half(factor, tmp_path):
    palette = RNG.integers(0, 256, (3, 256), dtype=np.uint16)
    numbers = RNG.integers(0, 256, (5, 6), dtype=np.uint8)
    path = written(
        tmp_path / "p.tif", numbers, photometric="palette", colormap=palette * np.uint16(factor)
    )
    np.testing.assert_allclose(read_image(path), palette.T[numbers] / 255, atol=1e-6)


def test_a_thumbnail_is_not_a_page(tmp_path):
    pixels = RNG.integers(0, 256, (8, 6, 3), dtype=np.uint8)
    with tifffile.TiffWriter(tmp_path / "p.tif") as file:
        file.write(pixels[::2, ::2], photometric="rgb", subfiletype=1)
        file.write(pixels, photometric="rgb")
    np.testing.assert_allclose(read_image(str(tmp_path / "p.tif")), pixels / 255, atol=1e-6)


@pytest.mark.parametrize("imagej", [True, False])
def test_pages_are_a_question(imagej, tmp_path):
    stack = RNG.integers(0, 256, (3, 5, 6), dtype=np.uint8)
    path = written(tmp_path / "p.tif", stack, imagej=imagej)
    with pytest.raises(ValueError, match="holds 3 pages: save the one to fit"):
        read_image(path)


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        (np.zeros((5, 4, 4), "u1"), {"photometric": "separated"}, "type SEPARATED"),
        (np.zeros((5, 4, 3), "u1"), {"photometric": "cielab"}, "type CIELAB"),
        (np.zeros((5, 4, 4), "u1"), {"planarconfig": "contig"}, "has 4 channels"),
        (np.zeros((5, 4, 5), "u1"), {"photometric": "rgb"}, "has 5 channels"),
        (np.zeros((5, 4), "i2"), {}, "numbers of type int16"),
        (np.zeros((5, 4), "c8"), {}, "numbers of type complex64"),
        (np.full((5, 4), 7.0), {}, r"outside \[0, 1\]"),
    ],
)
def test_what_has_no_reading_is_named(values, options, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        read_image(written(tmp_path / "p.tif", values, **options))
