"""Figures of operators show the tensors they were given."""

import numpy as np
import pytest
import torch

from sgn_sciml.viz import rollout_figure, samples_figure, spectra_figure, transfer_figure


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


def test_spectra_mark_what_was_never_trained_on():
    k = torch.arange(9.0)
    energy = torch.stack([torch.where(k <= 4, 1.0, torch.nan), torch.ones(9)])
    figure = spectra_figure(k, energy, energy, energy / 10, ["u@8", "u@16"], 4, 3)
    figure.canvas.draw()
    assert titles(figure) == ["u@8", "u@16"]
    lengths = [[len(line.get_xdata()) for line in axes.lines[:3]] for axes in figure.axes]
    assert lengths == [[4] * 3, [8] * 3]  # wavenumber zero has no place on the axis
    assert [len(axes.patches) for axes in figure.axes] == [0, 1]


def test_spectra_of_zero_fields():
    figure = spectra_figure(torch.arange(4.0), *torch.zeros(3, 4))
    figure.canvas.draw()


def test_rollout_shows_median_and_largest():
    errors = torch.tensor([[0.1, 0.2], [0.3, 0.4], [0.5, torch.nan]])
    figure = rollout_figure(torch.tensor([1.0, 2.0]), errors)
    figure.canvas.draw()
    middle, largest = figure.axes[0].lines
    np.testing.assert_allclose(middle.get_ydata(), [0.3, 0.4], rtol=1e-6)
    np.testing.assert_allclose(largest.get_ydata(), [0.5, 1e3], rtol=1e-6)
    assert figure.axes[0].get_title() == "error of rollouts, 3 samples, 1 diverged"


def test_transfer_over_resolution_is_a_line_per_file():
    names = ["a@64", "a@16", "a@32", "b@64"]
    figure = transfer_figure(names, torch.tensor([0.3, 0.1, 0.2, 0.5]), None, 16)
    figure.canvas.draw()
    first, second, marker = figure.axes[0].lines
    np.testing.assert_array_equal(first.get_xdata(), [16, 32, 64])
    np.testing.assert_allclose(first.get_ydata(), [0.1, 0.2, 0.3])
    assert second.get_label() == "b"
    assert marker.get_xdata()[0] == 16


def test_transfer_to_other_files_is_bars():
    errors = torch.tensor([0.1, 0.4])
    figure = transfer_figure(["nu_1e-1", "nu_1e-2"], errors, torch.stack([errors / 2, errors * 2]))
    figure.canvas.draw()
    bars = [bar.get_width() for bar in figure.axes[0].patches]
    np.testing.assert_allclose(bars, errors)
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["nu_1e-1", "nu_1e-2"]
