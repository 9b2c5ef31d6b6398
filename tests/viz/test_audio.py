import math

import numpy as np
import pytest
import torch

from sgn_sciml.viz.audio import audio_figure

RATE = 8000


def tone(frequency, n=4000):
    return torch.sin(2 * math.pi * frequency * torch.arange(n) / RATE)


def panels(figure):
    figure.canvas.draw()
    return {axis.get_title(): axis for axis in figure.axes if axis.get_title()}


def spectrograms(figure):
    return {t: a.images[0] for t, a in panels(figure).items() if a.images}


def test_target_and_prediction_share_a_colour_scale():
    found = spectrograms(audio_figure(tone(1000), 0.1 * tone(1000), RATE))
    assert found["target"].get_clim() == found["prediction"].get_clim() == (-80, 0)


@pytest.mark.parametrize("part", ["target", "prediction", "error"])
def test_a_spectrogram_peaks_at_the_tone(part):
    spectrogram = spectrograms(audio_figure(tone(1000), 0.5 * tone(1000), RATE))[part]
    rows = spectrogram.get_array().mean(1)
    low, high = spectrogram.get_extent()[2:]
    assert low + (high - low) * rows.argmax() / (len(rows) - 1) == pytest.approx(1.0)


def test_levels_are_relative_to_the_targets_loudest():
    found = spectrograms(audio_figure(tone(1000), 0.9 * tone(1000), RATE))
    assert found["target"].get_array().max() == 0
    assert found["error"].get_array().max() == pytest.approx(-20, abs=1e-3)
    assert found["error"].get_clim()[1] == pytest.approx(-20, abs=1e-3)


def test_the_zoom_shows_the_loudest_part():
    quiet = 0.1 * tone(500)
    target = quiet.clone()
    target[2000:2160] *= 10
    lines = panels(audio_figure(target, quiet, RATE))["loudest 20 ms"].lines
    np.testing.assert_allclose(lines[0].get_ydata(), target[2000:2160])
    np.testing.assert_allclose(lines[1].get_ydata(), quiet[2000:2160])
    assert lines[0].get_xdata()[0] == pytest.approx(2000.5 / RATE)


def test_the_waveform_reaches_over_all_peaks_of_a_long_sound():
    target = 0.1 * tone(500, 100_000)
    target[77_777] = 0.9
    figure = audio_figure(target, target, RATE)
    shape = panels(figure)["waveform"].collections[0].get_paths()[0].vertices
    assert shape[:, 1].max() == pytest.approx(0.9)
    assert len(shape) < 5000


def test_the_first_channel_is_drawn():
    target = torch.stack([tone(1000), tone(3000)])
    figure = audio_figure(target, target, RATE)
    spectrogram = spectrograms(figure)["target"].get_array()
    assert spectrogram.mean(1).argmax() == len(spectrogram) // 4
    assert figure.get_suptitle() == "first of 2 channels"


@pytest.mark.parametrize("n", [2, 3, 30])
def test_short_sounds_are_drawn(n):
    found = spectrograms(audio_figure(tone(1000, n) + 0.1, tone(900, n), RATE))
    assert found["target"].get_array().max() == 0


def test_a_perfect_prediction_has_a_black_error():
    spectrogram = spectrograms(audio_figure(tone(1000), tone(1000), RATE))["error"]
    assert spectrogram.get_array().max() < spectrogram.get_clim()[0]


def test_a_diverged_prediction_leaves_its_panels_empty():
    found = spectrograms(audio_figure(tone(1000), tone(1000) * torch.nan, RATE))
    assert found["target"].get_array().max() == 0
    assert found["prediction"].get_array().mask.all()
    assert found["error"].get_array().mask.all()
