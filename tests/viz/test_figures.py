"""Figures show the tensors they were given."""

import numpy as np
import torch

from sgn_sciml.viz import field_figure, gate_figure


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
