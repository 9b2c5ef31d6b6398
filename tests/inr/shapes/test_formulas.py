"""Shapes: exact where they say so, bounds elsewhere, known volumes."""

import math

import pytest
import torch

from sgn_sciml.inr.shapes import Bracket, Gyroid, Shape, Sphere, Torus
from sgn_sciml.inr.volumes import on_grid

SHAPES = [Sphere(), Torus(), Gyroid(), Bracket()]
named = pytest.mark.parametrize("shape", SHAPES, ids=lambda s: type(s).__name__)


def slope(shape: Shape, points):
    points = points.clone().requires_grad_()
    value = shape.distance(points)
    (gradient,) = torch.autograd.grad(value.sum(), points)
    return gradient.norm(dim=-1), value.detach()


def cloud(count=4000):
    return 2 * torch.rand(count, 3, dtype=torch.float64) - 1


def test_sphere_is_the_distance_to_its_surface():
    points = torch.tensor([[0.0, 0, 0], [0.5, 0, 0], [0, -0.3, 0.4], [1, 0, 0]])
    assert Sphere(0.5).distance(points).tolist() == pytest.approx([-0.5, 0, 0, 0.5], abs=1e-6)


def test_torus_is_the_distance_to_its_surface():
    points = torch.tensor([[0.6, 0, 0], [0, 0, 0], [0, 0.85, 0], [0, -0.6, 0.5]])
    expected = [-0.25, 0.35, 0, 0.25]
    assert Torus(0.6, 0.25).distance(points).tolist() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("shape", [Sphere(), Torus()], ids=["Sphere", "Torus"])
def test_a_distance_changes_as_fast_as_its_argument(shape):
    size, _ = slope(shape, cloud())
    torch.testing.assert_close(size, torch.ones_like(size))


def test_bracket_is_the_distance_inside():
    size, value = slope(Bracket(), cloud(20000))
    inside = size[value < 0]
    assert len(inside) > 100
    torch.testing.assert_close(inside, torch.ones_like(inside))


@named
def test_no_function_changes_faster_than_its_argument(shape):
    a, b = cloud(), cloud()
    change = (shape.distance(a) - shape.distance(b)).abs()
    assert (change <= (a - b).norm(dim=-1) + 1e-12).all()


def test_gyroid_nears_the_bound_on_its_slope():
    size, _ = slope(Gyroid(), cloud(20000))
    assert 0.99 < size.max() <= 1 + 1e-12


def test_gyroid_repeats_itself():
    points = cloud(100)
    shift = torch.tensor([1.0, -1.0, 2.0], dtype=torch.float64)  # two periods in a box of 2
    gyroid = Gyroid(periods=2.0)
    torch.testing.assert_close(gyroid.distance(points), gyroid.distance(points + shift))


def test_gyroid_is_as_thick_as_it_says_where_it_is_thinnest():
    # There f grows along the diagonal as fast as it can; the wall's middle lies in the origin.
    along = torch.linspace(-0.1, 0.1, 4001, dtype=torch.float64)
    points = along[:, None].expand(-1, 3) / math.sqrt(3)
    inside = along[Gyroid(periods=2.0, thickness=0.02).occupancy(points)]
    assert inside.max() - inside.min() == pytest.approx(0.02, rel=0.01)


def test_bracket_without_turn_or_ball_is_a_box():
    bracket = Bracket(half=(0.5, 0.4, 0.3), radius=0.01, angle=0.0)
    points = torch.tensor([[0.4, 0.0, 0.0], [0.8, 0.8, 0.0], [0.5, 0.4, 0.3]])
    expected = [-0.1, 0.5, 0.0]
    assert bracket.distance(points).tolist() == pytest.approx(expected, abs=1e-6)


def test_bracket_turned_by_a_third_has_its_axes_exchanged():
    points = cloud(100)  # x becomes y, y becomes z, z becomes x
    turned = Bracket(half=(0.6, 0.5, 0.2), angle=120.0).distance(points)
    plain = Bracket(half=(0.2, 0.6, 0.5), angle=0.0).distance(points)
    torch.testing.assert_close(turned, plain)


def test_bracket_has_a_hole():
    assert Bracket().occupancy(torch.zeros(1, 3)).tolist() == [False]


@pytest.mark.parametrize(
    ("shape", "volume"),
    [
        (Sphere(0.6), 4 / 3 * math.pi * 0.6**3),
        (Torus(0.6, 0.25), 2 * math.pi**2 * 0.6 * 0.25**2),
        (Bracket((0.7, 0.5, 0.4), 0.3, 40.0), 8 * 0.7 * 0.5 * 0.4 - 4 / 3 * math.pi * 0.3**3),
    ],
    ids=["Sphere", "Torus", "Bracket"],
)
def test_the_share_of_inner_points_is_the_volume(shape, volume):
    share = on_grid(shape.occupancy, (64, 64, 64)).mean().item()
    assert 8 * share == pytest.approx(volume, rel=0.01)


@named
def test_inside_is_where_the_function_is_not_positive(shape):
    points = cloud()
    assert torch.equal(shape.occupancy(points), shape.distance(points) <= 0)


@named
def test_any_batch_of_points_will_do(shape):
    points = cloud(24)
    torch.testing.assert_close(
        shape.distance(points.reshape(2, 3, 4, 3)), shape.distance(points).reshape(2, 3, 4)
    )


@pytest.mark.parametrize(
    "make",
    [
        lambda: Sphere(0.0),
        lambda: Torus(0.2, 0.3),
        lambda: Gyroid(thickness=0.0),
        lambda: Gyroid(periods=-1.0),
        lambda: Bracket(half=(0.5, 0.0, 0.5)),
        lambda: Bracket(radius=float("nan")),
    ],
)
def test_lengths_are_positive(make):
    with pytest.raises(ValueError, match=r"must be positive|needs 0 <"):
        make()
