"""Figures and files of tested operators, on a stand-in whose errors are known."""

import numpy as np
import pytest
import torch
from lightning.pytorch import LightningModule
from lightning.pytorch.loggers import CSVLogger
from matplotlib.figure import Figure

from sgn_sciml.callbacks import OperatorFigures, SamplePredictionWriter, operators
from sgn_sciml.callbacks.operators import NEAR, Kept
from sgn_sciml.data import FnoSplit, Frames, NoScaling, OperatorData, Pairs, Windows
from sgn_sciml.layouts import open_source, write_samples
from sgn_sciml.metrics import SpectralError
from sgn_sciml.networks.base import OperatorNetwork

ERRORS = np.random.default_rng(0).permutation(40) / 100 + 0.01


class Nothing(OperatorNetwork):
    def forward(self, x):
        return x


class Known(LightningModule):
    """Predicts the target times 1 + its sample's number in ``ERRORS``."""

    def __init__(self, axes):
        super().__init__()
        self.network = Nothing(1, 1, axes)
        self.spectral = SpectralError("periodic")
        self.done = {}

    def metrics(self, stage):
        return {"spectral": self.spectral}

    def test_step(self, batch, batch_idx, dataloader_idx=0):
        target = batch["target"]
        first = self.done.get(dataloader_idx, 0)
        self.done[dataloader_idx] = first + len(target)
        error = torch.from_numpy(ERRORS[first : first + len(target)]).float()
        factor = 1 + error[(...,) + (None,) * (target.ndim - 1)]
        return {k: batch[k] for k in ("input", "target")} | {"prediction": factor * target}

    def predict_step(self, batch, batch_idx, dataloader_idx=0):
        return self.test_step(batch, batch_idx, dataloader_idx)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """50 samples: pairs ``a``, ``b`` to ``u`` on 16 and 8 x 8 points, ``w`` over 6 times."""
    folder, rng = tmp_path_factory.mktemp("operators"), np.random.default_rng(1)
    t, x = np.arange(6) / 5, np.arange(16) / 16
    shapes = {
        "line": ({"x": x}, {"a": ("x",), "b": ("x",), "u": ("x",)}),
        "waves": ({"x": x, "t": t}, {"w": ("t", "x")}),
        "plane": ({"x": x[::2], "y": x[::2]}, {"a": ("x", "y"), "u": ("x", "y")}),
        "flow": ({"x": x[::2], "y": x[::2], "t": t}, {"w": ("t", "x", "y")}),
    }
    for name, (coordinates, axes) in shapes.items():
        block = {
            field: rng.normal(size=(50, *(len(coordinates[a]) for a in over)))
            for field, over in axes.items()
        }
        write_samples(
            folder / f"{name}.h5", coordinates, axes, [block], 50,
            attrs={"law": name, "seed": 3}, groups={"parameters": {"nu": 0.1}},
        )  # fmt: skip
    return lambda name: str(folder / f"{name}.h5")


def data(path, pairing=None, **options):
    scaling = {"input_normalizer": NoScaling(), "target_normalizer": NoScaling()}
    options = {"split": FnoSplit(10, 40), "batch_size": 7} | scaling | options
    return OperatorData(path, pairing, **options)


@pytest.fixture
def drawn(monkeypatch):
    """What was handed to viz, by figure; the figures themselves stay empty."""
    calls = {}

    def watch(name):
        def draw(*args):
            calls[name] = args
            return Figure()

        monkeypatch.setattr(operators, name, draw)

    for name in ("samples_figure", "spectra_figure", "rollout_figure", "transfer_figure"):
        watch(name)
    return calls


def figures(trainer, folder, module, task, worst=3):
    run = trainer(callbacks=[OperatorFigures(worst)], logger=CSVLogger(folder, "run"))
    run.test(task, module, verbose=False)
    return sorted(path.name for path in (folder / "run/version_0/figures").iterdir())


