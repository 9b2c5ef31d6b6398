import pytest
import torch

from sgn_sciml.inr import CoarseToFine, ErrorDriven, RandomPoints, Whole


class Zero:
    """A task whose network says 0 everywhere."""

    chunk = 7
    grid = (10, 10)

    class measurement:
        @staticmethod
        def predict(f, points):
            return f(points)

    @staticmethod
    def network(points):
        return torch.zeros(len(points), 1)


POINTS, VALUES = torch.rand(100, 2), torch.arange(100.0)[:, None]


def choose(points, step=0, steps=100, seed=0):
    return points.choose(POINTS, VALUES, Zero, step, steps, seed)


def test_all_are_chosen_as_they_are():
    assert choose(Whole()) is None


def test_random_points_depend_on_the_seed_alone():
    assert torch.equal(choose(RandomPoints(10), seed=1), choose(RandomPoints(10), seed=1))
    assert not torch.equal(choose(RandomPoints(10), seed=1), choose(RandomPoints(10), seed=2))


def test_the_worst_are_chosen():
    assert sorted(choose(ErrorDriven(first=0.2)).tolist()) == list(range(80, 100))


def test_the_share_grows_to_all():
    assert len(choose(ErrorDriven(first=0.2, every=10), step=50)) == 60
    assert len(choose(ErrorDriven(first=0.2, every=10), step=99)) == 92


def test_errors_are_looked_up_now_and_then():
    points = ErrorDriven(first=0.5, every=10)
    first = choose(points, step=0)
    assert choose(points, step=9) is first
    assert choose(points, step=10) is not first


def test_a_coarse_grid_is_regular_and_begins_anywhere():
    for seed in range(20):
        rows, columns = torch.unravel_index(choose(CoarseToFine(4), seed=seed), (10, 10))
        for found in (rows.unique(), columns.unique()):
            assert found[0] < 4
            assert set(found.diff().tolist()) == {4}
    seen = torch.cat([choose(CoarseToFine(4), seed=seed) for seed in range(200)])
    assert len(seen.unique()) == 100  # all have their turn


def test_the_grid_is_refined_until_it_is_whole():
    points = CoarseToFine(4, until=0.5)
    assert all(4 <= len(choose(points, step=step)) <= 9 for step in (0, 24))
    assert all(len(choose(points, step=step)) == 25 for step in (25, 49))
    assert all(choose(points, step=step) is None for step in (50, 99))


@pytest.mark.parametrize("change", [{"steps": -1}, {"points": torch.rand(50, 2)}])
def test_a_coarse_grid_without_grid_or_end_is_refused(change):
    given = {"points": POINTS, "values": VALUES, "steps": 100} | change
    with pytest.raises(ValueError, match="CoarseToFine needs"):
        CoarseToFine().choose(task=Zero, step=0, seed=0, **given)


@pytest.mark.parametrize(
    "make",
    [
        lambda: CoarseToFine(3),
        lambda: CoarseToFine(until=0),
        lambda: RandomPoints(0),
        lambda: ErrorDriven(first=0),
        lambda: ErrorDriven(every=0),
    ],
)
def test_numbers_out_of_range_are_refused(make):
    with pytest.raises(ValueError, match=r"at least|needs"):
        make()
