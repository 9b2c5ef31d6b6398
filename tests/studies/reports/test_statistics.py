"""Intervals cover what they should, and verdicts say so."""

import math

import numpy as np
import pytest

from sgn_sciml.studies.reports.statistics import geometric_mean, ratio, verdict


def test_intervals_cover_the_true_mean():
    rng = np.random.default_rng(1)
    inside = 0
    for _ in range(100):
        found = geometric_mean(10 ** rng.normal(-3, 0.5, size=20))
        assert found.low < found.value < found.high
        inside += found.low < 1e-3 < found.high
    assert 85 <= inside <= 99  # 95 nominally, 92 or so of 20 values


def test_a_difference_beyond_the_seeds_is_a_gain():
    rng = np.random.default_rng(2)
    ours, theirs = 10 ** rng.normal(-4, 0.1, 5), 10 ** rng.normal(-3, 0.1, 5)
    found = ratio(ours, theirs)
    assert found.low < 0.1 < found.high < 1
    assert verdict("a", "b", found).startswith("gain: a has 0.0")
    assert verdict("b", "a", ratio(theirs, ours)).startswith("loss: b has")
    assert verdict("a", "a", ratio(ours, ours[::-1])).startswith("no gain: a has 1 times")


def test_few_or_equal_values():
    single = geometric_mean([0.1])
    assert single.value == pytest.approx(0.1)
    assert math.isnan(single.low)
    assert "one seed" in verdict("a", "b", ratio([1.0], [2.0]))
    same = geometric_mean([0.1, 0.1])
    assert same.low == pytest.approx(0.1)
    assert ratio([1.0, 1.0], [4.0, 4.0])[:3] == pytest.approx((0.25, 0.25, 0.25))


def test_a_run_that_diverged_is_no_small_error():
    assert geometric_mean([0.1, math.inf]).value == math.inf
    assert geometric_mean([]).value == math.inf
    assert "not comparable" in verdict("a", "b", ratio([math.inf], [1.0]))
