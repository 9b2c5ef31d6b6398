"""Figures of studies show the numbers they were given."""

import numpy as np
import torch

from sgn_sciml.viz.studies import interval_figure, learning_figure


def test_intervals_and_what_diverged():
    ends = torch.tensor([[[2.0, 1.0, 4.0]], [[torch.inf, torch.nan, torch.nan]]])
    figure = interval_figure(["a", "b"], ["all"], ends, "error")
    figure.canvas.draw()
    (panel,) = figure.axes
    points, bars = panel.containers[0][0], panel.containers[0][2][0]
    assert points.get_xdata().tolist() == [2.0]
    np.testing.assert_allclose(bars.get_segments()[0][:, 0], [1.0, 4.0])
    assert [t.get_text() for t in panel.get_yticklabels()] == ["a", "b"]


def test_a_value_far_off_is_an_arrow():
    values = [float(v) for v in range(1, 20)] + [1e12]
    ends = torch.tensor(values).reshape(-1, 1, 1).expand(-1, 1, 3)
    figure = interval_figure([str(v) for v in values], ["all"], ends, "error")
    figure.canvas.draw()
    (panel,) = figure.axes
    assert panel.get_xlim()[1] < 100
    (arrow,) = (line for line in panel.lines if line.get_marker() == ">")
    assert arrow.get_ydata() == [19]


def test_a_map_leaves_white_what_is_never_learned():
    steps = torch.tensor([[10.0, 100.0], [torch.nan, torch.nan]])
    figure = learning_figure(["a", "b"], torch.tensor([1.0, 2.0]), {"equal": steps, "none": steps})
    figure.canvas.draw()
    mesh = figure.axes[0].collections[0]
    np.testing.assert_allclose(mesh.get_array()[0], [10.0, 100.0])
    assert np.ma.getmaskarray(mesh.get_array())[1].all()


def test_nothing_learned_at_all():
    steps = torch.full((1, 3), torch.nan)
    learning_figure(["a"], torch.arange(1, 4), {"x": steps}).canvas.draw()
