"""Files of predictions, by a stand-in whose errors are known."""

import h5py
import numpy as np
import pytest

from sgn_sciml.layouts import open_source, write_samples
from sgn_sciml.operators import Frames, Pairs, SamplePredictionWriter, Windows
from tests.operators import known
from tests.operators.known import ERRORS, Known, data


def predicted(trainer, path, module, task):
    writer = SamplePredictionWriter(path, write_samples)
    trainer(callbacks=[writer]).predict(task, module, return_predictions=False)


def test_predictions_are_a_file_of_samples(trainer, file, tmp_path):
    predicted(trainer, tmp_path / "new/u.h5", data(file("line"), resolution=8), Known(1))
    found, source = open_source(tmp_path / "new/u.h5"), open_source(file("line"))
    truth = source.read("u", slice(10, 50), stride=2)
    assert list(found.fields) == ["input", "prediction", "target"]
    np.testing.assert_array_equal(found.read("input"), source.read("a", slice(10, 50), stride=2))
    np.testing.assert_array_equal(found.read("target"), truth)
    np.testing.assert_allclose(found.read("prediction"), (1 + ERRORS[:, None]) * truth, rtol=1e-5)
    np.testing.assert_array_equal(found.coordinates["x"], source.coordinates["x"][::2])
    np.testing.assert_array_equal(found.coordinates["sample"], range(10, 50))
    assert found.parameters == {"law": "line", "seed": 3, "nu": 0.1}


def test_channels_are_fields(trainer, file, tmp_path):
    predicted(trainer, tmp_path / "u.h5", data(file("line"), Pairs(["a", "b"], "u")), Known(1))
    found = open_source(tmp_path / "u.h5")
    assert list(found.fields) == ["input_a", "input_b", "prediction", "target"]
    b = open_source(file("line")).read("b", slice(10, 50))
    np.testing.assert_array_equal(found.read("input_b"), b)


def test_predicted_trajectories_begin_with_what_was_given(trainer, file, tmp_path):
    predicted(trainer, tmp_path / "w.h5", data(file("flow"), Windows("w", history=2)), Known(2))
    found, w = open_source(tmp_path / "w.h5"), open_source(file("flow")).read("w", slice(10, 50))
    assert list(found.fields) == ["prediction", "target"]
    np.testing.assert_array_equal(found.read("target"), w)
    np.testing.assert_array_equal(found.read("prediction")[:, :2], w[:, :2])
    factor = 1 + ERRORS[:, None, None, None]
    np.testing.assert_allclose(found.read("prediction")[:, 2:], factor * w[:, 2:], rtol=1e-5)
    np.testing.assert_allclose(found.coordinates["t"], np.arange(6) / 5)


def test_every_test_set_has_its_file(trainer, file, tmp_path):
    module = data(file("waves"), Frames("w"), test_resolutions=[8, 16])
    predicted(trainer, tmp_path / "p.h5", module, Known(1))
    names = sorted(path.name for path in tmp_path.glob("*.h5"))
    assert names == ["p_waves@16.h5", "p_waves@8.h5"]
    assert open_source(tmp_path / "p_waves@8.h5").fields["target"].shape == (40, 8)


def test_nan_is_not_written(trainer, file, tmp_path, monkeypatch):
    monkeypatch.setattr(known, "ERRORS", np.where(np.arange(40) == 9, np.nan, ERRORS))
    with pytest.raises(ValueError, match="the prediction of test sample 9 is NaN or infinite"):
        predicted(trainer, tmp_path / "u.h5", data(file("line")), Known(1))
    assert not list(tmp_path.glob("*u.h5*"))


@pytest.mark.parametrize("given", ["a", "v"])
def test_frames_that_do_not_continue_the_input_are_written_beside_it(trainer, tmp_path, given):
    rng = np.random.default_rng(0)
    a, v, w = (rng.normal(size=s).astype("f4") for s in ((50, 8), (50, 6, 8), (50, 6, 8)))
    with h5py.File(tmp_path / "own.h5", "w") as file:
        file["a"], file["v"], file["w"] = a, v, w
    module = data(str(tmp_path / "own.h5"), Pairs(given, "w"))
    predicted(trainer, tmp_path / "p.h5", module, Known(1))
    found = open_source(tmp_path / "p.h5")
    assert found.fields["input"].axes == ("sample", "x")
    np.testing.assert_array_equal(found.read("input"), (a if given == "a" else v[:, -1])[10:])
    np.testing.assert_array_equal(found.read("target"), w[10:])
    factor = 1 + ERRORS[:, None, None]
    np.testing.assert_allclose(found.read("prediction"), factor * w[10:], rtol=1e-5)
