"""Figures of volumes show the slices they were given."""

import numpy as np
import pytest
import torch

from sgn_sciml.viz.volumes import volume_figure


@pytest.fixture
def pair():
    x, y, z = torch.meshgrid(
        torch.arange(4.0), torch.arange(6.0), torch.arange(8.0), indexing="ij"
    )
    target = x + 10 * y + 100 * z
    return target, target + 0.5


def panels(figure):
    return {axes.get_title(): axes for axes in figure.axes if axes.get_title()}


def test_slices_go_through_the_middle(pair):
    target, pred = pair
    shown = panels(volume_figure(target, pred))
    slices = {"z": target[:, :, 4], "y": target[:, 3, :], "x": target[2]}
    for name, cut in slices.items():
        for title, values in (
            ("target", cut),
            ("prediction", cut + 0.5),
            ("|error|", cut * 0 + 0.5),
        ):
            image = shown[f"{title}, middle of {name}"].images[0].get_array()
            np.testing.assert_allclose(image, values.T)


def test_axes_are_named(pair):
    panel = panels(volume_figure(*pair, axes=("t", "x", "y")))["target, middle of x"]
    assert (panel.get_xlabel(), panel.get_ylabel()) == ("t", "y")


def test_target_and_prediction_share_one_scale(pair):
    target, pred = pair
    shown = panels(volume_figure(target, pred * 2))
    limits = {
        title: axes.images[0].get_clim() for title, axes in shown.items() if "error" not in title
    }
    assert len(limits) == 6
    assert set(limits.values()) == {(0.0, target.max().item())}


def test_zero_is_in_the_middle_of_the_scale_of_signed_values(pair):
    target, pred = pair
    shown = panels(volume_figure(target - 100, pred - 100))
    assert shown["target, middle of x"].images[0].get_clim() == (-653.0, 653.0)


def test_errors_share_six_decades(pair):
    target, pred = pair
    pred = pred.clone()
    pred[2, 3, 4] += 1.5
    shown = panels(volume_figure(target, pred))
    for name in "xyz":
        low, high = shown[f"|error|, middle of {name}"].images[0].get_clim()
        assert (low, high) == pytest.approx((2e-6, 2.0))


def test_a_perfect_prediction_can_be_drawn(pair):
    volume_figure(pair[0], pair[0]).canvas.draw()


def test_other_shapes_are_refused(pair):
    with pytest.raises(ValueError, match="two volumes of one shape"):
        volume_figure(pair[0], pair[1][:2])
    with pytest.raises(ValueError, match="two volumes of one shape"):
        volume_figure(pair[0][0], pair[1][0])


def test_slices_are_labelled_by_coordinates_and_white_where_nothing_is_known(pair):
    target, pred = pair
    target[0, :, :] = torch.nan
    axes = [torch.linspace(0, 3, 4), torch.linspace(0, 1, 6), torch.linspace(2, 9, 8)]
    figure = volume_figure(target, pred, residual=pred / 100, coordinates=axes)
    shown = panels(figure)
    assert {title.partition(",")[0] for title in shown} == {
        "target", "prediction", "|error|", "|residual|",
    }  # fmt: skip
    image = shown["|residual|, z = 6"].images[0]
    np.testing.assert_allclose(image.get_array(), pred[:, :, 4].T / 100)
    assert image.get_extent() == pytest.approx([-0.5, 3.5, -0.1, 1.1])
    image = shown["target, z = 6"].images[0]
    assert image.get_array().mask[:, 0].all()
    assert image.get_clim() == (1, 753)
