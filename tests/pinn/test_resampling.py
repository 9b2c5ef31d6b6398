"""Resamplings against their definitions, in the data module, and over a resumed run."""

import pytest
import torch

from sgn_sciml.networks import CoordinateMLP
from sgn_sciml.pde import Burgers
from sgn_sciml.pinn import PINN, R3, RAR, Collocation, ResidualAdaptive


def first(points):
    return points[:, 0]


def test_adaptive_choice_follows_the_density():
    # Two halves with residual 1 and 3: density |r|/2 + 1 gives weights 1.5 and 2.5.
    residual = torch.ones(200_000)
    residual[100_000:] = 3
    chosen = ResidualAdaptive(power=1, offset=1).choose(residual, 4000, seed=0)
    share = (chosen >= 100_000).double().mean().item()
    assert share == pytest.approx(2.5 / 4, abs=0.03)  # four standard deviations


def test_adaptive_choice_is_without_replacement_and_repeatable():
    residual = torch.rand(100)
    a, b = (ResidualAdaptive().choose(residual, 50, seed=1) for _ in range(2))
    assert torch.equal(a, b)
    assert len(a.unique()) == 50


def test_adaptive_choice_survives_a_zero_residual():
    assert len(ResidualAdaptive().choose(torch.zeros(10), 5, seed=0).unique()) == 5


@pytest.mark.parametrize("bad", [{"power": -1}, {"offset": -1}, {"pool": 1}])
def test_adaptive_arguments_are_checked(bad):
    with pytest.raises(ValueError, match="must be >= 0 and pool >= 2"):
        ResidualAdaptive(**bad)


def test_refinement_adds_the_candidates_of_largest_residual():
    points, candidates = torch.rand(5, 2), torch.rand(40, 2)
    found = RAR(added=3, pool=8).next(points, candidates, first, seed=0)
    assert torch.equal(found[:5], points)
    assert torch.equal(found[5:], candidates[candidates[:, 0].topk(3).indices])


def test_refinement_begins_with_the_number_asked_for_and_stops_at_its_limit():
    rar, candidates = RAR(added=3, pool=8, limit=7), torch.rand(40, 2)
    points, sizes = None, []
    for seed in range(4):
        points = rar.next(points, candidates, first, seed)
        sizes.append(len(points))
    assert sizes == [5, 7, 7, 7]


def test_refinement_by_a_density_draws_what_the_density_chooses():
    density = ResidualAdaptive(power=2, offset=0)
    points, candidates = torch.rand(5, 2), torch.rand(40, 2)
    found = RAR(added=3, pool=8, density=density).next(points, candidates, first, seed=7)
    assert torch.equal(found[5:], candidates[density.choose(candidates[:, 0], 3, 7)])


@pytest.mark.parametrize("bad", [{"added": 0}, {"pool": 0}, {"limit": 0}])
def test_refinement_arguments_are_checked(bad):
    with pytest.raises(ValueError, match="must be >= 1"):
        RAR(**bad)


def test_retained_points_stay_in_their_rows_and_others_are_fresh():
    points, fresh = torch.rand(50, 2), torch.rand(50, 2)
    found = R3().next(points, fresh, first, seed=0)
    kept = points[:, 0] > points[:, 0].mean()
    assert 0 < kept.sum() < 50
    assert torch.equal(found, torch.where(kept[:, None], points, fresh))


def test_retained_points_gather_where_the_residual_is_large():
    def peak(points):
        return torch.exp(-((points[:, 0] / 0.05) ** 2))

    points = None
    for seed in range(60):
        fresh = torch.rand(400, 2, generator=torch.Generator().manual_seed(seed))
        points = R3().next(points, fresh, peak, seed)
    assert (points[:, 0] < 0.1).double().mean() > 0.5  # a uniform draw has 0.1


@pytest.mark.parametrize("adaptive", [ResidualAdaptive(), RAR(added=4), R3()])
def test_a_resumed_run_has_the_same_points(adaptive, trainer, tmp_path):
    def data():
        return Collocation(Burgers(), num_points=16, redraw_every=2, adaptive=adaptive)

    def fit(module, steps, **words):
        torch.manual_seed(0)
        task = PINN(CoordinateMLP(2, 1, 8, 2), Burgers())
        run = trainer(max_steps=steps, limit_val_batches=0)
        run.fit(task, module, **words)
        return run, task

    fit(whole := data(), 7)
    path = tmp_path / "a.ckpt"
    fit(data(), 5)[0].save_checkpoint(path)  # within a redraw
    fit(resumed := data(), 7, ckpt_path=path)
    assert torch.equal(whole._points["residual"], resumed._points["residual"])
    assert len(whole._points["residual"]) == (28 if isinstance(adaptive, RAR) else 16)
    fit(whole, 1)  # another fit with the same data begins anew
    assert len(whole._points["residual"]) == 16
