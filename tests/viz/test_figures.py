"""Figures show the tensors they were given."""

import numpy as np
import torch

from sgn_sciml.viz import field_figure, gate_figure, spectral_error_figure


def test_field_figure_shows_truth_error_and_profiles():
    x, t = torch.linspace(-1, 1, 9), torch.linspace(0, 1, 5)
    truth = t[:, None] * x
    figure = field_figure(x, t, truth, truth + 0.1, torch.ones(5, 9), labels=("x", "t", "u"))
    titles = [axes.get_title() for axes in figure.axes]
    assert "reference u" in titles
    assert "|error|" in titles
    error = figure.axes[titles.index("|error|")].collections[0].get_array()
    np.testing.assert_allclose(error, 0.1, rtol=1e-5)


def test_field_figure_without_error_or_residual():
    x = torch.linspace(0, 1, 3)
    figure = field_figure(x, x, torch.zeros(3, 3), torch.zeros(3, 3))
    figure.canvas.draw()


def test_gate_figure_has_a_row_per_gate():
    history = {"a": torch.rand(4, 7), "b": torch.rand(4, 7)}
    history["a"][:, 0] = torch.arange(4)
    frequencies = {"a": torch.rand(5), "b": torch.rand(8)}
    figure = gate_figure(history, frequencies, frequencies)
    assert len(figure.axes) == 6
    line = figure.axes[1].lines[0]
    np.testing.assert_allclose(line.get_ydata(), history["a"][:, 6])


def test_spectral_figure_shows_the_relative_error():
    k, target = torch.arange(4.0), torch.tensor([4.0, 1.0, 0.25, 0.01])
    error = torch.stack([target, target / 100])
    figure = spectral_error_figure(torch.tensor([10, 20]), k, error, target)
    image = figure.axes[0].collections[0].get_array()
    np.testing.assert_allclose(image.reshape(4, 2), [[1, 0.1]] * 4, rtol=1e-5)


def test_spectral_figure_of_a_single_step():
    figure = spectral_error_figure(
        torch.tensor([5]), torch.arange(3.0), torch.ones(1, 3), torch.ones(3)
    )
    figure.canvas.draw()


def test_shell_without_target_has_no_relative_error():
    target = torch.tensor([0.0, 1.0, 1.0])
    figure = spectral_error_figure(
        torch.tensor([5]), torch.arange(3.0), torch.full((1, 3), 0.01), target
    )
    image = figure.axes[0].collections[0].get_array()
    assert image.mask.ravel().tolist() == [True, False, False]
