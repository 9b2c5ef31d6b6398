"""Gate evolution against the gates themselves."""

import pytest
import torch
from lightning.pytorch.loggers import CSVLogger

from sgn_sciml.callbacks import GateEvolution
from sgn_sciml.layers import Elementwise, SpectralGate
from sgn_sciml.networks import CoordinateMLP
from sgn_sciml.pde import Burgers
from sgn_sciml.pinn import PINN, Collocation


@pytest.fixture
def data():
    return Collocation(Burgers(), num_points=64)


def test_rows_are_quantiles_and_share_of_each_gate(trainer, data):
    network = CoordinateMLP(2, 1, width=8, depth=2, activation=SpectralGate)
    task, gates = PINN(network, Burgers()), GateEvolution()
    trainer(callbacks=[gates]).fit(task, data)
    assert list(gates.history) == ["network.layers.1", "network.layers.3"]
    for name, gate in gates.gates(task).items():
        steps, last = [row[0] for row in gates.history[name]], gates.history[name][-1]
        assert steps == [2, 4]
        values = gate.gate.detach().sort().values
        assert last[1] == pytest.approx(values[0].item())
        assert last[5] == pytest.approx(values[-1].item())
        assert last[3] == pytest.approx((values[3] + values[4]).item() / 2)
    # The share of the first gate, from the definition, on the held-out points it was read on.
    points = next(iter(data.val_dataloader()))["residual"].to(task.network.layers[0].weight.dtype)
    first, gate = task.network.layers[:2]
    u = first(task.network.scale(points)).detach()
    ratio = (gate(u) - gate.base(u)).square().mean().sqrt() / gate.base(u).square().mean().sqrt()
    assert gates.history["network.layers.1"][-1][6] == pytest.approx(ratio.item(), rel=1e-4)


def test_training_is_the_same_with_and_without(trainer, data):
    weights = []
    for callbacks in ([], [GateEvolution()]):
        torch.manual_seed(3)
        task = PINN(CoordinateMLP(2, 1, width=8, depth=2), Burgers())
        trainer(callbacks=callbacks).fit(task, data)
        weights.append(task.network.layers[0].weight.detach())
    assert torch.equal(*weights)


def test_figure_is_written(trainer, data, tmp_path):
    task = PINN(CoordinateMLP(2, 1, width=8, depth=2), Burgers())
    logger = CSVLogger(tmp_path, "gates")
    trainer(callbacks=[GateEvolution()], logger=logger).fit(task, data)
    assert (tmp_path / "gates/version_0/figures/gates.png").stat().st_size > 10_000


def test_network_without_gates_logs_nothing(trainer, data):
    network = CoordinateMLP(
        2, 1, width=8, depth=2, activation=lambda n: Elementwise(n, torch.tanh)
    )
    gates, fit = GateEvolution(), trainer(callbacks=[])
    fit.callbacks.append(gates)
    fit.fit(PINN(network, Burgers()), data)
    assert gates.history == {}
    assert not [key for key in fit.callback_metrics if key.startswith("gate/")]


def test_frequencies_of_waves_include_the_weights_in_front():
    def waves(scale):
        return lambda n: SpectralGate(n, spectral="sine", base=None, frequency_scale=scale)

    network = CoordinateMLP(1, 1, 5, 2, waves(30.0), waves((1.0, 64.0)))
    first, hidden = GateEvolution.frequencies(network).values()
    x = torch.linspace(-1, 1, 7, dtype=torch.float64)[:, None].requires_grad_()
    linear, gate = network.double().layers[:2]
    phase = gate.spectral.frequencies * linear(x)
    slopes = [torch.autograd.grad(p.sum(), x, retain_graph=True)[0][0].abs() for p in phase.T]
    assert torch.allclose(first.double(), torch.cat(slopes).detach(), rtol=1e-5)
    assert first.max() > 8 * first.min()  # the range is seen, though all channels share one omega
    linear, gate = network.layers[2:4]
    rows = (gate.spectral.frequencies[:, None] * linear.weight).norm(dim=1)
    assert torch.allclose(hidden.double(), rows.detach(), rtol=1e-5)
