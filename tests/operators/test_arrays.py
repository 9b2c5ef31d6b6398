"""Operator data that a program holds in memory."""

import numpy as np
import pytest
import torch
from lightning.pytorch import Trainer

from sgn_sciml.layouts import Schema
from sgn_sciml.operators import FnoSplit, Operator, OperatorData, Pairs
from sgn_sciml.operators.networks import FNO

A = torch.randn(12, 16, generator=torch.Generator().manual_seed(0))
SPLIT = FnoSplit(6, 2, 4)
SILENT = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}


def test_tensors_train_and_test_an_operator():
    nu = np.linspace(0.1, 0.2, 12)
    data = OperatorData.from_arrays(
        {"a": A, "u": 2 * A.numpy(), "x": torch.linspace(0, 1, 16), "nu": nu},
        pairing=Pairs("a", "u"),
        split=SPLIT,
        batch_size=3,
        conditions=["nu"],
    )
    data.setup("fit")
    batch = next(iter(data.train_dataloader()))
    assert batch["input"].shape == (3, 1, 16)
    assert torch.equal(batch["target"], 2 * batch["input"])
    data = OperatorData.from_arrays({"a": A, "u": 2 * A}, pairing=Pairs("a", "u"), split=SPLIT)
    task = Operator(FNO(modes=(4,), width=4, depth=1, in_channels=1, out_channels=1))
    trainer = Trainer(accelerator="cpu", max_steps=2, **SILENT)
    trainer.fit(task, data)
    (found,) = trainer.test(task, data, verbose=False)
    assert all(np.isfinite(value) for value in found.values())


def test_axes_that_shapes_do_not_tell_are_asked_for():
    u = torch.randn(12, 5, 16)
    with pytest.raises(ValueError, match=r"memory: u of shape .* may have the axes"):
        OperatorData.from_arrays({"u": u})
    data = OperatorData.from_arrays({"u": u}, Schema({"u": "sample time x"}), split=SPLIT)
    assert data._open("memory").fields["u"].axes == ("sample", "time", "x")


def test_what_cannot_be_a_field_is_said():
    with pytest.raises(ValueError, match="memory holds no field: z holds complex numbers"):
        OperatorData.from_arrays({"z": torch.zeros(3, 4, dtype=torch.complex64)})
    half = OperatorData.from_arrays({"u": torch.ones(3, 4, dtype=torch.bfloat16)})
    assert half._open("memory").read("u").dtype == np.float32
