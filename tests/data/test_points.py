import pytest
import torch

from sgn_sciml.data import ErrorDriven, RandomPoints, Whole


class Zero:
    """A task whose network says 0 everywhere."""

    chunk = 7

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


@pytest.mark.parametrize(
    "make", [lambda: RandomPoints(0), lambda: ErrorDriven(first=0), lambda: ErrorDriven(every=0)]
)
def test_numbers_out_of_range_are_refused(make):
    with pytest.raises(ValueError, match=r"at least|needs"):
        make()
