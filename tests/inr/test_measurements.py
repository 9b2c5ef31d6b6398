import math
from functools import partial

import pytest
import torch

from sgn_sciml.inr.description import cell_centres
from sgn_sciml.inr.measurements import Gradients, LineIntegrals, Samples, grid_points
from sgn_sciml.layers import Finer
from sgn_sciml.networks import CoordinateMLP


def generator():
    return torch.Generator().manual_seed(0)


def grid(*sizes):
    return [cell_centres(n) for n in sizes]


def plane(points):
    """2 x - 3 y of points (y, x), one channel."""
    return (2 * points[..., 1:] - 3 * points[..., :1]).double()


def on_grid(f, axes):
    return f(grid_points(axes)).T.reshape(-1, *map(len, axes))


def test_the_last_axis_of_a_grid_runs_fastest():
    points = grid_points([torch.tensor([0.0, 1.0]), torch.tensor([2.0, 3.0])])
    assert points.tolist() == [[0, 2], [0, 3], [1, 2], [1, 3]]


def test_all_samples_are_told_as_they_are():
    axes = grid(4, 5)
    points, values = Samples().observe(on_grid(plane, axes), axes, generator())
    assert torch.equal(values, plane(points))
    assert Samples().exact


def test_every_second_sample_along_each_axis():
    axes = grid(5, 4)
    points, values = Samples(every=2).observe(on_grid(plane, axes), axes, generator())
    assert len(points) == 3 * 2
    assert torch.equal(values, plane(points))


def test_what_is_told_is_what_known_says():
    axes, measurement = grid(20, 20), Samples(keep=0.3)
    points, _ = measurement.observe(on_grid(plane, axes), axes, generator())
    known = measurement.known((20, 20), generator())
    assert torch.equal(points, grid_points(axes)[known.flatten()])
    assert 80 < known.sum() < 160


def test_what_a_mask_leaves_out_is_not_told():
    axes = grid(4, 4)
    mask = torch.zeros(4, 4, dtype=torch.bool)
    mask[0] = True
    points, values = Samples(every=2).observe(on_grid(plane, axes), axes, generator(), mask)
    assert len(points) == 2
    assert torch.equal(values, plane(points))


@pytest.mark.parametrize("measurement", [Gradients(), LineIntegrals()])
def test_what_needs_neighbours_refuses_a_mask(measurement):
    axes = grid(4, 4)
    mask = torch.ones(4, 4, dtype=torch.bool)
    with pytest.raises(ValueError, match="without a mask"):
        measurement.observe(on_grid(plane, axes), axes, generator(), mask)


def test_a_cubic_is_interpolated_exactly(float64):
    def cubic(points):
        return points[..., :1] ** 3 - points[..., 1:] ** 2

    axes = grid(16, 18)
    values = on_grid(cubic, axes)
    assert torch.allclose(Samples(every=2).interpolated(values, axes), values)


def test_all_samples_leave_nothing_to_interpolate():
    axes = grid(16, 16)
    assert Samples().interpolated(on_grid(plane, axes), axes) is None


def test_noise_has_the_deviation_asked_for():
    axes = grid(100, 100)
    clean = on_grid(plane, axes)
    _, values = Samples(noise=0.1).observe(clean, axes, generator())
    assert float((values - clean.flatten(1).T).std()) == pytest.approx(0.2, rel=0.03)  # range 2


def test_slopes_of_a_plane_are_exact(float64):
    axes, measurement = grid(6, 7), Gradients()
    points, slopes = measurement.observe(on_grid(plane, axes), axes, generator())
    assert torch.allclose(slopes, torch.tensor([[-3.0, 2.0]]).expand_as(slopes))
    assert torch.allclose(measurement.predict(plane, points), slopes)


def test_predicted_slopes_train_the_function(float64):
    slope = torch.tensor(3.0, requires_grad=True)
    points = torch.rand(5, 2)
    found = Gradients().predict(lambda p: slope * p[..., :1], points)
    (gradient,) = torch.autograd.grad(found.sum(), slope)
    assert float(gradient) == 5


def test_predicted_slopes_of_finer_are_true(float64):
    points, h = torch.rand(5, 2), 1e-6
    network = CoordinateMLP(2, 1, 8, 1, partial(Finer, omega=2.0)).double()
    step = torch.tensor([h, 0.0])
    with torch.no_grad():
        difference = (network(points + step) - network(points - step)) / (2 * h)
    found = Gradients().predict(network, points)[..., 0]
    torch.testing.assert_close(found.detach(), difference, rtol=1e-6, atol=1e-8)


def test_projections_of_a_disc_are_its_chords(float64):
    def disc(points):
        return torch.where(points.square().sum(-1, keepdim=True) < 0.25, 1.0, -1.0)

    axes, measurement = grid(128, 128), LineIntegrals(views=8)
    points, means = measurement.observe(on_grid(disc, axes), axes, generator())
    middle = points.mean(1)  # the ray's point nearest to the centre
    offset = middle.norm(dim=-1)
    chord = 2 * (0.25 - offset.square()).clamp(min=0).sqrt()
    expected = -1 + 2 * chord / 2  # a ray is 2 long
    assert (means[:, 0] - expected).abs().max() < 0.05
    assert (measurement.predict(disc, points)[:, 0] - expected).abs().max() < 0.03


def test_a_ray_outside_counts_as_the_least_value():
    points = torch.full((1, 4, 2), 2.0)
    assert LineIntegrals().predict(lambda p: torch.ones(*p.shape[:-1], 1), points).item() == -1


def test_views_are_rotations_of_each_other():
    def across(points):
        return torch.cos(math.pi / 2 * points[..., :1]).double()

    axes = grid(64, 64)
    _, rows = LineIntegrals(views=2).observe(on_grid(across, axes), axes, generator())
    turned = on_grid(across, axes).mT
    _, columns = LineIntegrals(views=2).observe(turned, axes, generator())
    assert torch.allclose(rows[:64], columns[64:], atol=1e-6)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Samples(noise=-1),
        lambda: Samples(keep=0),
        lambda: Samples(every=0),
        lambda: Gradients(-1),
        lambda: LineIntegrals(0),
    ],
)
def test_numbers_out_of_range_are_refused(make):
    with pytest.raises(ValueError, match=r"needs|negative"):
        make()
