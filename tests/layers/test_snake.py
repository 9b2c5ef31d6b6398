"""Snake: its formula, its derivative, its moment, its period."""

import math

import pytest
import torch
from torch import nn

from sgn_sciml.layers import Snake


def inputs(*shape):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def test_snake_is_its_formula_with_the_derivative_of_the_paper():
    snake, u = Snake(3, a=2.5).double(), inputs(5, 3).requires_grad_()
    y = snake(u)
    torch.testing.assert_close(y, u + torch.sin(2.5 * u) ** 2 / 2.5)
    (slope,) = torch.autograd.grad(y.sum(), u)
    torch.testing.assert_close(slope, 1 + torch.sin(5 * u))


def test_it_goes_on_periodically():
    snake, u = Snake(1, a=2.0).double(), inputs(50, 1)
    torch.testing.assert_close(snake(u + 3 * math.pi / 2), snake(u) + 3 * math.pi / 2)


@pytest.mark.parametrize("a", [0.2, 1.0, 5.0])
def test_weights_behind_it_are_divided_by_its_deviation(a):
    snake = Snake(1, a)
    z = torch.randn(1_000_000, 1, generator=torch.Generator().manual_seed(0))
    moment = snake(z).square().mean().sqrt().item()
    assert snake.deviation == pytest.approx(moment, rel=0.01)
    linear = nn.Linear(4000, 50)
    snake.init_linear(linear, first=False)
    assert linear.weight.std().item() == pytest.approx(4000**-0.5 / snake.deviation, rel=0.02)


def test_a_must_be_positive():
    with pytest.raises(ValueError, match="a must be positive, got 0"):
        Snake(3, a=0.0)
