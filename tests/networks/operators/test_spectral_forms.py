"""Gates in frequency space against their formulas on single waves."""

import copy
import math
from functools import partial

import pytest
import torch
from torch import nn

from sgn_sciml.layers import SpectralGate
from sgn_sciml.networks import inject
from sgn_sciml.networks.operators.spectral_forms import (
    HighPassGate,
    ModeGate,
    ModeWave,
    add_high_pass,
    add_mode_gates,
    high_pass,
)
from tests.networks.blocks import every_operator, gates, operator, outputs, relative


class Convolution(nn.Module):
    """Stands for a spectral convolution with unit weights on the grid of the input."""

    def __init__(self, channels, *n_modes):
        super().__init__()
        self.out_channels, self.n_modes, self.fft_norm = channels, list(n_modes), "forward"

    def transform(self, x, output_shape=None):
        return x

    def forward(self, x, output_shape=None):
        return x - high_pass(x, tuple(self.n_modes))


def wave(n, k, amplitude=1.0, phase=0.0, dtype=torch.float64):
    x = torch.arange(n, dtype=dtype) / n
    return amplitude * torch.cos(2 * math.pi * k * x + phase)


def plane(n, m, k, q):
    x, y = torch.arange(n).double() / n, torch.arange(m).double() / m
    return torch.cos(2 * math.pi * (k * x[:, None] + q * y) + 0.4)


def open_waves(module, value=0.5):
    for m in module.modules():
        if isinstance(m, ModeWave):
            nn.init.constant_(m.gate, value)


@pytest.mark.parametrize("n", [32, 33, 64])
def test_mode_is_scaled_by_its_own_amplitude(n):
    layer = ModeGate(Convolution(1, 9), ModeWave(1, 0.3, 2.0)).double()
    u = wave(n, 3, 0.7) + wave(n, 5, 0.02, 1.0)
    factor = [1 + 0.3 * math.sin(2 * math.log(a / 2)) for a in (0.7, 0.02)]
    expected = factor[0] * wave(n, 3, 0.7) + factor[1] * wave(n, 5, 0.02, 1.0)
    torch.testing.assert_close(layer(u[None, None])[0, 0], expected, rtol=0, atol=1e-7)


def test_mode_gate_commutes_with_shifts():
    torch.manual_seed(0)
    layer = ModeGate(Convolution(3, 6, 6), ModeWave(3, 0.5)).double()
    u = torch.randn(2, 3, 16, 15, dtype=torch.float64)
    shift = partial(torch.roll, shifts=(3, 4), dims=(2, 3))
    torch.testing.assert_close(layer(shift(u)), shift(layer(u)))


def test_mode_gate_is_not_linear_but_bounded():
    layer, u = ModeGate(Convolution(1, 9), ModeWave(1, 0.5)).double(), wave(32, 3)[None, None]
    assert relative(layer(4 * u), 4 * layer(u)) > 0.05
    for size in (1e-3, 1.0, 1e3):
        assert 0.5 <= (layer(size * u).norm() / (size * u).norm()).item() <= 1.5


def test_gradients_are_finite_where_modes_vanish():
    layer = ModeGate(Convolution(1, 9), ModeWave(1, 0.5))
    u = torch.zeros(1, 1, 32, requires_grad=True)
    layer(u).sum().backward()
    assert u.grad.isfinite().all()
    assert all(p.grad.isfinite().all() for p in layer.parameters())


def test_attributes_of_the_convolution_pass_through():
    model, x = operator("FNO2")
    add_mode_gates(model)
    conv = model.fno_blocks.convs[0]
    assert conv.n_modes == [6, 4]
    assert conv.weight is conv.conv.weight
    assert conv.max_n_modes is conv.conv.max_n_modes
    model.n_modes = (4, 4)
    assert conv.conv.n_modes == [4, 3]
    assert model(x).shape == x.shape


@pytest.mark.parametrize(("k", "stays"), [(0, 0), (3, 0), (4, 0), (5, 1), (16, 1)])
def test_high_pass_keeps_what_the_convolution_drops(k, stays):
    u = wave(32, k, phase=0.3)[None, None]
    torch.testing.assert_close(high_pass(u, (5,)), stays * u, rtol=0, atol=1e-14)


