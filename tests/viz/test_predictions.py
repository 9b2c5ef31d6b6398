"""Figures of predicted samples show the tensors they were given."""

import numpy as np
import pytest
import torch

from sgn_sciml.viz import samples_figure


def titles(figure):
    return [axes.get_title() for axes in figure.axes]


def panel(figure, title):
    return figure.axes[titles(figure).index(title)]


def test_curves_of_one_axis():
    x, u = torch.linspace(0, 2, 9), torch.rand(2, 1, 9)
    errors = torch.tensor([0.1, 0.2])
    figure = samples_figure(u, u, u + 0.5, errors, ["best", "worst"], ("a", "u"), ("x",), {"x": x})
    figure.canvas.draw()
    truth, guess = panel(figure, "u: truth (blue), prediction (dashed)").lines
    np.testing.assert_array_equal(truth.get_xdata(), x)
    np.testing.assert_array_equal(truth.get_ydata(), u[0, 0])
    np.testing.assert_array_equal(guess.get_ydata(), u[0, 0] + 0.5)
    np.testing.assert_allclose(panel(figure, "error").lines[1].get_ydata(), 0.5, rtol=1e-6)
    assert "best\n\nrelative L2\n1.00e-01" in [text.get_text() for text in figure.axes[0].texts]


def test_images_share_their_colours():
    u = torch.rand(1, 1, 5, 7) - 0.5
    figure = samples_figure(u, u, 3 * u, torch.ones(1), None, ("a", "u"))
    figure.canvas.draw()
    truth, guess, error = (
        panel(figure, title).images[0] for title in ("u: truth", "prediction", "error")
    )
    assert truth.get_clim() == guess.get_clim()
    np.testing.assert_array_equal(truth.get_array(), u[0, 0].T)  # x runs along the horizontal
    np.testing.assert_allclose(error.get_array(), 2 * u[0, 0].T)
    assert error.get_clim()[1] == pytest.approx(2 * u.abs().max().item())


def test_a_frame_beside_the_frames_that_follow():
    u = torch.rand(2, 1, 4, 6)
    figure = samples_figure(
        u[:, :, 0], u, u, torch.zeros(2), None, ("u", "u"), ("t", "x"),
        {"t": torch.linspace(1, 2, 4), "x": torch.linspace(0, 3, 6)},
    )  # fmt: skip
    figure.canvas.draw()
    assert len(panel(figure, "input u").lines) == 1
    image = panel(figure, "u: truth").images[0]
    assert image.get_extent() == [1, 2, 0, 3]


def test_of_several_channels_the_worst_is_drawn():
    u = torch.rand(1, 3, 8)
    guess = u.clone()
    guess[:, 1, 3] += 1
    figure = samples_figure(u, u, guess, torch.zeros(1), None, ("abc", "uvw"), ("x",))
    assert panel(figure, "v: truth (blue), prediction (dashed)").lines
    assert len(panel(figure, "input a, b, c").lines) == 3
    unknown = samples_figure(u, u, guess, torch.zeros(1), None, ("a", "u"), ("x",))
    assert "u, channel 2: truth (blue), prediction (dashed)" in titles(unknown)


def test_of_three_axes_a_plane_is_drawn():
    u = torch.rand(1, 1, 4, 5, 6)
    figure = samples_figure(u, u, u, torch.zeros(1), None, ("a", "u"), ("x", "y", "z"))
    np.testing.assert_array_equal(
        panel(figure, "u: truth").images[0].get_array(), u[0, 0, ..., 3].T
    )


def test_a_diverged_prediction_is_drawn():
    u = torch.rand(1, 1, 8, 8)
    guess = u.clone()
    guess[..., 0, 0] = torch.nan
    samples_figure(u, u, guess, torch.tensor([torch.inf])).canvas.draw()
    samples_figure(u, u, u * torch.inf, torch.tensor([torch.inf])).canvas.draw()
