"""Figures show the tensors they were given."""

import numpy as np
import torch

from sgn_sciml.viz import curve_figure, field_figure, gate_figure, map_figure


def test_field_figure_shows_truth_error_and_profiles():
    x, t = torch.linspace(-1, 1, 9), torch.linspace(0, 1, 5)
    truth = x[:, None] * t
    figure = field_figure(x, t, truth, truth + 0.1, torch.ones(9, 5), labels=("x", "t", "u"))
    titles = [axes.get_title() for axes in figure.axes]
    assert "reference u" in titles
    assert "|error|" in titles
    error = figure.axes[titles.index("|error|")].collections[0].get_array()
    np.testing.assert_allclose(error, 0.1, rtol=1e-5)


def test_field_figure_without_error_or_residual():
    x = torch.linspace(0, 1, 3)
    figure = field_figure(x, x, torch.zeros(3, 3), torch.zeros(3, 3))
    figure.canvas.draw()


def test_map_figure_has_the_first_coordinate_to_the_right():
    x, y = torch.linspace(0, 1, 4), torch.linspace(0, 1, 3)
    truth = x[:, None] + 0 * y
    figure = map_figure(x, y, truth, truth - 0.2, torch.ones(4, 3), labels=("x", "y", "u"))
    titles = [axes.get_title() for axes in figure.axes]
    assert {"reference u", "predicted u", "|error|", "|residual|"} <= set(titles)
    shown = figure.axes[titles.index("reference u")].collections[0].get_array()
    np.testing.assert_allclose(shown, np.tile(x, (3, 1)))


def test_curve_figure_shows_both_curves_and_the_error():
    x = torch.linspace(0, 1, 5)
    figure = curve_figure(x, x**2, x**2 + 0.1, torch.ones(5))
    truth, guess = (line.get_ydata() for line in figure.axes[0].lines)
    np.testing.assert_allclose(guess - truth, 0.1, rtol=1e-5)
    np.testing.assert_allclose(figure.axes[1].lines[0].get_ydata(), 0.1, rtol=1e-5)
    assert len(figure.axes) == 3
    assert len(curve_figure(x, x, x).axes) == 2


def test_gates_without_a_base_have_no_column_of_shares():
    history = torch.rand(4, 7)
    history[:, 6] = float("inf")
    assert len(gate_figure({"a": history}, {"a": torch.rand(5)}, {"a": torch.rand(5)}).axes) == 2


def test_gate_figure_has_a_row_per_gate():
    history = {"a": torch.rand(4, 7), "b": torch.rand(4, 7)}
    history["a"][:, 0] = torch.arange(4)
    frequencies = {"a": torch.rand(5), "b": torch.rand(8)}
    figure = gate_figure(history, frequencies, frequencies)
    assert len(figure.axes) == 6
    line = figure.axes[1].lines[0]
    np.testing.assert_allclose(line.get_ydata(), history["a"][:, 6])
