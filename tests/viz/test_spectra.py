"""Figures of spectra show the energies they were given."""

import numpy as np
import pytest
import torch

from sgn_sciml.viz import spectra_figure, spectral_error_figure


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


def test_spectra_mark_what_was_never_trained_on():
    k = torch.arange(9.0)
    energy = torch.stack([torch.where(k <= 4, 1.0, torch.nan), torch.ones(9)])
    figure = spectra_figure(k, energy, energy, energy / 10, ["u@8", "u@16"], 4, 3)
    figure.canvas.draw()
    assert [axes.get_title() for axes in figure.axes] == ["u@8", "u@16"]
    lengths = [[len(line.get_xdata()) for line in axes.lines[:3]] for axes in figure.axes]
    assert lengths == [[4] * 3, [8] * 3]  # wavenumber zero has no place on the axis
    assert [len(axes.patches) for axes in figure.axes] == [0, 1]


def test_spectra_of_zero_fields():
    figure = spectra_figure(torch.arange(4.0), *torch.zeros(3, 4))
    figure.canvas.draw()


def test_rings_of_rounding_have_no_relative_error():
    target, rounding = torch.tensor([1.0, 1.0, 1e-15]), 1e-14
    steps, k, errors = torch.tensor([5]), torch.arange(3.0), torch.full((1, 3), 0.01)
    figure = spectral_error_figure(steps, k, errors, target, rounding)
    image = figure.axes[0].collections[0].get_array()
    assert image.mask.ravel().tolist() == [False, False, True]
    assert "grey" in figure.axes[0].get_title()


@pytest.mark.parametrize("unit", [1e-30, 1e30])
def test_spectra_are_drawn_in_every_unit(unit):
    k, target = torch.arange(4.0), torch.tensor([4.0, 1.0, 0.25, 0.01]).double() * unit**2
    figure = spectral_error_figure(torch.tensor([10, 20]), k, target.expand(2, 4) / 100, target)
    drawn = [line.get_ydata() for line in figure.axes[1].lines]
    np.testing.assert_allclose(drawn[0], target.sqrt())
    np.testing.assert_allclose(drawn[1], target.sqrt() / 10)
    lines = spectra_figure(k, target, target, target).axes[0].lines
    np.testing.assert_allclose(lines[0].get_ydata(), target[1:])


def test_a_target_without_waves_is_drawn():
    steps = torch.tensor([1, 2])
    for errors in (torch.zeros(2, 3), torch.ones(2, 3)):
        spectral_error_figure(steps, torch.arange(3.0), errors, torch.zeros(3)).canvas.draw()
