"""What takes points through a network: the same steps by kernel and torch, and what is told."""

import json
import logging

import pytest
import torch
from torch import nn

from sgn_sciml.callbacks import GateEvolution
from sgn_sciml.inr import INR, engine
from sgn_sciml.inr.engine import NetworkEngine
from sgn_sciml.inr.measurements import Gradients, LineIntegrals
from sgn_sciml.inr.weighting import FrequencyWeighting
from sgn_sciml.jets import has_bfloat16_tiles
from sgn_sciml.jets.compilation import Unavailable
from sgn_sciml.layers import DenseGate, Elementwise, Finer, Gaussian, Sine
from sgn_sciml.networks import CoordinateMLP
from tests.inr.test_task import Ripple, fit, waves

NETWORKS = {
    "diagonal gates": lambda: waves(),
    "dense gates": lambda: CoordinateMLP(2, 1, 23, 2, DenseGate, head_scale=0.1),
    "siren": lambda: CoordinateMLP(2, 1, 23, 2, Sine),
    "finer": lambda: CoordinateMLP(2, 1, 23, 2, lambda n: Finer(n, 10.0)),
    "gaussian": lambda: CoordinateMLP(2, 1, 23, 2, Gaussian),
    "gelu": lambda: CoordinateMLP(2, 1, 23, 2, lambda n: Elementwise(n, nn.functional.gelu)),
}


def weights_after(trainer, steps, name, network=waves, size=(16, 17), **settings):
    torch.manual_seed(0)
    settings = {"optimizer": torch.optim.Adam} | settings
    task = INR(network(), engine=name, **settings)
    fit(trainer, task, Ripple(size=size), max_steps=steps, val_check_interval=steps)
    return nn.utils.parameters_to_vector(task.parameters()).detach(), task


@pytest.mark.parametrize("network", NETWORKS)
def test_ten_steps_lead_to_the_same_weights(network, trainer):
    by_torch, task = weights_after(trainer, 10, "torch", NETWORKS[network])
    assert task.engine.ran == "torch"
    by_kernel, task = weights_after(trainer, 10, "auto", NETWORKS[network])
    assert task.engine.ran == "kernel in float32"
    assert (by_kernel - by_torch).abs().max() < 1e-4


def test_a_line_integral_and_a_weighting_take_the_same_steps(trainer):
    for settings in ({"measurement": LineIntegrals(8)}, {"weighting": FrequencyWeighting()}):
        by_torch, _ = weights_after(trainer, 5, "torch", size=(16, 16), **settings)
        by_kernel, task = weights_after(trainer, 5, "auto", size=(16, 16), **settings)
        assert task.engine.ran == "kernel in float32"
        assert (by_kernel - by_torch).abs().max() < 1e-4


@pytest.mark.parametrize("name", ["bf16x3", "mixed", "bf16"])
def test_low_precision_learns_and_is_told(name, trainer):
    if not has_bfloat16_tiles():
        pytest.skip("this processor has no bfloat16 tiles")
    task = INR(waves(), frequency=4.0, engine=name)
    made = fit(trainer, task, Ripple(), max_steps=60, val_check_interval=60)
    assert made.callback_metrics["val/psnr"] > 20
    assert "bfloat16" in task.about()["engine"]


@pytest.mark.parametrize("name", ["auto", "mixed", "bf16", "bf16x3"])
def test_what_is_rendered_is_float32(name):
    torch.manual_seed(0)
    network = CoordinateMLP(2, 2, 64, 3, Sine)
    points = 2 * torch.rand(500, 2) - 1
    with torch.no_grad():
        found = NetworkEngine(name).evaluate(network, points)
        in_torch, exact = network(points), network.double()(points.double())
    own = (in_torch - exact).square().mean().sqrt()
    most = 1e-5 * exact.abs().max() if name == "bf16x3" else 1.5 * own
    assert (found - exact).square().mean().sqrt() < most


