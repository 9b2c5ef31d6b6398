import pytest
import torch

from sgn_sciml.jets import Derivatives


@pytest.fixture
def d(float64):
    points = torch.rand(20, 2)

    def fields(p):
        x, t = p.unbind(-1)
        return torch.stack([torch.sin(2 * x) * t**3, x + t], dim=-1)

    return Derivatives(fields, points, ("x", "t"), ("u", "v"))


def test_values_and_coordinates_are_vectors(d):
    assert d.u.shape == d.x.shape == d.u_xt.shape == (20,)


@pytest.mark.parametrize(
    ("name", "truth"),
    [
        ("u_x", lambda x, t: 2 * torch.cos(2 * x) * t**3),
        ("u_t", lambda x, t: 3 * torch.sin(2 * x) * t**2),
        ("u_xx", lambda x, t: -4 * torch.sin(2 * x) * t**3),
        ("u_xxt", lambda x, t: -12 * torch.sin(2 * x) * t**2),
        ("u_xxxx", lambda x, t: 16 * torch.sin(2 * x) * t**3),
        ("v_x", lambda x, t: torch.ones_like(x)),
        ("v_xx", lambda x, t: torch.zeros_like(x)),
    ],
)
def test_derivatives_match_the_analytic_ones(d, name, truth):
    assert torch.allclose(getattr(d, name), truth(d.x, d.t), atol=1e-13)


def test_mixed_derivatives_commute(d):
    assert torch.allclose(d.u_xt, d.u_tx, atol=1e-14)


def test_each_gradient_is_computed_once(d, monkeypatch):
    calls = []
    original = torch.autograd.grad
    monkeypatch.setattr(
        torch.autograd, "grad", lambda *a, **k: calls.append(1) or original(*a, **k)
    )
    _ = d.u_t, d.u_x, d.u_xx, d.u_x, d.u_xx
    assert len(calls) == 2


def test_layer_norm_at_orders_where_that_of_torch_is_wrong(float64):
    points = torch.tensor([[0.3], [-2.0]])
    norm = torch.nn.LayerNorm(2, eps=1.0)
    d = Derivatives(lambda p: norm(torch.cat([p, -p], 1))[:, :1], points, "x", "u")
    x, s = d.x, 1 + d.x**2  # u = x / sqrt(s)
    truth = {
        "u": x * s**-0.5,
        "u_xx": -3 * x * s**-2.5,
        "u_xxx": -3 * s**-2.5 + 15 * x**2 * s**-3.5,
        "u_xxxx": 45 * x * s**-3.5 - 105 * x**3 * s**-4.5,
    }
    for name, expected in truth.items():
        torch.testing.assert_close(getattr(d, name), expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", ["w", "u_y", "u_", "x_t", "w_x"])
def test_unknown_names_are_refused_by_name(d, name):
    with pytest.raises(AttributeError, match=f"no derivative '{name}'"):
        getattr(d, name)


def test_wrong_number_of_fields_names_both_shapes():
    with pytest.raises(ValueError, match=r"\(3, 1\).*\(3, 2\)"):
        Derivatives(lambda p: p, torch.zeros(3, 2), "xt", "u")
