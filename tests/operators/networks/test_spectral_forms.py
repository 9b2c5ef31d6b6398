"""Gates in frequency space in the operators of the library."""

import copy
from functools import partial

import pytest
import torch
from torch import nn

from sgn_sciml.layers import SpectralGate
from sgn_sciml.networks import inject
from sgn_sciml.operators.networks.mode_gate import ModeWave
from sgn_sciml.operators.networks.spectral_forms import add_high_pass, add_mode_gates
from tests.networks.blocks import every_operator, gates, operator, outputs, relative
from tests.operators.networks.waves import wave


def open_waves(module, value=0.5):
    for m in module.modules():
        if isinstance(m, ModeWave):
            nn.init.constant_(m.gate, value)


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


def test_diagonal_gate_on_the_lifting_has_a_range_of_frequencies():
    model, x = operator("FNO1")
    gate = partial(SpectralGate, spectral="diagonal", frequency_scale=(0.5, 20.0))
    inject(model, gate, where="lifting*")
    (found,) = gates(model)
    torch.testing.assert_close(found.spectral.frequencies, torch.linspace(0.5, 20.0, 32))
    model(x).square().sum().backward()
    assert all(p.grad.any() for p in found.parameters())
