"""The figure of cells: every cell once, the first coordinate that is named along the bottom."""

import torch
from matplotlib.collections import LineCollection

from sgn_sciml.viz import cells_figure


def test_edges_lie_where_the_cells_do():
    across, up = torch.linspace(0, 1, 5), torch.linspace(0, 2, 3)
    lower, upper = torch.tensor([[0.0, 0.0], [0.5, 0.0]]), torch.tensor([[0.5, 2.0], [1.0, 2.0]])
    field = across[:, None] * up
    figure = cells_figure(across, up, field, [(lower, upper)], ("t", "x", "u"))
    axis = figure.axes[0]
    (edges,) = (c for c in axis.collections if isinstance(c, LineCollection))
    boxes = {tuple(map(tuple, path.vertices[[0, 2]].tolist())) for path in edges.get_paths()}
    assert boxes == {((0.0, 0.0), (0.5, 2.0)), ((0.5, 0.0), (1.0, 2.0))}
    assert (axis.get_xlabel(), axis.get_ylabel(), axis.get_title()) == ("t", "x", "2 cells")
