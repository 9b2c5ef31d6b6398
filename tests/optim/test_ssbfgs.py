import pytest
import torch
from torch import nn

from sgn_sciml.optim import SSBFGS, SSBroyden
from sgn_sciml.optim.ssbfgs import wolfe

pytestmark = pytest.mark.usefixtures("float64")


both = pytest.mark.parametrize("method", [SSBFGS, SSBroyden])


def minimise(function, start, steps, method=SSBFGS, **kwargs):
    x = nn.Parameter(torch.tensor(start))
    optimizer = method([x], **kwargs)
    calls = []

    def closure():
        calls.append(1)
        optimizer.zero_grad()
        loss = function(x)
        loss.backward()
        return loss

    for _ in range(steps):
        optimizer.step(closure)
    return x.detach(), len(calls)


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


@both
def test_reaches_the_minimum_of_rosenbrock(method):
    x, calls = minimise(rosenbrock, [-1.2, 1.0, -1.0, 1.0], steps=5, method=method)
    assert torch.allclose(x, torch.ones(4), atol=1e-8)
    assert calls < 150


@both
def test_solves_an_ill_conditioned_quadratic(method):
    scales = torch.logspace(0, 8, 9)
    x, _ = minimise(lambda x: (scales * (x - 1) ** 2).sum(), [0.0] * 9, steps=10, method=method)
    assert torch.allclose(x, torch.ones(9), atol=1e-8)


def test_update_is_the_scaled_product_form():
    p = 6
    root = torch.randn(p, p)
    h = root @ root.T + torch.eye(p)
    s, y = torch.randn(p), torch.randn(p)
    y = y if s @ y > 0 else -y
    bs = torch.linalg.solve(h, s)
    tau = min(1.0, (s @ y / (s @ bs)).item())
    left = torch.eye(p) - torch.outer(s, y) / (s @ y)
    expected = left @ h @ left.T / tau + torch.outer(s, s) / (s @ y)
    assert torch.allclose(SSBFGS.update(h.clone(), s, y, bs), expected)


def test_update_satisfies_the_secant_equation():
    s = torch.randn(5)
    y = s + 0.1 * torch.randn(5)
    assert torch.allclose(SSBFGS.update(None, s, y, s) @ y, s)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_search_satisfies_the_strong_wolfe_conditions(scale):
    def evaluate(x):
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            loss = rosenbrock(x)
            return loss.item(), torch.autograd.grad(loss, x)[0]

    x = torch.tensor([-1.2, 1.0])
    f, g = evaluate(x)
    direction = -g / g.norm() * scale
    length, f_new, g_new = wolfe(evaluate, x, f, g, direction, 1e-4, 0.9, 20)
    assert length > 0
    assert f_new <= f + 1e-4 * length * (g @ direction)
    assert abs(g_new @ direction) <= 0.9 * abs(g @ direction)
    assert evaluate(x + length * direction)[0] == f_new


def test_search_refuses_an_ascent_direction():
    g = torch.tensor([1.0])
    assert wolfe(lambda x: (0.0, g), torch.zeros(1), 0.0, g, g, 1e-4, 0.9, 5)[0] == 0


def test_exhausted_search_returns_the_lowest_trial():
    def evaluate(x):  # falls to -1 at t = 1, too steeply for the curvature, then jumps
        return (-1.0, -torch.ones(1)) if x <= 1 else (50.0, torch.ones(1))

    start = 0.0, -torch.ones(1), torch.ones(1)
    length, f, _ = wolfe(evaluate, torch.zeros(1), *start, 1e-4, 0.9, 2)
    assert (length, f) == (1.0, -1.0)


@both
def test_step_ends_with_the_gradient_of_its_parameters(method):
    x = nn.Parameter(torch.tensor([-1.2, 1.0]))
    optimizer = method([x], max_iter=3, max_search=2)

    def closure():
        optimizer.zero_grad()
        loss = rosenbrock(x)
        loss.backward()
        return loss

    for _ in range(5):
        optimizer.step(closure)
        kept = x.grad.clone()
        closure()
        assert torch.equal(x.grad, kept)


def test_a_nan_region_is_searched_around():
    def function(x):
        return torch.where(x > 0.5, torch.nan, (x - 0.4) ** 2).sum()

    x, _ = minimise(function, [0.0], steps=2)
    assert x.item() == pytest.approx(0.4, abs=1e-6)


def test_stays_at_a_minimum():
    x, _ = minimise(lambda x: (x**2).sum(), [0.0, 0.0], steps=2)
    assert torch.equal(x, torch.zeros(2))


def test_too_many_parameters_name_the_memory_and_the_way_out():
    with pytest.raises(ValueError, match=r"6000 x 6000 matrix \(0\.3 GB\).*LBFGS"):
        SSBFGS([nn.Parameter(torch.zeros(6000))])


def test_single_precision_is_warned_of():
    x = nn.Parameter(torch.ones(2, dtype=torch.float32))
    with pytest.warns(UserWarning, match="SSBFGS needs float64"):
        SSBFGS([x], max_iter=1).step(lambda: (x**2).sum())


def test_a_huge_loss_is_searched_around():
    x, g = torch.zeros(1), torch.full((1,), -1.0)

    def cliff(x):
        u = float(x)
        loss, slope = (-u, -1.0) if u < 1 else (1e200 * u, 1e200)
        return loss, torch.full((1,), slope)

    length, loss, _ = wolfe(cliff, x, 0.0, g, -g, 1e-4, 0.9, 20, 5.0)
    assert 0 < length < 1
    assert loss == pytest.approx(-length)
