"""Figures of kernels show the numbers they were given."""

import numpy as np
import torch

from sgn_sciml.viz.kernels import eigenvalue_figure, row_figure


def test_eigenvalues_are_shares_of_their_sum():
    start, end = torch.tensor([[3.0, 1.0, 0.0]]), torch.tensor([[1.0, 1.0, 2.0]] * 2)
    figure = eigenvalue_figure({str(i): (start, end) for i in range(6)}, 1e-6)
    figure.canvas.draw()
    assert [panel.get_title() for panel in figure.axes] == list("012345")
    lines = [line.get_ydata() for line in figure.axes[0].lines]
    np.testing.assert_allclose(lines, [[0.75, 0.25, 0], [0.25, 0.25, 0.5], [0.25, 0.25, 0.5]])


def test_rows_are_cut_at_the_ends_of_the_colours():
    values = torch.tensor([[1.0, 1e-9], [0.1, torch.nan]])
    figure = row_figure(
        ["a", "b"],
        ("frequency", torch.tensor([1, 2])),
        {"x": values},
        "rate",
        (1e-4, 1.0),
        logarithmic=True,
        mark=1.5,
    )
    figure.canvas.draw()
    found = figure.axes[0].collections[0].get_array()
    np.testing.assert_allclose(found.compressed(), [1.0, 1e-4, 0.1])
    assert np.ma.getmaskarray(found).tolist() == [[False, False], [False, True]]
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == ["a", "b"]
