"""Plans against operators whose streams are known, and their rules against polynomials."""

import pytest

from sgn_sciml.jets.plan import Plan, operator, partitions

X, T, XX, YY, XXX, XXXX = (0,), (1,), (0, 0), (1, 1), (0, 0, 0), (0, 0, 0, 0)
ONE = operator({(): 1.0})


def streams(*wanted, dimension=2):
    return len(Plan.fewest(dimension, [operator(w) for w in wanted]))


def test_burgers_needs_three_streams():
    assert streams({(): 1.0}, {X: 1.0}, {T: 1.0, XX: -0.1}) == 3


def test_laplacian_needs_one_stream_beside_first_derivatives():
    assert streams({XX: 1.0, YY: 1.0}) == 4


def test_multiples_of_an_operator_are_one_stream():
    assert streams({XX: 1.0, YY: 1.0}, {XX: -2.0, YY: -2.0}) == 4


def test_lower_derivatives_are_taken_from_the_others():
    # KdV: u_t and u_xxx collapse, u_x and u_xx travel anyway
    assert streams({(): 1.0}, {X: 1.0}, {T: 1.0, X: 2.0, XXX: 0.1}) == 4


def test_operators_that_span_their_parts_do_not_collapse():
    plan = Plan.fewest(2, [operator({XX: 1.0, YY: 1.0}), operator({XX: 1.0, YY: -1.0})])
    assert len(plan) == 5
    assert {XX, YY} <= set(plan.place)


def test_combination_restores_an_operator():
    wanted = operator({(): 3.0, X: 2.0, T: 1.0, XX: -0.5})
    plan = Plan.fewest(2, [ONE, operator({X: 1.0}), wanted])
    found = {}
    for c, stream in zip(plan.combination(wanted), plan.streams, strict=True):
        for index, coefficient in stream:
            found[index] = found.get(index, 0.0) + c * coefficient
    assert operator(found) == wanted


def test_an_operator_that_does_not_travel_is_refused():
    with pytest.raises((KeyError, ValueError)):
        Plan.fewest(2, [ONE]).combination(operator({X: 1.0}))


def test_fifth_derivatives_are_refused():
    with pytest.raises(NotImplementedError, match="order 5"):
        Plan.fewest(1, [operator({(0,) * 5: 1.0})])


@pytest.mark.parametrize(("size", "count"), [(1, 1), (2, 2), (3, 5), (4, 15)])
def test_there_are_as_many_partitions_as_bell_says(size, count):
    assert len(list(partitions(tuple(range(size))))) == count


def test_chain_rule_of_the_fourth_derivative():
    plan = Plan.fewest(1, [operator({XXXX: 1.0})])
    rule = {ids: c for c, ids in plan.chain[plan.place[XXXX]]}
    x, xx, xxx, xxxx = (plan.place[i] for i in (X, XX, XXX, XXXX))
    assert rule == {
        (xxxx,): 1,
        (x, xxx): 4,
        (xx, xx): 3,
        (x, x, xx): 6,
        (x, x, x, x): 1,
    }


def test_product_rule_of_a_collapsed_stream():
    plan = Plan.fewest(2, [ONE, operator({X: 1.0}), operator({XX: 1.0, T: -2.0})])
    last = len(plan) - 1
    x = plan.place[X]
    assert set(plan.product[last]) == {(1.0, 0, last), (1.0, last, 0), (2.0, x, x)}
