"""Boosting: the second operator corrects the first."""

import copy
import io

import jsonargparse
import pytest
import torch
from torch import nn

from sgn_sciml.networks import OperatorNetwork, inject
from sgn_sciml.operators import Operator
from sgn_sciml.operators.networks import FNO, Boosted, Gated


class Linear(OperatorNetwork):
    """Sums the input channels, times a factor, into every output channel."""

    def __init__(self, factor, in_channels=1, out_channels=1, axes=1):
        super().__init__(in_channels, out_channels, axes)
        self.factor = nn.Parameter(torch.tensor(factor))

    def forward(self, x):
        y = self.factor * x.sum(1, keepdim=True)
        return y.expand(-1, self.out_channels, *y.shape[2:])


def fno(**options):
    return FNO(**{"modes": (4,), "width": 8, "depth": 2, **options})


def boosted(**options):
    return Boosted(fno(), fno(in_channels=2, modes=(8,)), **options)


@pytest.fixture
def checkpoint(trainer, tmp_path):
    """Save a network as the checkpoint of its task; returns the path."""

    def save(network):
        run = trainer()
        run.strategy.connect(Operator(network))
        run.save_checkpoint(tmp_path / "first.ckpt")
        return str(tmp_path / "first.ckpt")

    return save


def test_second_sees_input_and_output_of_the_first():
    network = Boosted(Linear(2.0), Linear(3.0, in_channels=2), residual_scale=0.1)
    x = torch.randn(2, 1, 8)
    torch.testing.assert_close(network(x), 2 * x + 0.1 * 3 * (x + 2 * x))


def test_only_the_second_trains():
    network = boosted()
    names = {name.split(".")[0] for name, p in network.named_parameters() if p.requires_grad}
    assert names == {"second"}
    trained = Operator(network).trainable()
    assert {id(p) for p in trained} == {id(p) for p in network.second.parameters()}


def test_first_runs_in_evaluation_mode():
    network = boosted().train()
    network(torch.zeros(1, 1, 16))
    assert not any(m.training for m in network.first.modules())
    assert network.second.training


def test_slope_of_a_rollout_passes_through_the_first():
    network = Boosted(Linear(2.0), Linear(3.0, in_channels=2), residual_scale=0.1)
    x = torch.ones(1, 1, 8, requires_grad=True)
    network(network(x)).sum().backward()
    torch.testing.assert_close(x.grad, torch.full_like(x, 2.9**2))


def test_no_graph_of_the_first_is_kept_in_a_single_step():
    seen = []
    network = boosted()
    network.first.register_forward_hook(lambda *args: seen.append(args[-1].requires_grad))
    network(torch.randn(1, 1, 16)).sum().backward()
    assert seen == [False]


def test_first_takes_the_weights_of_a_checkpoint(checkpoint):
    trained = fno()
    network = boosted(first_checkpoint=checkpoint(trained))
    x = torch.randn(2, 1, 16)
    assert torch.equal(network.first(x), trained(x))


def test_first_may_have_gates(checkpoint):
    def gated():
        return Gated(fno(), where=["lifting", "modes"], match_parameters=False)

    second = fno(in_channels=2)
    inject(second, where=["*projection*"])
    trained = gated()
    network = Boosted(gated(), second, checkpoint(trained))
    x = torch.randn(2, 1, 16)
    assert torch.equal(network.first(x), trained(x))
    assert not any(p.requires_grad for p in network.first.parameters())
    assert torch.equal(copy.deepcopy(network)(x), network(x))


def test_another_network_is_refused(checkpoint):
    with pytest.raises(ValueError, match=r"first\.ckpt holds weights of another network"):
        boosted(first_checkpoint=checkpoint(fno(width=9)))


def test_a_file_that_is_no_checkpoint_is_refused(tmp_path):
    (tmp_path / "x.ckpt").write_text("no checkpoint")
    torch.save({"weights": 1}, tmp_path / "y.ckpt")
    for name in ("x.ckpt", "y.ckpt"):
        with pytest.raises(ValueError, match=f"{name} is damaged or no checkpoint"):
            boosted(first_checkpoint=str(tmp_path / name))
    with pytest.raises(FileNotFoundError, match=r"missing\.ckpt"):
        boosted(first_checkpoint=str(tmp_path / "missing.ckpt"))


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (fno(), "needs in_channels=2, got 1"),
        (fno(in_channels=2, out_channels=2), "needs out_channels=1, got 2"),
        (fno(in_channels=2, modes=(4, 4)), "needs axes=1, got 2"),
    ],
    ids=["in", "out", "axes"],
)
def test_second_that_does_not_fit_is_refused(second, message):
    with pytest.raises(ValueError, match=message):
        Boosted(fno(), second)


@pytest.mark.parametrize("scale", [0.0, -1.0, float("inf"), float("nan")])
def test_scale_must_be_positive(scale):
    with pytest.raises(ValueError, match="residual_scale must be positive"):
        boosted(residual_scale=scale)


def test_weights_and_scale_travel_strictly():
    network, other = boosted(residual_scale=0.2), boosted()
    file = io.BytesIO()
    torch.save(network.state_dict(), file)
    file.seek(0)
    other.load_state_dict(torch.load(file, weights_only=True), strict=True)
    x = torch.randn(2, 1, 16)
    assert torch.equal(other(x), network(x))
    assert "scale=0.2" in repr(other)


def test_configuration_describes_it():
    parser = jsonargparse.ArgumentParser(exit_on_error=False)
    parser.add_subclass_arguments(OperatorNetwork, "network")
    text = """
network:
  class_path: Boosted
  init_args:
    first: {class_path: FNO, init_args: {modes: [4], width: 8, depth: 2}}
    second: {class_path: FNO, init_args: {in_channels: 2, modes: [8], width: 8, depth: 2}}
    residual_scale: 0.05
"""
    network = parser.instantiate(parser.parse_string(text)).network
    assert network(torch.zeros(1, 1, 32)).shape == (1, 1, 32)
    assert network.scale.item() == pytest.approx(0.05)
