import numpy as np
import pytest

from sgn_sciml.laws import AdvectionPDEBench
from sgn_sciml.laws.law import rng_of
from sgn_sciml.laws.pdebench import MultiSine


@pytest.fixture(scope="module")
def states():
    return [MultiSine.draw(rng_of(0, i)) for i in range(2000)]


def test_two_draws_of_a_slot_double_its_wavenumber(states):
    waves = {tuple(np.flatnonzero(s.wavenumber) + 1): s.wavenumber for s in states}
    assert set(np.concatenate([s.wavenumber for s in states])) == {0, 1, 2, 3, 4, 6, 8}
    assert waves[(4,)].tolist() == [0, 0, 0, 8]


def test_a_slot_not_drawn_adds_a_constant():
    state = MultiSine(np.array([0.5]), np.array([0.0]), np.array([1.0]), False, 1.0, None)
    np.testing.assert_allclose(state(np.linspace(0, 1, 5)), 0.5 * np.sin(1.0))


def test_waves_close_over_1023_cells():
    state = MultiSine(np.array([1.0]), np.array([3.0]), np.array([0.3]), False, 1.0, None)
    first, last = state(np.array([0.5, 1023.5]) / 1024)
    assert first == pytest.approx(last, abs=1e-12)


def test_shares_of_absolute_values_signs_and_windows(states):
    assert np.mean([s.absolute for s in states]) == pytest.approx(0.1, abs=0.025)
    assert np.mean([s.sign for s in states]) == pytest.approx(0.0, abs=0.07)
    assert np.mean([s.window is not None for s in states]) == pytest.approx(0.1, abs=0.025)


def test_windows_lie_where_the_shared_random_number_puts_them(states):
    left, right = np.array([s.window for s in states if s.window]).T
    assert left.min() >= 0.1
    assert left.max() <= 0.135
    np.testing.assert_allclose(right - left, 0.45)


def test_absolute_value_comes_before_the_sign():
    state = MultiSine(np.array([1.0]), np.array([2.0]), np.array([0.0]), True, -1.0, None)
    assert state(np.linspace(0, 1, 50)).max() <= 0


def test_advection_moves_the_initial_state():
    law = AdvectionPDEBench(beta=0.5, frames=5, time=2.0)
    u = law.solve([rng_of(0, 3)])["u"][0]
    np.testing.assert_allclose(u[4], u[0], atol=1e-12)  # once around
    np.testing.assert_allclose(u[2, 512:], u[0, :512], atol=1e-12)  # half way


def test_advection_is_exact():
    assert AdvectionPDEBench(res=32).self_convergence(0) == 0.0
