import pytest
import torch

from sgn_sciml.optim import Cosine, Exponential, Linear, OneCycle, StepDecay


def rates(schedule, steps=10):
    """The rate of each step, and that after the last."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = schedule(optimizer, steps)
    found = [optimizer.param_groups[0]["lr"]]
    for _ in range(steps):
        optimizer.step()
        scheduler.step()
        found.append(optimizer.param_groups[0]["lr"])
    return found


def test_a_line_falls_evenly():
    assert rates(Linear()) == pytest.approx([1 - k / 10 for k in range(11)])


def test_a_line_may_end_above_zero():
    assert rates(Linear(end=0.2))[-1] == pytest.approx(0.2)


def test_an_exponential_falls_by_one_factor():
    assert rates(Exponential(end=0.01)) == pytest.approx([0.01 ** (k / 10) for k in range(11)])


def test_a_cosine_is_half_way_in_the_middle():
    found = rates(Cosine())
    assert (found[5], found[10]) == pytest.approx((0.5, 0.0))


def test_one_cycle_rises_first():
    found = rates(OneCycle(warmup=0.3), steps=100)[:-1]
    assert max(found) == pytest.approx(1.0, abs=1e-3)
    assert found.index(max(found)) == pytest.approx(29, abs=1)


def test_steps_down():
    found = rates(StepDecay(every=4, factor=0.5))
    assert found == pytest.approx([1.0] * 4 + [0.5] * 4 + [0.25] * 3)


def test_those_that_end_with_the_run_do_not_go_on_to_more_steps():
    ends = {kind for kind in (Cosine, Exponential, Linear, OneCycle, StepDecay) if kind.spans_run}
    assert ends == {Cosine, Exponential, Linear, OneCycle}
