"""PNG, JPEG and others as viewers show them."""

import struct
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from sgn_sciml.inr.images import read_image
from tests.inr.png import GREY, GREY_OPACITY, PALETTE, RGB, RGB_OPACITY, chunk, png

CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_OPACITY: 2, RGB_OPACITY: 4}
DEPTHS = {GREY: (1, 2, 4, 8, 16), PALETTE: (1, 2, 4, 8)}
RNG = np.random.default_rng(0)
COLOURS = RNG.integers(0, 256, (12, 16, 3), dtype=np.uint8)


def on_white(values, opacity):
    return values * opacity + 1 - opacity


@st.composite
def png_files(draw):
    """A file and what it shows."""
    kind = draw(st.sampled_from(sorted(CHANNELS)))
    depth = draw(st.sampled_from(DEPTHS.get(kind, (8, 16))))
    shape = draw(st.integers(1, 9)), draw(st.integers(1, 9)), CHANNELS[kind]
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    pixels, top = rng.integers(0, 2**depth, shape), 2**depth - 1
    keyed, chunks = draw(st.booleans()), {}
    shown, opacity = pixels / top, np.ones((*shape[:2], 1))
    if kind == PALETTE:
        palette, alpha = rng.integers(0, 256, (2**depth, 3)), rng.integers(0, 256, 2**depth)
        chunks["PLTE"] = palette.astype("u1").tobytes()
        shown = palette[pixels[..., 0]] / 255
        if keyed:
            chunks["tRNS"] = alpha.astype("u1").tobytes()
            opacity = alpha[pixels] / 255
    elif kind in (GREY_OPACITY, RGB_OPACITY):
        shown, opacity = shown[..., :-1], shown[..., -1:]
    elif keyed:
        key = pixels[0, 0]
        chunks["tRNS"] = struct.pack(f">{len(key)}H", *key)
        opacity = (pixels != key).any(-1, keepdims=True)
    filters = draw(st.lists(st.integers(0, 4), min_size=1, max_size=5))
    return png(pixels, kind, depth, filters, **chunks), on_white(shown, opacity)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(png_files())
def test_png_of_any_depth_palette_and_transparency(tmp_path_factory, case):
    path = tmp_path_factory.getbasetemp() / "fuzzed.png"
    path.write_bytes(case[0])
    np.testing.assert_allclose(read_image(str(path)), case[1], atol=1e-6)


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_image_lies_as_viewers_turn_it(suffix, orientation, tmp_path):
    path, exif = tmp_path / f"turned.{suffix}", Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(COLOURS).save(path, exif=exif, lossless=True)
    right = np.asarray(ImageOps.exif_transpose(Image.open(path)))
    np.testing.assert_allclose(read_image(str(path)), right / 255, atol=1e-6)


