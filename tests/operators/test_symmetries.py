"""Symmetries carry samples of a law into samples of it."""

import numpy as np
import pytest
import torch

from sgn_sciml.laws.cole_hopf import propagate
from sgn_sciml.laws.darcy import solve_darcy
from sgn_sciml.operators import FnoSplit, Operator, OperatorData
from sgn_sciml.operators.networks import FNO
from sgn_sciml.operators.symmetries import Reflection, Transpose, augment
from tests.conftest import ROOT

SMALL = str(ROOT / "data" / "small" / "burgers_r10_64.h5")


def test_burgers_commutes_with_the_odd_reflection():
    x = np.arange(64) / 64
    u = np.sin(2 * np.pi * x) + 0.5 * np.cos(4 * np.pi * x)
    turn = Reflection(sign=-1)

    def turned(v):
        return turn(torch.from_numpy(v), axes=1).numpy()

    later = propagate(u, 0.02, 0.3)
    np.testing.assert_allclose(propagate(turned(u), 0.02, 0.3), turned(later), atol=1e-10)


@pytest.mark.parametrize(
    "symmetry", [Reflection(0, periodic=False), Reflection(1, periodic=False), Transpose()]
)
def test_darcy_commutes_with_the_symmetries_of_the_square(symmetry):
    a = np.random.default_rng(0).choice([3.0, 12.0], size=(9, 9))

    def image(v):
        return symmetry(torch.from_numpy(v.copy()), axes=2).numpy()

    np.testing.assert_allclose(solve_darcy(image(a)), image(solve_darcy(a)), atol=1e-12)


def test_input_and_target_turn_together():
    torch.manual_seed(0)
    u = torch.arange(64.0).reshape(8, 1, 8) + 1
    found = augment({"input": u, "target": -u}, [Reflection(sign=-1)], axes=1)
    assert torch.equal(found["input"], -found["target"])
    kept = (found["input"] == u).all(-1).flatten()
    assert 0 < kept.sum() < 8
    assert torch.equal(found["input"][~kept], Reflection(sign=-1)(u, 1)[~kept])


def test_all_frames_of_an_item_turn_together():
    u = torch.randn(8, 5, 1, 8)
    found = augment({"input": u, "target": u}, [Reflection()], axes=1)["input"]
    kept = (found == u).flatten(2).all(-1)
    assert (kept.all(1) | ~kept.any(1)).all()


def test_the_task_turns_fields_in_physical_units(trainer):
    seen = []

    class Task(Operator):
        def augmented(self, batch):
            found = super().augmented(batch)
            seen.append((batch["input"], found["input"]))
            return found

    data = OperatorData(SMALL, split=FnoSplit(train=40, val=20, test=60), resolution=16)
    task = Task(FNO(modes=(4,), width=8, depth=2), symmetries=[Reflection(sign=-1)])
    trainer(max_steps=1).fit(task, data)
    before, after = seen[0]
    turned = Reflection(sign=-1)(before, 1)
    kept = torch.isclose(after, before, atol=1e-5).flatten(1).all(1)
    torch.testing.assert_close(after[~kept], turned[~kept], atol=1e-5, rtol=1e-5)
    assert 0 < kept.sum() < len(kept)
