"""Colours that are clipped are marked, in every unit."""

import numpy as np
import pytest
import torch

from sgn_sciml.viz import field_figure, map_figure, spectral_error_figure
from sgn_sciml.viz.colours import beyond, largest
from sgn_sciml.viz.images import image_figure, plane_figure
from sgn_sciml.viz.predictions import samples_figure
from sgn_sciml.viz.volumes import volume_figure


def arrows(figure):
    """How the colour bars end, by the title of the panel they belong to."""
    found = {}
    for axes in figure.axes:
        for image in (*axes.images, *axes.collections):
            if getattr(image, "colorbar", None) is not None:
                found[axes.get_title()] = image.colorbar.extend
    return found


def test_ends():
    values = np.array([[0.0, 1.0], [np.nan, np.inf]])
    assert beyond(values, 0, 1) == "neither"
    assert beyond(values, 0.1, 1) == "min"
    assert beyond(values, 0, 0.9) == "max"
    assert beyond(values * 1e-30, 1e-31, 9e-31) == "both"
    assert (largest(values), largest(0 * values[:1]), largest(-3e-30 * values)) == (1, 1, 3e-30)


@pytest.mark.parametrize("unit", [1.0, 1e-30, 1e30])
def test_predictions_beyond_the_reference_are_marked(unit):
    x = torch.linspace(0, 1, 8)
    truth = (x[:, None] + x) * unit
    for figure in (
        field_figure(x, x, truth, 1.1 * truth),
        map_figure(x, x, truth, 1.1 * truth, truth),
    ):
        found = arrows(figure)
        assert found["reference u"] == "neither"
        assert found["predicted u"] == "max"
        assert found["|error|"] == "min"  # exactly 0 at a corner
    fields = [u[None, None] for u in (truth, truth, 1.1 * truth)]
    assert arrows(samples_figure(*fields, torch.ones(1)))["prediction"] == "max"
    assert arrows(plane_figure(truth[None], 1.1 * truth[None]))["prediction"] == "max"
    solid = truth[..., None] + x * unit + unit
    bars = arrows(volume_figure(solid, 1.3 * solid))
    assert [bars[f"{row}, middle of x"] for row in ("prediction", "|error|")] == ["max", "neither"]


def test_saturated_pixels_are_counted():
    target = torch.zeros(1, 10, 10)
    error = torch.full((1, 10, 10), 0.01)
    error[0, 0, 0] = 0.9
    titles = [axes.get_title() for axes in image_figure(target, target + error).axes]
    assert any("(1 % saturated)" in title for title in titles)


def test_errors_beyond_the_spectral_map_are_marked():
    errors = torch.tensor([[1e6, 1e-2, 1.0]])
    figure = spectral_error_figure(torch.tensor([1]), torch.arange(3.0), errors, torch.ones(3))
    assert arrows(figure)["spectral error during training"] == "max"
