"""Transforms by products and by FFTs against torch's, on even, odd and coarse grids."""

import math

import pytest
import torch

from sgn_sciml.operators.networks.fourier.matrices import fourier_matrices, frequencies
from sgn_sciml.operators.networks.fourier.transforms import (
    FastTransform,
    ProductTransform,
    choose_transform,
)

SIZES = [
    ((16,), (5,)),
    ((16,), (9,)),  # up to the Nyquist wavenumber
    ((15,), (8,)),
    ((8, 12), (4, 7)),
    ((8, 12), (8, 3)),  # the Nyquist wavenumber of the first axis
    ((9, 7), (5, 4)),
    ((9, 7), (9, 4)),
    ((6, 5, 8), (4, 5, 5)),
    ((7, 8, 6), (3, 6, 3)),
    ((4, 3, 5, 6), (2, 3, 2, 3)),
]
both = pytest.mark.parametrize("kind", [ProductTransform, FastTransform])
sizes = pytest.mark.parametrize(("grid", "counts"), SIZES)


def fields(*shape):
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def kept(spectrum, grid, counts):
    """The kept modes of a spectrum of torch, flat."""
    for axis, (n, count) in enumerate(zip(grid[:-1], counts[:-1], strict=True)):
        spectrum = spectrum.index_select(axis, torch.tensor([k % n for k in frequencies(count)]))
    return spectrum.narrow(len(grid) - 1, 0, counts[-1]).flatten(0, len(grid) - 1)


@both
@sizes
def test_modes_are_those_of_the_fft(kind, grid, counts):
    x = fields(*grid, 2, 3)
    expected = kept(torch.fft.rfftn(x, dim=[*range(len(grid))], norm="forward"), grid, counts)
    found = kind(grid, counts, False).analyse(x)
    torch.testing.assert_close(torch.complex(*found.unbind(1)), expected, rtol=0, atol=1e-14)


@both
@sizes
def test_fields_are_those_of_the_inverse_fft(kind, grid, counts):
    """Also of modes that are not those of a real field, where irfft leaves parts out."""
    transform = kind(grid, counts, True)
    y = fields(math.prod(counts), 2, 2, 3)
    spectrum = torch.zeros(*grid[:-1], grid[-1] // 2 + 1, 2, 3, dtype=torch.complex128)
    places = [
        torch.tensor([k % n for k in frequencies(c)]) for n, c in zip(grid, counts, strict=True)
    ]
    places[-1] = torch.arange(counts[-1])
    spectrum[torch.meshgrid(*places, indexing="ij")] = torch.complex(*y.unbind(1)).reshape(
        *counts, 2, 3
    )
    axes = list(range(len(grid) - 1))
    field = torch.fft.ifftn(spectrum, dim=axes, norm="forward") if axes else spectrum
    expected = torch.fft.irfft(field, n=grid[-1], dim=len(grid) - 1, norm="forward")
    found = transform.synthesise(transform.around(y))
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)


@both
@sizes
@pytest.mark.parametrize("synthesis", [True, False])
def test_one_is_the_transpose_of_the_other(kind, grid, counts, synthesis):
    transform = kind(grid, counts, synthesis)
    x, y = fields(*grid, 1, 2), fields(math.prod(counts), 2, 1, 2)
    whole, part = transform.room(1, 2, y)
    part.copy_(y)
    left, right = (transform.analyse(x) * y).sum(), (x * transform.synthesise(whole)).sum()
    torch.testing.assert_close(left, right)


@pytest.mark.parametrize(
    ("grid", "counts", "kind"),
    [
        ((128,), (65,), ProductTransform),
        ((1024,), (17,), ProductTransform),
        ((1024,), (400,), FastTransform),
        ((85, 85), (24, 13), ProductTransform),
        ((512, 512), (400, 201), FastTransform),
        ((32, 32, 32), (12, 12, 7), ProductTransform),
    ],
)
def test_size_decides(grid, counts, kind):
    assert type(choose_transform(grid, counts, False)) is kind


def test_matrices_are_made_once_and_serve_after_inference():
    arguments = ((17,), (4,), True, torch.float32, torch.device("cpu"))
    with torch.inference_mode():
        (first,) = fourier_matrices(*arguments)
    (second,) = fourier_matrices(*arguments)
    assert first is second
    assert not first.is_inference()
