"""The fused layer against the operations it stands for, and its derivatives."""

from functools import partial

import pytest
import torch

from sgn_sciml.operators.networks.fourier.product import composed, convolve
from sgn_sciml.operators.networks.fourier.transforms import FastTransform, ProductTransform

CASES = {
    "line": ((8,), (8,), (3,)),
    "plane": ((4, 5), (4, 5), (4, 2)),
    "finer": ((4, 6), (8, 7), (3, 4)),
    "space": ((3, 4, 4), (3, 4, 4), (2, 3, 2)),
}
every_case = pytest.mark.parametrize(("grid", "new", "counts"), CASES.values(), ids=CASES)
every_kind = pytest.mark.parametrize("kind", [ProductTransform, FastTransform])


def layer(grid, new, counts, kind, skip=True):
    generator = torch.Generator().manual_seed(0)
    draw = partial(torch.randn, dtype=torch.float64, generator=generator)
    transforms = kind(grid, counts, False), kind(new, counts, True)
    tensors = [draw(*grid, 2, 3), draw(transforms[0].modes, 3, 2, 2), draw(2), draw(2, 3)]
    tensors = [t.requires_grad_() for t in tensors]
    return tensors if skip and grid == new else [*tensors[:3], None], transforms


@every_kind
@every_case
def test_it_is_the_operations_it_stands_for(grid, new, counts, kind):
    tensors, transforms = layer(grid, new, counts, kind)
    given = [t for t in tensors if t is not None]
    results = []
    for function in (convolve, composed):
        y = function(*tensors, *transforms)
        results += [y, *torch.autograd.grad(y.sin().sum(), given)]
    half = len(results) // 2
    torch.testing.assert_close(results[:half], results[half:])


@every_kind
@every_case
def test_gradients_are_differences(grid, new, counts, kind):
    tensors, transforms = layer(grid, new, counts, kind)
    assert torch.autograd.gradcheck(lambda *t: convolve(*t, *transforms), tensors)


def test_second_derivatives_are_differences():
    tensors, transforms = layer((4, 5), (4, 5), (4, 2), ProductTransform)
    assert torch.autograd.gradgradcheck(lambda *t: convolve(*t, *transforms), tensors)


def test_only_what_is_asked_for_gets_a_gradient():
    (x, weight, _, skip), transforms = layer((8,), (8,), (3,), ProductTransform)
    x, skip = x.detach(), skip.detach()
    convolve(x, weight, None, skip, *transforms).sum().backward()
    assert weight.grad is not None
    assert x.grad is None
    assert skip.grad is None
