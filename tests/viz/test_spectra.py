"""Figures of spectra show the energies they were given."""

import numpy as np
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
