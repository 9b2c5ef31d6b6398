from types import SimpleNamespace

import numpy as np
import pytest

from sgn_sciml.operators.splits import FnoSplit, PDEBenchSplit, RandomSplit


def source(n, layout="pdebench-flat"):
    return SimpleNamespace(num_samples=n, layout=layout, path="file.h5")


def ends(index):
    return (int(index[0]), int(index[-1]), len(index)) if len(index) else None


def test_fno_trains_on_the_first_and_tests_on_the_last():
    parts = FnoSplit(val=48).parts(source(2048))
    assert [ends(part) for part in parts] == [
        (0, 999, 1000),
        (1000, 1047, 48),
        (1848, 2047, 200),
    ]


def test_fno_refuses_a_small_file():
    with pytest.raises(ValueError, match="has 1100 samples; the split needs 1000 to train"):
        FnoSplit().parts(source(1100))


def test_pdebench_tests_on_the_first_tenth_of_flat_files():
    parts = PDEBenchSplit(val=0.1).parts(source(10_000))
    assert [ends(part) for part in parts] == [
        (1000, 9099, 8100),
        (9100, 9999, 900),
        (0, 999, 1000),
    ]


def test_pdebench_tests_on_the_last_tenth_of_groups():
    parts = PDEBenchSplit().parts(source(1000, "pdebench-groups"))
    assert [ends(part) for part in parts] == [(0, 899, 900), None, (900, 999, 100)]


def test_random_parts_are_disjoint_whole_and_repeatable():
    parts = RandomSplit(seed=3, val=0.2, test=0.3).parts(source(100))
    assert [len(part) for part in parts] == [50, 20, 30]
    assert sorted(np.concatenate(parts)) == list(range(100))
    again = RandomSplit(seed=3, val=0.2, test=0.3).parts(source(100))
    assert all(np.array_equal(a, b) for a, b in zip(parts, again, strict=True))
    assert not np.array_equal(parts.test, RandomSplit(4, 0.2, 0.3).parts(source(100)).test)


@pytest.mark.parametrize("split", [PDEBenchSplit(), RandomSplit()])
def test_an_empty_part_is_refused(split):
    with pytest.raises(ValueError, match="no samples are left for"):
        split.parts(source(3))
