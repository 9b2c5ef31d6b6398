"""PINO: data, law, both; solutions at some points; tuning of single instances."""

import copy
from functools import partial

import numpy as np
import pytest
import torch
from lightning.pytorch import Trainer, seed_everything
from torch import nn
from torch.utils.data import DataLoader

from sgn_sciml.laws.darcy import solve_darcy
from sgn_sciml.networks.base import OperatorNetwork
from sgn_sciml.operators import Operator
from sgn_sciml.operators.families import MgNO
from sgn_sciml.operators.physics import DarcyLaw, InstanceTuning, PhysicsInformedOperator

NODES = 9


class Scaled(OperatorNetwork):
    """A network of one number: the input times it."""

    def __init__(self):
        super().__init__(1, 1, 2)
        self.factor = nn.Parameter(torch.tensor(0.5))

    def forward(self, x):
        return self.factor * x


@pytest.fixture(scope="module")
def samples():
    rng = np.random.default_rng(0)
    x = np.linspace(0, 1, NODES)
    media = [np.exp(p * np.sin(3 * x)[:, None] + q * x) for p, q in rng.normal(size=(8, 2))]
    return [
        {"input": torch.from_numpy(a).float()[None], "target": torch.from_numpy(u).float()[None]}
        for a in media
        for u in [solve_darcy(a)]
    ]


def task(network=None, **options):
    options = {"law": DarcyLaw(), "periodic": False} | options
    return PhysicsInformedOperator(network or Scaled(), **options)


def batch_of(samples):
    return next(iter(DataLoader(samples, batch_size=len(samples))))


def trainer(**options):
    return Trainer(
        accelerator="cpu", logger=False, enable_progress_bar=False, enable_model_summary=False,
        enable_checkpointing=False, inference_mode=False, **options,
    )  # fmt: skip


def test_the_loss_is_the_weighted_sum(samples, monkeypatch):
    batch, made = batch_of(samples), task(law_weight=0.3, data_weight=2.0)
    monkeypatch.setattr(made, "log", lambda *args, **kwargs: None)
    plain = Operator(Scaled(), periodic=False)
    monkeypatch.setattr(plain, "log", lambda *args, **kwargs: None)
    data = plain.training_step(batch, 0)
    law = DarcyLaw()(0.5 * batch["input"], batch["input"]).mean()
    torch.testing.assert_close(made.training_step(batch, 0), 2 * data + 0.3 * law)
    torch.testing.assert_close(made.term_values, torch.stack([data, law]).detach())


def test_solutions_may_be_known_at_some_points_only(samples):
    batch, made = batch_of(samples), task(known_every=4)
    expected, _ = made.objective(made.predict(batch), batch)
    hidden = {k: v.clone() for k, v in batch.items()}
    hidden["target"][..., 1:4, :] = torch.nan
    hidden["target"][..., 5] = torch.nan
    found, _ = made.objective(made.predict(hidden), hidden)
    torch.testing.assert_close(found, expected)


def test_without_data_no_target_is_read(samples):
    batch = batch_of(samples)
    batch["target"].fill_(torch.nan)
    made = task(data_weight=0.0)
    loss = made.weighted(*made.objective(made.predict(batch), batch))
    assert loss.isfinite()
    loss.backward()
    assert made.network.factor.grad.isfinite()


def train(samples, steps=60, **options):
    seed_everything(0, verbose=False)
    network = MgNO(axes=2, width=8, depth=3, levels=3, periodic=False)
    made = task(network, optimizer=partial(torch.optim.Adam, lr=3e-3), **options)
    loader = DataLoader(samples, batch_size=8)
    trainer(max_steps=steps, max_epochs=-1, limit_val_batches=0).fit(made, loader, loader)
    return made


def error(made, samples):
    batch = batch_of(samples)
    with torch.no_grad():
        pred = made.predict_step(batch, 0)["prediction"]
    e = (pred - batch["target"]).flatten(1).norm(dim=1) / batch["target"].flatten(1).norm(dim=1)
    return e.mean().item()


def test_it_learns_without_solutions_and_goes_on_for_an_instance(samples):
    blind = [
        sample | {"target": torch.full_like(sample["target"], torch.nan)} for sample in samples
    ]
    made = train(blind, steps=150, data_weight=0.0, law_weight=1.0)
    before = error(made, samples)
    assert before < 0.5
    made.tuning = InstanceTuning(steps=60, lr=1e-3)
    state = copy.deepcopy(made.network.state_dict())
    assert error(made, samples[:2]) < 0.8 * before
    for name, tensor in made.network.state_dict().items():
        assert torch.equal(tensor, state[name])


def test_an_anchor_holds_the_prediction(samples):
    one = samples[:1]
    free, held = (
        task(tuning=InstanceTuning(steps=30, lr=0.01, anchor=anchor)) for anchor in (0, 1e6)
    )
    start = batch_of(one)["input"] * 0.5
    moved = [
        (made.predict_step(batch_of(one), 0)["prediction"] - start).norm() / start.norm()
        for made in (free, held)
    ]
    assert moved[0] > 0.3
    assert moved[1] < 0.05


def test_validation_chooses_by_what_is_trained(samples):
    made = task(data_weight=0.0, law_weight=1.0)
    (found,) = trainer().validate(made, DataLoader(samples, batch_size=3), verbose=False)
    batch = batch_of(samples)
    law = DarcyLaw()(0.5 * batch["input"], batch["input"]).mean()
    assert found["val/loss"] == pytest.approx(law.item(), rel=1e-5)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"law_weight": -1.0}, "must not be negative"),
        ({"law_weight": 0.0, "data_weight": 0.0}, "nor both 0"),
        ({"known_every": 0}, "known_every at least 1"),
        ({"pushforward": True}, "do not follow the input"),
    ],
)
def test_settings_out_of_range_are_refused(bad, says):
    with pytest.raises(ValueError, match=says):
        task(**bad)


def test_tuning_needs_steps():
    with pytest.raises(ValueError, match="must be positive"):
        InstanceTuning(steps=0)
