"""Images and sounds as files hold what they were given."""

import numpy as np
import pytest
from scipy.io import wavfile
from skimage.io import imread

from sgn_sciml.inr import media
from sgn_sciml.inr.media import write_audio, write_image, write_laplacian, write_slope


def test_colours_come_back_in_their_order(tmp_path, monkeypatch):
    monkeypatch.setattr(media, "BLOCK", 7)
    pixels = np.random.default_rng(0).integers(0, 256, (5, 4, 3), dtype=np.uint8)
    values = pixels.transpose(2, 0, 1) / np.float32(255)
    path = write_image(tmp_path / "p.png", 2 * values - 1, -1.0, 1.0)
    assert np.array_equal(imread(path), pixels)


@pytest.mark.parametrize("colours", [1, 3])
def test_opacity_comes_back_and_colours_where_they_are_seen(colours, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (5, 4, colours + 1), dtype=np.uint8)
    pixels[0, :, -1] = 0
    values = pixels.transpose(2, 0, 1) / np.float32(255)
    values[:-1] *= values[-1]
    found = imread(write_image(tmp_path / "p.png", values, 0.0, 1.0))
    assert np.array_equal(found[1:], pixels[1:])
    assert (found[0] == 0).all()


def test_sixteen_bits_come_back_as_they_were(tmp_path):
    pcm = np.array([-32768, -12345, -1, 0, 1, 32767], dtype=np.int16)
    path = write_audio(tmp_path / "s.wav", pcm[None] / np.float32(32768), 8000)
    assert np.array_equal(wavfile.read(path)[1], pcm)


def test_full_scale_does_not_wrap_around(tmp_path):
    path = write_audio(tmp_path / "s.wav", np.array([[1.0, -1.0]], np.float32), 8000)
    assert wavfile.read(path)[1].tolist() == [32767, -32768]


def test_a_rate_that_no_wav_file_has_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"lower --data\.scale"):
        write_audio(tmp_path / "s.wav", np.zeros((1, 4), np.float32), 2**31)
    assert not list(tmp_path.iterdir())


def test_slopes_are_the_root_of_the_squares_of_all_directions(tmp_path):
    slopes = np.array([3.0, 4.0], np.float32)[:, None, None] * np.array([0, 0.5, 1], np.float32)
    assert imread(write_slope(tmp_path / "s.png", slopes)).tolist() == [[0, 128, 255]]


def test_a_laplacian_is_grey_at_zero_white_where_hollow(tmp_path):
    bends = np.array([-2.0, 0.0, 1.0, 2.0], np.float32).reshape(1, 1, 4)
    assert imread(write_laplacian(tmp_path / "l.png", bends)).tolist() == [[0, 128, 191, 255]]


def test_few_large_slopes_do_not_darken_the_rest(tmp_path):
    slopes = np.ones((1, 100, 100), np.float32)
    slopes[0, 0, 0] = 1e6
    assert (imread(write_slope(tmp_path / "s.png", slopes)) == 255).all()
