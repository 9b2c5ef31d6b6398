"""Every elementwise function and its five derivatives, against nested differentiation."""

import pytest
import torch
import torch.nn.functional as F

from sgn_sciml.jets import Eager, Equation, Fused, Nested
from sgn_sciml.jets.program import FUNCTIONS


@pytest.mark.parametrize("engine", [Eager(), Fused()], ids=["eager", "fused"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_four_derivatives_and_their_gradient_which_takes_a_fifth(name, engine, float64):
    function = F.gelu if name == "gelu" else getattr(torch, name)
    weight = torch.tensor([[0.8]], requires_grad=True)
    points = torch.linspace(0.4, 1.1, 7)[:, None]
    equation = Equation(
        lambda x: function(x @ weight) + 0.1 * x @ weight,
        lambda d: [d.u, d.u_x, d.u_xx, d.u_xxx, d.u_xxxx],
        ("x",),
        ("u",),
    )
    right, nested = equation.nested(points), Nested()
    assert torch.allclose(engine.residuals(equation, points), right, rtol=1e-11, atol=1e-11)
    slopes = [torch.autograd.grad(e.loss(equation, points), weight) for e in (engine, nested)]
    assert torch.allclose(slopes[0][0], slopes[1][0], rtol=1e-8, atol=1e-8)  # it cancels
