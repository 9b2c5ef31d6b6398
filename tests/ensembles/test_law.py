"""Samples against exact solutions, and what a file holds."""

import numpy as np
import pytest

from sgn_sciml.ensembles import SolvedSamples
from sgn_sciml.ensembles.law import ACCURACY
from sgn_sciml.laws.cole_hopf import propagate
from sgn_sciml.local_solver import Unsolvable

HERE = "tests.ensembles.problems"
WAVES = {"class_path": "RandomWaves", "init_args": {"waves": 3, "amplitude": 0.5, "mean": 0.2}}


def relative(found, truth):
    return np.linalg.norm(found - truth) / np.linalg.norm(truth)


def test_samples_are_the_exact_solution_to_their_accuracy():
    law = SolvedSamples(
        f"{HERE}.PeriodicBurgers",
        {"nu": {"log": [0.01, 0.05]}},
        WAVES,
        grid=[64],
        tolerance=1e-8,
    )
    made = law.samples(0, [0, 1])
    assert set(made) == {"nu", ACCURACY, "redrawn", "a", "u"}
    for k in (0, 1):
        truth = propagate(made["a"][k], made["nu"][k], 0.5)
        assert relative(made["u"][k], truth) < 2 * max(made[ACCURACY][k], 1e-13) < 3e-8
    assert made["nu"][0] != made["nu"][1]


def test_a_sample_is_the_same_function_at_every_resolution():
    def law(**more):
        return SolvedSamples(f"{HERE}.PeriodicBurgers", None, WAVES, **more)

    fine = law(grid=[32]).samples(1, [2])
    coarse = law(grid=[8]).samples(1, [2])
    frames = law(grid=[8], frames=3).samples(1, [2])
    for name in ("a", "u"):  # products of matrices of other shapes are rounded otherwise
        np.testing.assert_allclose(fine[name][:, ::4], coarse[name], rtol=0, atol=1e-13)
    assert frames["u"].shape == (1, 3, 8)
    assert relative(frames["u"][:, 0], coarse["a"]) < 1e-6
    np.testing.assert_allclose(frames["u"][:, 2], coarse["u"], rtol=0, atol=1e-13)
    assert "a" not in frames


def test_a_source_is_stored_beside_the_solution_of_a_steady_problem():
    load = {"class_path": "GaussianField", "init_args": {"waves": 3, "walls": "zero"}}
    law = SolvedSamples(f"{HERE}.Membrane", {"load": load}, grid=[9], tolerance=1e-6)
    made = law.samples(0, [0])
    assert made["load"].shape == made["u"].shape == (1, 9, 9)
    sines = law.specification.draw(0, 0).functions["load"].coefficients.numpy()
    k = np.pi * np.arange(1, 4)
    x = np.sin(np.outer(law.coordinates()["x"], k))
    truth = x @ (sines / (k[:, None] ** 2 + k**2)) @ x.T
    assert relative(made["u"][0], truth) < 1e-6


def test_a_sample_that_is_not_solved(monkeypatch):
    from sgn_sciml.ensembles import law as module

    solve, asked = module.solve, []

    def some(problem, tolerance):
        asked.append(problem)
        if len(asked) < 3:
            raise Unsolvable("a shock")
        return solve(problem, tolerance)

    monkeypatch.setattr(module, "solve", some)
    settings = {"problem": f"{HERE}.PeriodicBurgers", "vary": {"nu": {"log": [0.01, 0.05]}}}
    with pytest.raises(
        ValueError, match=r"sample 4 \(nu = 0.0\d+\) is not solved: a shock \(--re"
    ):
        SolvedSamples(**settings).samples(0, [4])
    asked.clear()
    made = SolvedSamples(**settings, redraw=True, grid=[8], tolerance=1e-3).samples(0, [4])
    assert made["redrawn"][0] == 2
    monkeypatch.setattr(module, "solve", refuse)
    with pytest.raises(ValueError, match="drawn 20 times in vain"):
        SolvedSamples(**settings, redraw=True).samples(0, [4])


def refuse(problem, tolerance):
    raise Unsolvable("no")


def test_names_that_collide_are_refused():
    with pytest.raises(ValueError, match="two parts of a file are called 'u'"):
        SolvedSamples(f"{HERE}.Confused", {"u": {"linear": [1, 2]}})
