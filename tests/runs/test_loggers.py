from types import SimpleNamespace

import pytest
import torch
from lightning.pytorch.loggers import TensorBoardLogger

from sgn_sciml.runs.loggers import send_histogram


@pytest.mark.parametrize(
    ("values", "sent"),
    [([1.0, float("nan"), 2.0], [[1.0, 2.0]]), ([float("nan"), float("inf")], [])],
)
def test_a_histogram_is_of_finite_values(values, sent, tmp_path, monkeypatch):
    found = []
    logger = TensorBoardLogger(tmp_path)
    monkeypatch.setattr(
        logger.experiment, "add_histogram", lambda _, v, step: found.append(v.tolist())
    )
    trainer = SimpleNamespace(loggers=[logger], is_global_zero=True, global_step=3)
    send_histogram(trainer, "gate", torch.tensor(values))
    logger.experiment.close()
    assert found == sent
