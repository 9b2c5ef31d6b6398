"""Signals and their slopes, a chunk at a time, against calculus."""

import math
from functools import partial

import pytest
import torch

from sgn_sciml.inr.rendering import derivatives, slopes, tabulate
from sgn_sciml.layers import Finer, SpectralGate
from sgn_sciml.networks import CoordinateMLP

WAVES = {"gate": SpectralGate, "finer": partial(Finer, omega=2.0)}


def wave(points):
    """Channels sin(2y) cos(3x) and y²x."""
    y, x = points.unbind(-1)
    return torch.stack([torch.sin(2 * y) * torch.cos(3 * x), y.square() * x], -1)


def truth(points):
    y, x = points.unbind(-1)
    s, c = torch.sin(2 * y), torch.cos(3 * x)
    first = torch.stack([2 * torch.cos(2 * y) * c, -3 * s * torch.sin(3 * x)], -1)
    second = torch.stack([2 * y * x, y.square()], -1)
    return torch.stack([first, second], 1), torch.stack([-13 * s * c, 2 * x], -1)


@pytest.fixture
def points(float64):
    return 2 * torch.rand(23, 2) - 1


def test_slopes_are_those_of_calculus(points):
    for found, wanted in zip(slopes(wave, points), truth(points), strict=True):
        torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize("off", [torch.no_grad, torch.inference_mode])
def test_slopes_where_gradients_are_switched_off(off, points):
    with off():
        gradient, laplacian = slopes(wave, points.clone())
    torch.testing.assert_close((gradient, laplacian), truth(points))
    assert not gradient.requires_grad


def test_slopes_of_a_plane(points):
    gradient, laplacian = slopes(lambda p: 2 * p[:, :1] - p[:, 1:], points)
    assert torch.equal(gradient, torch.tensor([[[2.0, -1.0]]]).expand(23, 1, 2))
    assert not laplacian.any()


@pytest.mark.parametrize("activation", ["gate", "finer"])
def test_slopes_of_a_network_are_differences_of_close_values(points, activation):
    network, h = CoordinateMLP(2, 3, 16, 2, WAVES[activation]).double(), 1e-6
    gradient, _ = slopes(network, points)
    with torch.no_grad():
        steps = [torch.tensor([h, 0.0]), torch.tensor([0.0, h])]
        near = [(network(points + s) - network(points - s)) / (2 * h) for s in steps]
    torch.testing.assert_close(gradient, torch.stack(near, -1), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_a_grid_in_chunks_is_the_function_on_the_grid(chunk):
    axes = {"axis0": torch.linspace(-1, 1, 5), "axis1": torch.linspace(0, 1, 6)}
    points = torch.stack(torch.meshgrid(*axes.values(), indexing="ij"), -1)
    wanted = wave(points.flatten(0, 1)).T.reshape(2, 5, 6)
    torch.testing.assert_close(tabulate(wave, axes, chunk), wanted)


def test_points_in_chunks_are_in_their_order(points):
    torch.testing.assert_close(tabulate(wave, {"points": points}, 5), wave(points))


def test_the_function_never_sees_more_than_a_chunk():
    seen = []

    def f(points):
        seen.append(len(points))
        return points[:, :1]

    assert tabulate(f, {f"axis{k}": torch.zeros(7) for k in range(3)}, 50).shape == (1, 7, 7, 7)
    assert max(seen) == 49  # whole rows
    assert sum(seen) == 343


def test_derivatives_at_points(points):
    found = derivatives(wave, {"points": points}, 6)
    torch.testing.assert_close((found["gradient"], found["laplacian"]), truth(points))


def test_derivatives_on_a_grid(float64):
    axes = {"axis0": torch.linspace(-1, 1, 4), "axis1": torch.linspace(0, 1, 3)}
    points = torch.stack(torch.meshgrid(*axes.values(), indexing="ij"), -1).flatten(0, 1)
    gradient, laplacian = truth(points)
    found = derivatives(wave, axes, 5)
    wanted = gradient.permute(2, 1, 0).reshape(2, 2, 4, 3)
    torch.testing.assert_close(found["gradient"], wanted)
    torch.testing.assert_close(found["laplacian"], laplacian.T.reshape(2, 4, 3))


def test_half_a_turn_of_sound_has_the_laplacian_of_an_oscillator(float64):
    axes = {"axis0": torch.linspace(0, math.pi, 9)}
    found = derivatives(lambda t: torch.sin(4 * t), axes, 4)
    wanted = -16 * torch.sin(4 * axes["axis0"])
    torch.testing.assert_close(found["laplacian"][0], wanted)