def fed(batches, worst=3):
    kept = Kept(SpectralError("periodic"), worst, axes=1)
    number = 0
    for error in batches:
        target = torch.randn(len(error), 1, 16)
        guess = target * (1 + error[:, None, None])
        kept.add({"input": target, "target": target, "prediction": guess}, number, keep=True)
        number += len(error)
    return kept


def test_best_median_and_worst_are_found_in_batches_of_any_size():
    errors = torch.from_numpy(ERRORS).float()
    for size in (1, 7, 40):
        kept = fed(errors.split(size))
        kept.gather()
        labels, few = kept.rows()
        assert labels == ["best", "median", "worst", "worst", "worst"]
        assert few["number"].tolist()[0] == ERRORS.argmin()
        assert few["number"].tolist()[2:] == ERRORS.argsort()[:-4:-1].tolist()
        torch.testing.assert_close(few["error"], errors[few["number"]], rtol=1e-4, atol=0)
        # Those near the median are chosen while it is only estimated.
        assert abs(few["error"][1] - errors.median()) < 0.05


def test_few_samples_are_kept_of_many():
    kept = fed(torch.rand(1000).split(10))
    assert kept.errors.shape == (1000,)
    assert {name: len(few["target"]) for name, few in kept.kept.items()} == {
        "best": 1,
        "median": NEAR,
        "worst": 3,
    }


def test_no_sample_is_drawn_twice():
    kept = fed([torch.tensor([0.1, 0.2])])
    kept.gather()
    assert kept.rows()[0] == ["best", "worst"]


def test_nan_is_the_worst():
    kept = fed([torch.tensor([0.1, torch.nan, 0.3, 0.2])], worst=1)
    kept.gather()
    labels, few = kept.rows()
    assert few["number"][labels.index("worst")] == 1
    assert few["error"][labels.index("worst")] == torch.inf


def test_a_step_does_not_wait_for_the_device():
    spectral = SpectralError("periodic").to("meta")  # a device whose values cannot be read
    kept = Kept(spectral, 3, axes=1)
    for _ in range(2):
        field = torch.randn(8, 5, 1, 16, device="meta")
        kept.add({"input": field[:, :2], "target": field, "prediction": field}, 0, keep=True)
    assert kept.errors.shape == (16,)


def test_samples_of_all_processes_count(monkeypatch):
    errors = torch.from_numpy(ERRORS).float()
    parts = [fed([errors[:15]]), fed([errors[15:]])]
    for few in parts[1].kept.values():
        few["number"] += 15
    none = Kept(SpectralError("periodic"), 3, axes=1)  # a process without a batch
    states = [operators._on_cpu((p.kept, p.errors, p.frames, p.grid)) for p in (*parts, none)]
    monkeypatch.setattr(operators, "_from_all", lambda mine: states)
    for mine in (parts[0], none):
        mine.gather()
        few = mine.rows()[1]
        assert len(mine.errors) == 40
        assert few["number"].tolist()[0] == ERRORS.argmin()
        assert few["number"].tolist()[2:] == ERRORS.argsort()[:-4:-1].tolist()


def test_figures_of_pairs(trainer, file, drawn, tmp_path):
    module = data(file("line"), Pairs(["a", "b"], "u"))
    assert figures(trainer, tmp_path, module, Known(1)) == ["samples.png", "spectra.png"]
    given, target, guess, errors, labels, names, axes, known = drawn["samples_figure"]
    number = int(ERRORS.argmax())
    assert labels[2] == f"worst\nsample {number + 10}"  # in the file, where the test begins at 10
    source = open_source(file("line"))
    np.testing.assert_array_equal(target[2, 0], source.read("u", [number + 10])[0])
    np.testing.assert_array_equal(given[2, 1], source.read("b", [number + 10])[0])
    torch.testing.assert_close(guess[2], (1 + errors[2]) * target[2])
    assert (names, axes) == ((("a", "b"), ("u",)), ("x",))
    np.testing.assert_array_equal(known["x"], source.coordinates["x"])


