"""Input and target on grids of their own, as OpenFWI has them."""

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from sgn_sciml.layouts import Schema, open_source, write_samples
from sgn_sciml.networks import OperatorNetwork
from sgn_sciml.operators import (
    FnoSplit,
    Operator,
    OperatorData,
    OperatorFigures,
    SamplePredictionWriter,
)
from sgn_sciml.operators.networks import FNO

NAMES = Schema(dict.fromkeys(("input", "target"), "sample component x y"))


class Inversion(OperatorNetwork):
    """From one grid to another."""

    def __init__(self):
        super().__init__(2, 1, 2)
        self.inner = torch.nn.Conv2d(2, 1, 3, padding=1)

    def forward(self, x):
        return interpolate(self.inner(x), (8, 8))


def inversion(folder):
    rng = np.random.default_rng(0)
    for k in range(2):
        np.save(folder / f"seis_{k}.npy", rng.normal(size=(6, 2, 20, 8)).astype("f4"))
        np.save(folder / f"vel_{k}.npy", rng.normal(size=(6, 1, 8, 8)).astype("f4"))
    place = {"input": f"{folder}/seis_*.npy", "target": f"{folder}/vel_*.npy"}
    return OperatorData(place, split=FnoSplit(8, 2, 2), schema=NAMES, batch_size=4)


def test_a_network_of_ones_own_goes_from_one_grid_to_another(tmp_path, trainer):
    task, data = Operator(Inversion()), inversion(tmp_path)
    writer = SamplePredictionWriter(tmp_path / "p.h5", write_samples)
    loop = trainer(max_steps=2, callbacks=[OperatorFigures(), writer])
    loop.fit(task, data)
    assert task.training_grid == [8, 8]
    assert dict(data.description.grid) == {"x": 8, "y": 8}
    (found,) = loop.test(task, data, verbose=False)
    assert np.isfinite(found["test/relative_l2"])
    loop.predict(task, data, return_predictions=False)
    written = open_source(tmp_path / "p.h5")
    assert list(written.fields) == ["prediction", "target"]
    exact = np.load(tmp_path / "vel_1.npy")[4:, 0]
    assert np.array_equal(written.read("target"), exact)


def test_a_network_that_keeps_the_grid_is_told_so(tmp_path, trainer):
    network = FNO(in_channels=2, modes=(2, 2), width=4, depth=1)
    with pytest.raises(ValueError, match=r"their grids differ.*a network of your own that goes"):
        trainer(max_steps=1).fit(Operator(network), inversion(tmp_path))