def test_sixteen_bits_keep_their_orientation(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = RNG.integers(0, 65536, (3, 5, 3))
    content = png(pixels, RGB, 16, eXIf=exif.tobytes().removeprefix(b"Exif\0\0"))
    (tmp_path / "turned.png").write_bytes(content)
    found = read_image(str(tmp_path / "turned.png"))
    np.testing.assert_allclose(found, np.rot90(pixels, -1) / 65535, atol=1e-6)


def test_broken_exif_costs_no_image(tmp_path):
    path = tmp_path / "p.png"
    Image.fromarray(COLOURS).save(path, exif=b"Exif\0\0MM\0*broken")
    np.testing.assert_allclose(read_image(str(path)), COLOURS / 255, atol=1e-6)


@pytest.mark.parametrize("suffix", ["bmp", "ppm", "webp", "jpg", "tif"])
def test_the_content_tells_the_format_not_the_name(suffix, tmp_path):
    path = tmp_path / f"p.{suffix}"
    Image.fromarray(COLOURS).save(path, lossless=True)
    (tmp_path / "q.png").write_bytes(path.read_bytes())
    right = np.asarray(Image.open(path).convert("RGB")) / 255
    np.testing.assert_allclose(read_image(str(tmp_path / "q.png")), right, atol=1e-6)


def test_grey_of_twelve_bits_in_pgm(tmp_path):
    grey = RNG.integers(0, 4096, (3, 4))
    (tmp_path / "p.pgm").write_bytes(b"P5 4 3 4095\n" + grey.astype(">u2").tobytes())
    found = read_image(str(tmp_path / "p.pgm"))[..., 0]
    np.testing.assert_allclose(found, grey / 4095, atol=1e-5)


def test_the_transparent_colour_of_a_gif_is_white(tmp_path):
    image = Image.fromarray(COLOURS[..., 0])
    key = int(COLOURS[0, 0, 0])
    image.save(tmp_path / "p.gif", transparency=key)
    right = np.where(COLOURS[..., :1] == key, 1, COLOURS[..., :1] / 255)
    found = read_image(str(tmp_path / "p.gif"))
    np.testing.assert_allclose(found, np.broadcast_to(right, found.shape), atol=1e-6)


def saved(path, mode="RGB", **options):
    Image.fromarray(COLOURS).convert(mode).save(path, **options)
    return str(path)


def test_a_phones_photo_is_the_first_of_its_file(tmp_path):
    small = Image.fromarray(COLOURS[::2, ::2])
    path = saved(tmp_path / "p.mpo", format="MPO", save_all=True, append_images=[small])
    assert read_image(path).shape == COLOURS.shape


@pytest.mark.parametrize("suffix", ["gif", "png", "webp"])
def test_several_images_are_a_question(suffix, tmp_path):
    turned = Image.fromarray(COLOURS).rotate(180)
    path = saved(tmp_path / f"p.{suffix}", save_all=True, append_images=[turned])
    with pytest.raises(ValueError, match="holds 2 images: save the one"):
        read_image(path)


def test_inks_are_named(tmp_path):
    with pytest.raises(ValueError, match=r"inks \(CMYK\), which are not read: save it as RGB"):
        read_image(saved(tmp_path / "p.jpg", "CMYK"))


def test_other_formats_are_named(tmp_path):
    with pytest.raises(ValueError, match="an image of type TGA, which is not read: save it as"):
        read_image(saved(tmp_path / "p.tga"))


def test_deep_colours_that_pillow_halves_are_named(tmp_path):
    (tmp_path / "p.ppm").write_bytes(b"P6 1 2 65535\n" + bytes(12))
    with pytest.raises(ValueError, match="colours of 16 bit"):
        read_image(str(tmp_path / "p.ppm"))


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "bmp", "webp", "ppm", "tif"])
def test_half_an_image_is_refused(suffix, tmp_path):
    path = tmp_path / f"p.{suffix}"
    saved(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ValueError, match=r"cannot be read as an image: \w") as error:
        read_image(str(path))
    assert "\n" not in str(error.value)


def test_a_flipped_bit_of_a_png_is_seen(tmp_path):
    path = tmp_path / "p.png"
    saved(path, compress_level=0)
    content = bytearray(path.read_bytes())
    content[300] ^= 4
    path.write_bytes(content)
    with pytest.raises(ValueError, match="cannot be read as an image"):
        read_image(str(path))


def test_no_fixed_number_of_pixels_is_too_many(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_image(saved(tmp_path / "p.png")).shape == COLOURS.shape
    assert Image.MAX_IMAGE_PIXELS == 10


def test_an_image_beyond_memory_is_refused_by_its_size(tmp_path):
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 10**6, 10**6, 8, 2, 0, 0, 0))
    body = header + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
    (tmp_path / "p.png").write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    with pytest.raises(ValueError, match=r"1000000 x 1000000 x 3 values need .* GB"):
        read_image(str(tmp_path / "p.png"))


@pytest.mark.parametrize("kind", ["uint32", "int8", "int16", "int32", "int64", "uint64"])
def test_integers_whose_white_is_unknown_are_refused(kind, tmp_path):
    np.save(tmp_path / "p.npy", np.arange(6, dtype=kind).reshape(2, 3))
    with pytest.raises(ValueError, match=f"numbers of type {kind}.*save it as 8 or 16 bit"):
        read_image(str(tmp_path / "p.npy"))


@pytest.mark.parametrize("kind", ["uint8", "uint16", ">u2", "bool", "float16", ">f8"])
def test_an_array_of_a_known_range_is_an_image(kind, tmp_path):
    values = np.array([[0.0, 1.0], [1.0, 0.0]])
    top = np.iinfo(kind).max if np.dtype(kind).kind == "u" else 1
    np.save(tmp_path / "p.npy", (values * top).astype(kind))
    np.testing.assert_array_equal(read_image(str(tmp_path / "p.npy"))[..., 0], values)
