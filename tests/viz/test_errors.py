"""Figures of errors show the numbers they were given."""

import numpy as np
import torch

from sgn_sciml.viz import rollout_figure, transfer_figure


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