def test_without_tiles_it_goes_on_in_float32_and_says_so_once(trainer, monkeypatch, caplog):
    monkeypatch.setattr(engine, "has_bfloat16_tiles", lambda: False)
    with caplog.at_level(logging.WARNING):
        _, task = weights_after(trainer, 3, "mixed")
    assert "mixed needs a processor with bfloat16 tiles" in task.engine.ran
    assert task.engine.ran.startswith("kernel in float32")
    assert caplog.text.count("needs a processor with bfloat16 tiles") == 1


def test_without_a_compiler_it_goes_on_in_torch_and_says_so(trainer, monkeypatch, caplog):
    def missing():
        raise Unavailable("no compiler c++ (set CXX)")

    monkeypatch.setattr("sgn_sciml.jets.fused_function.library", missing)
    with caplog.at_level(logging.WARNING):
        _, task = weights_after(trainer, 3, "auto")
    assert task.engine.ran == "torch (no compiler c++ (set CXX))"
    assert caplog.text.count("goes on in torch") == 1


class Unknown(CoordinateMLP):
    """A network that does what the kernel has no rule for."""

    def forward(self, x):
        return torch.erfinv(0.1 * torch.tanh(super().forward(x)))


def test_an_unknown_network_goes_on_in_torch_and_is_measured(trainer, caplog):
    with caplog.at_level(logging.WARNING):
        weights, task = weights_after(trainer, 3, "auto", lambda: Unknown(2, 1, 8, 1))
    assert task.engine.ran == "torch (no rule for erfinv)"
    assert caplog.text.count("goes on in torch") == 1
    assert weights.isfinite().all()
    assert task.trainer.callback_metrics["val/psnr"].isfinite()


def test_slopes_of_the_network_go_through_torch(trainer, caplog):
    with caplog.at_level(logging.WARNING):
        _, task = weights_after(trainer, 2, "auto", size=(16, 16), measurement=Gradients())
    assert task.engine.ran == "torch (derivatives with respect to points)"


def test_hooks_on_the_network_hear_every_chunk(trainer):
    heard = []
    torch.manual_seed(0)
    task = INR(waves(), optimizer=torch.optim.Adam, chunk=100)
    task.network.register_forward_hook(lambda module, args, y: heard.append(len(args[0])))
    fit(trainer, task, Ripple(), max_steps=1)
    assert heard == [100, 100, 56]
    assert "hooks" in task.engine.ran


def test_gates_are_watched_all_the_same(trainer):
    watch = GateEvolution()
    torch.manual_seed(0)
    task = INR(waves(), optimizer=torch.optim.Adam)
    fit(trainer, task, Ripple(), max_steps=2, val_check_interval=1, callbacks=[watch])
    assert task.engine.ran == "kernel in float32"
    assert [len(rows) for rows in watch.history.values()] == [2, 2]


def test_values_are_those_of_torch_whatever_the_chunk():
    network, points = waves(), 2 * torch.rand(3, 41, 2) - 1
    expected = network(points).detach()
    for name, chunk in (("auto", None), ("bf16", None), ("torch", None), ("torch", 10)):
        with torch.no_grad():
            found = NetworkEngine(name, chunk).evaluate(network, points)
        assert torch.allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("settings", "line"),
    [({"name": "fp8"}, "engine is one of auto"), ({"chunk": 0}, "at least 1")],
)
def test_what_it_cannot_be_is_refused(settings, line):
    with pytest.raises(ValueError, match=line):
        NetworkEngine(**settings)


def test_the_word_of_a_configuration_is_on_the_card(signal_config, sgn, tmp_path):
    code, _, err = sgn("fit", "--config", str(signal_config), "--model.engine", "torch")
    assert code == 0, err
    (path,) = tmp_path.glob("runs/*/version_0/card.json")
    assert json.loads(path.read_text())["engine"] == "torch"
    code, _, err = sgn("fit", "--config", str(signal_config), "--model.engine", "fp8")
    assert code != 0
    assert "fp8" in err
    assert "Traceback" not in err
