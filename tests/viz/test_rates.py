"""The rate-distortion figure shows the numbers it was given."""

import numpy as np
import torch

from sgn_sciml.viz.rates import rate_figure


def test_curves_are_drawn_over_a_logarithmic_rate():
    ours = torch.tensor([[1.0, 20.0], [2.0, 30.0]])
    jpeg = torch.tensor([[0.2, 25.0], [1.0, 40.0], [4.0, 50.0]])
    figure = rate_figure({"ours": ours, "JPEG": jpeg}, "bits per pixel")
    figure.canvas.draw()
    (panel,) = figure.axes
    assert panel.get_xscale() == "log"
    assert panel.get_xlabel() == "bits per pixel"
    for line, rows in zip(panel.lines, (ours, jpeg), strict=True):
        np.testing.assert_allclose(line.get_xydata(), rows)
    assert [text.get_text() for text in panel.get_legend().get_texts()] == ["ours", "JPEG"]


def test_words_do_not_lie_on_each_other():
    ours = torch.tensor([[1.0, 20.0], [1.001, 20.0], [5.0, 20.0], [5.0, 40.0]])
    figure = rate_figure({"ours": ours}, "kbit/s", {"ours": ["4", "5", "6", "7"]})
    figure.canvas.draw()
    assert [text.get_text() for text in figure.axes[0].texts] == ["4", "6", "7"]


def test_raw_samples_and_trained_weights_are_lines():
    ours = torch.tensor([[1.0, 20.0], [2.0, 30.0]])
    figure = rate_figure({"ours": ours}, "kbit/s", raw=("raw 16-bit sound", 256.0), best=31.5)
    figure.canvas.draw()
    _, best, raw = figure.axes[0].lines
    assert set(best.get_ydata()) == {31.5}
    assert set(raw.get_xdata()) == {256.0}
    assert raw.get_label() == "raw 16-bit sound"