def test_figures_are_written(trainer, file, tmp_path):
    figures(trainer, tmp_path, data(file("waves"), Windows("w", history=2)), Known(1), worst=1)
    folder = tmp_path / "run/version_0/figures"
    assert all(path.stat().st_size > 10_000 for path in folder.iterdir())


def test_spectra_add_up_to_the_errors(trainer, file, drawn, tmp_path):
    figures(trainer, tmp_path, data(file("line")), Known(1))
    wavenumber, guess, target, error, *_ = drawn["spectra_figure"]
    u = torch.from_numpy(open_source(file("line")).read("u", slice(10, 50))).double()
    factor = torch.from_numpy(ERRORS)[:, None]
    assert wavenumber.tolist() == list(range(9))
    for energy, field in ((target, u), (error, factor * u), (guess, (1 + factor) * u)):
        assert energy.sum().item() == pytest.approx(field.square().mean().item(), rel=1e-5)


def test_figures_of_a_resolution_sweep(trainer, file, drawn, tmp_path):
    module = data(file("line"), resolution=8, test_resolutions=[8, 16])
    names = figures(trainer, tmp_path, module, Known(1))
    assert names == ["samples.png", "spectra.png", "transfer.png"]
    sets, errors, ends, training = drawn["transfer_figure"]
    assert (sets, training) == (["line@8", "line@16"], 8)
    np.testing.assert_allclose(errors, [ERRORS.mean()] * 2, rtol=1e-5)
    np.testing.assert_allclose(ends[:, 0], np.quantile(ERRORS, [0.05, 0.95]), rtol=1e-5)
    _, _, target, _, titles, nyquist, _ = drawn["spectra_figure"]
    assert (titles, nyquist) == (["line@8", "line@16"], 4)
    assert target.isfinite().sum(1).tolist() == [5, 9]


def test_figures_of_rollouts(trainer, file, drawn, tmp_path):
    module = data(file("waves"), Windows("w", history=2))
    names = figures(trainer, tmp_path, module, Known(1))
    assert names == ["rollout.png", "samples.png", "spectra.png"]
    time, errors, _ = drawn["rollout_figure"]
    np.testing.assert_allclose(time, [0.4, 0.6, 0.8, 1.0])
    np.testing.assert_allclose(errors, ERRORS[:, None].repeat(4, 1), rtol=1e-4)
    given, target, *_, axes, known = drawn["samples_figure"]
    assert (given.shape[1:], target.shape[1:], axes) == ((1, 16), (1, 4, 16), ("t", "x"))
    assert len(known["t"]) == 4


def test_figures_of_the_plane(trainer, file, drawn, tmp_path):
    assert figures(trainer, tmp_path, data(file("plane")), Known(2)) == [
        "samples.png",
        "spectra.png",
    ]
    assert drawn["samples_figure"][1].shape[1:] == (1, 8, 8)


def test_rollouts_of_the_plane_show_their_last_frame(trainer, file, drawn, tmp_path):
    module = data(file("flow"), Windows("w", history=2))
    assert "rollout.png" in figures(trainer, tmp_path, module, Known(2))
    _, target, _, _, _, names, axes, _ = drawn["samples_figure"]
    assert (target.shape[1:], axes) == ((1, 8, 8), ("x", "y"))
    assert names == (("w, last frame given",), ("w, last frame",))


def test_without_a_run_folder_nothing_is_drawn(trainer, file, drawn):
    trainer(callbacks=[OperatorFigures()]).test(Known(1), data(file("line")), verbose=False)
    assert not drawn


def test_at_least_one_worst_sample():
    with pytest.raises(ValueError, match="worst must be at least 1, got 0"):
        OperatorFigures(0)


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
    monkeypatch.setitem(globals(), "ERRORS", np.where(np.arange(40) == 9, np.nan, ERRORS))
    with pytest.raises(ValueError, match="the prediction of test sample 9 is NaN or infinite"):
        predicted(trainer, tmp_path / "u.h5", data(file("line")), Known(1))
    assert not list(tmp_path.glob("*u.h5*"))
