"""Figures of tested operators, on a stand-in whose errors are known."""

import numpy as np
import pytest
import torch
from lightning.pytorch.loggers import CSVLogger
from matplotlib.figure import Figure

from sgn_sciml.layouts import open_source
from sgn_sciml.operators import OperatorFigures, Pairs, Windows
from sgn_sciml.operators import figures as module
from tests.operators.known import ERRORS, Known, data


@pytest.fixture
def drawn(monkeypatch):
    """What was handed to viz, by figure; the figures themselves stay empty."""
    calls = {}

    def watch(name):
        def draw(*args):
            calls[name] = args
            return Figure()

        monkeypatch.setattr(module, name, draw)

    for name in ("samples_figure", "spectra_figure", "rollout_figure", "transfer_figure"):
        watch(name)
    return calls


def figures(trainer, folder, module, task, worst=3):
    run = trainer(callbacks=[OperatorFigures(worst)], logger=CSVLogger(folder, "run"))
    run.test(task, module, verbose=False)
    return sorted(path.name for path in (folder / "run/version_0/figures").iterdir())


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
