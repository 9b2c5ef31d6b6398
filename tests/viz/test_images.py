"""Figures of images and fields show the values they were given."""

import numpy as np
import pytest
import torch

from sgn_sciml.viz import image_figure, line_figure, plane_figure

SPECTRUM = (torch.arange(9.0), torch.full((9,), 1e-4), torch.full((9,), 1e-2))
RINGS = (torch.arange(5.0), torch.tensor([1.0, 1.0, 0.5, 0.1, 0.0]), torch.tensor(2.9))


def noise(*shape):
    return torch.rand(shape, generator=torch.Generator().manual_seed(0))


def titles(figure):
    return [axes.get_title() for axes in figure.axes]


def panel(figure, title):
    return next(axes for axes in figure.axes if axes.get_title().startswith(title))


def test_an_image_in_its_own_colours():
    target = noise(3, 10, 12)
    figure = image_figure(2 * target - 1, 2 * target - 1, -1.0, 1.0)
    figure.canvas.draw()
    shown = panel(figure, "target").images[0].get_array()
    np.testing.assert_allclose(shown, target.permute(1, 2, 0), atol=1e-6)


def test_what_is_transparent_shows_a_board():
    image = torch.zeros(4, 32, 32)
    image[:, :16] = torch.tensor([0.2, 0.4, 0.6, 1.0])[:, None, None]
    shown = image_figure(image, image).axes[0].images[0].get_array()
    assert np.allclose(shown[:16], (0.2, 0.4, 0.6))
    assert sorted(set(shown[16:].ravel())) == [0.65, 0.85]


def test_the_error_is_made_visible():
    target = 0.5 * noise(1, 10, 12)
    figure = image_figure(target, target + 0.004)
    error = panel(figure, "|error| x 200").images[0].get_array()
    np.testing.assert_allclose(error, 0.8, rtol=1e-4)


def test_a_large_error_is_shown_as_it_is():
    assert "|error| x 1" in titles(image_figure(noise(1, 8, 8), 1 - noise(1, 8, 8)))


def test_the_spectrum_begins_with_one_wave_and_ends_at_nyquist():
    figure = image_figure(noise(1, 10, 12), noise(1, 10, 12), spectrum=SPECTRUM)
    figure.canvas.draw()
    target, error = panel(figure, "amplitude").lines
    assert target.get_xdata().tolist() == [1, 2, 3, 4, 5, 6]
    np.testing.assert_allclose(target.get_ydata(), 0.1, rtol=1e-6)
    np.testing.assert_allclose(error.get_ydata(), 0.01, rtol=1e-6)


def test_the_crossing_of_the_rings_is_marked():
    figure = image_figure(noise(1, 10, 12), noise(1, 10, 12), spectrum=SPECTRUM, rings=RINGS)
    figure.canvas.draw()
    curve, threshold, crossing = panel(figure, "Fourier ring").lines
    np.testing.assert_allclose(curve.get_ydata(), RINGS[1])
    assert threshold.get_ydata()[0] == 1 / 7
    assert crossing.get_xdata()[0] == pytest.approx(2.9)


def test_rings_that_never_cross_have_no_mark():
    rings = (torch.arange(3.0), torch.tensor([torch.nan, 1.0, 1.0]), torch.tensor(2.0))
    figure = image_figure(noise(1, 8, 8), noise(1, 8, 8), rings=rings)
    assert len(panel(figure, "Fourier ring").lines) == 2


def test_a_field_has_its_first_axis_upwards_and_bars():
    target = noise(2, 5, 7) - 0.5
    figure = plane_figure(target, target + 0.1, ("t", "x"), SPECTRUM)
    figure.canvas.draw()
    shown = panel(figure, "target")
    np.testing.assert_allclose(shown.images[0].get_array(), target[0])
    assert shown.images[0].origin == "lower"
    assert (shown.get_xlabel(), shown.get_ylabel()) == ("x", "t")
    np.testing.assert_allclose(panel(figure, "error").images[0].get_array(), 0.1, atol=1e-6)
    assert len(figure.axes) == 7  # three panels, three bars, the spectrum


def test_a_field_over_a_line():
    target = noise(1, 20)
    figure = line_figure(target, target - 0.1, "x", SPECTRUM)
    figure.canvas.draw()
    assert titles(figure) == ["field", "error", "amplitude per shell"]
    np.testing.assert_allclose(figure.axes[1].lines[0].get_ydata(), -0.1, atol=1e-6)


@pytest.mark.parametrize("draw", [image_figure, plane_figure])
def test_a_perfect_prediction_can_be_drawn(draw):
    silent = (SPECTRUM[0], torch.zeros(9), SPECTRUM[2])
    draw(noise(1, 6, 6), noise(1, 6, 6), spectrum=silent).canvas.draw()


def test_other_shapes_are_refused():
    with pytest.raises(ValueError, match="one shape"):
        image_figure(noise(1, 8, 8), noise(1, 8, 9))
    with pytest.raises(ValueError, match="1 to 4 channels"):
        image_figure(noise(5, 8, 8), noise(5, 8, 8))