@pytest.mark.parametrize("shape", [(16, 15), (15, 16)])
@pytest.mark.parametrize(
    ("k", "q", "stays"),
    [(3, 0, 0), (-3, 2, 0), (3, 3, 0), (4, 0, 1), (-4, 2, 1), (0, 4, 1), (2, 5, 1)],
)
def test_high_pass_is_a_projection_in_the_plane(shape, k, q, stays):
    u = plane(*shape, k, q)[None, None]
    torch.testing.assert_close(high_pass(u, (6, 4)), stays * u, rtol=0, atol=1e-14)


def test_high_pass_of_the_librarys_convolution_is_what_it_does_not_see():
    model, x = operator("FNO2")
    conv, x = model.fno_blocks.convs[0], torch.randn(1, 16, 16, 12)
    with torch.no_grad():
        low = x - high_pass(x, tuple(conv.n_modes))
        torch.testing.assert_close(conv(low), conv(x), rtol=0, atol=1e-6)


def test_high_pass_gate_is_its_definition():
    torch.manual_seed(0)
    gate = SpectralGate(4, base=None, gate_init=0.3).double()
    layer = HighPassGate(nn.Identity(), gate, (5,))
    u = torch.randn(2, 4, 32, dtype=torch.float64)
    expected = u + gate(high_pass(u, (5,)).mT).mT
    torch.testing.assert_close(layer(u), expected, rtol=1e-12, atol=1e-14)


ADDERS = {"modes": add_mode_gates, "high pass": add_high_pass}
COUNTS = {"FNO1": 4, "FNO2": 2, "TFNO": 4, "UNO": 3, "CODANO": 12, "UQNO": 8, "LocalNO": 4}
every_adder = pytest.mark.parametrize("form", ADDERS)


@every_adder
@every_operator
def test_operators_start_where_they_were_and_learn(name, form):
    model, x = operator(name)
    if name == "SFNO":
        with pytest.raises(ValueError, match="SFNO has no"):
            ADDERS[form](model)
        return
    with torch.no_grad():
        before = outputs(model, x)
    records = ADDERS[form](model)
    assert len(records) == COUNTS.get(name, len(records))
    assert relative(outputs(model, x), before) < 0.05
    outputs(model, x).square().sum().backward()
    for record in records:
        if not record.name.startswith("base_model"):
            place = model.get_submodule(record.name)
            assert all(p.grad is not None and p.grad.any() for p in place.parameters())


@every_adder
def test_second_time_finds_nothing(form):
    model, _ = operator("FNO1")
    ADDERS[form](model)
    with pytest.raises(ValueError, match="FNO has no"):
        ADDERS[form](model)


def test_forms_can_be_combined_and_copied():
    model, x = operator("FNO2")
    for add in ADDERS.values():
        add(model)
    other = copy.deepcopy(model)
    other.load_state_dict(model.state_dict(), strict=True)
    assert torch.equal(other(x), model(x))
    assert [type(c.conv).__name__ for c in model.fno_blocks.convs] == ["SpectralConv"] * 2


@every_adder
def test_band_limited_fields_give_the_same_at_any_resolution(form):
    model, _ = operator("FNO1")
    add = ADDERS[form]
    add(model)
    block = model.fno_blocks.convs[0] if form == "modes" else model.fno_blocks.fno_skips[0]
    open_waves(block)
    weights = torch.randn(16, 6)
    coarse, fine = (
        torch.stack([wave(n, k, dtype=torch.float32) for k in range(6)]) for n in (32, 96)
    )
    with torch.no_grad():
        y, z = (block((weights @ basis)[None]) for basis in (coarse, fine))
    torch.testing.assert_close(z[..., ::3], y, rtol=0, atol=2e-5)


def test_no_linear_path_is_refused():
    model, _ = operator("FNO1")
    model.fno_blocks.fno_skips = None
    with pytest.raises(ValueError, match="linear path beside"):
        add_high_pass(model)


def test_mode_gate_refuses_other_convolutions():
    with pytest.raises(ValueError, match="real Fourier modes"):
        ModeGate(nn.Conv1d(3, 3, 1), ModeWave(3))


def test_diagonal_gate_on_the_lifting_has_a_range_of_frequencies():
    model, x = operator("FNO1")
    gate = partial(SpectralGate, spectral="diagonal", frequency_scale=(0.5, 20.0))
    inject(model, gate, where="lifting*")
    (found,) = gates(model)
    torch.testing.assert_close(found.spectral.frequencies, torch.linspace(0.5, 20.0, 32))
    model(x).square().sum().backward()
    assert all(p.grad.any() for p in found.parameters())
