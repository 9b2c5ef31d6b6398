"""B-splines in the kernel: the values, gradients and second derivatives of the recursion."""

import pytest
import torch

import sgn_sciml.jets.spline_kernel as kernel
from sgn_sciml.jets.compilation import Unavailable
from sgn_sciml.layers import Polynomial, Spline
from sgn_sciml.layers.bspline import bspline_bases, extend, recursion

TIGHT = {torch.float32: 2e-6, torch.float64: 1e-13}


def case(dtype, degree, n, rows=37):
    """Uneven knots of each channel, and points on them, outside and between."""
    torch.manual_seed(0)
    grid = torch.rand(6, n, dtype=torch.float64).cumsum(0).sub(1.5).to(dtype)
    u = torch.cat([4 * torch.rand(rows, n, dtype=torch.float64).to(dtype) - 2, grid])
    return u, extend(grid, degree)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("continued", [False, True])
@pytest.mark.parametrize(("degree", "n"), [(1, 5), (2, 16), (3, 1), (3, 35), (4, 8), (5, 19)])
def test_values_and_gradients_are_those_of_the_recursion(dtype, continued, degree, n):
    u, knots = case(dtype, degree, n)
    assert kernel.takes_splines(u, knots, degree)
    outer = degree if continued else None
    beside, g = torch.randn(2, *u.shape, dtype=dtype), torch.randn(len(u), 1, dtype=dtype)
    y, z = u.clone().requires_grad_(), u.clone().requires_grad_()
    found = bspline_bases(y, knots, degree, continued, beside=beside[0] * y)
    expected = torch.cat([beside[0] * z, recursion(z, knots, degree, outer)[0]], -1)
    tight = TIGHT[dtype] * expected.detach().abs().max().item()
    torch.testing.assert_close(found, expected, rtol=0, atol=tight)
    (found.cos() * g).sum().backward()
    (expected.cos() * g).sum().backward()
    torch.testing.assert_close(y.grad, z.grad, rtol=0, atol=50 * TIGHT[dtype] * z.grad.abs().max())


def test_gradients_have_gradients(float64):
    u, knots = case(torch.float64, 3, 3, rows=4)
    u = u[:4].requires_grad_()
    assert torch.autograd.gradgradcheck(lambda v: bspline_bases(v, knots, 3, beside=v.sin()), u)


def test_threads_share_the_rows(monkeypatch):
    u, knots = case(torch.float64, 3, 20, rows=101)
    one = bspline_bases(u, knots, 3)
    monkeypatch.setattr(kernel, "SHARE", 100)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    assert torch.equal(bspline_bases(u, knots, 3), one)


def test_what_is_not_contiguous_or_has_more_axes():
    u, knots = case(torch.float64, 3, 6, rows=30)
    turned = u.T.contiguous().T.view(6, 6, 6).requires_grad_()
    found = bspline_bases(turned, knots.T.contiguous().T, 3)
    torch.testing.assert_close(found.view(36, -1), recursion(u, knots, 3, None)[0])
    found[..., ::2].square().sum().backward()
    again = u.clone().requires_grad_()
    recursion(again, knots, 3, None)[0][..., ::2].square().sum().backward()
    torch.testing.assert_close(turned.grad.view(36, 6), again.grad)


def test_without_a_compiler_the_recursion_goes_on(monkeypatch):
    def missing():
        raise Unavailable("no compiler")

    u, knots = case(torch.float64, 3, 4)
    fast = bspline_bases(u, knots, 3)
    kernel.has_kernel.cache_clear()
    monkeypatch.setattr(kernel, "library", missing)
    assert not kernel.takes_splines(u, knots, 3)
    slow = bspline_bases(u, knots, 3)
    kernel.has_kernel.cache_clear()
    torch.testing.assert_close(slow, fast)


@pytest.mark.parametrize("boundary", [None, Polynomial()])
def test_a_compiled_layer_is_the_layer(boundary):
    torch.manual_seed(0)
    layer = Spline(3, boundary=boundary)
    compiled = torch.compile(layer, backend="aot_eager", fullgraph=True)
    u, v = (torch.linspace(-1.2, 1.2, 18).view(6, 3).requires_grad_() for _ in range(2))
    one, two = layer(u), compiled(v)
    torch.testing.assert_close(two, one)
    one.square().sum().backward()
    two.square().sum().backward()
    torch.testing.assert_close(v.grad, u.grad)
