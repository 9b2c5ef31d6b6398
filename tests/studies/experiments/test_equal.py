"""Equal parameters: networks of a cell at the widths of its budget."""

import pytest
import torch

from sgn_sciml.layers import ActivationEncoding, LearnableFourierFeatures, Spline
from sgn_sciml.networks import CoordinateMLP, count_parameters
from sgn_sciml.studies.experiments.equal import network_of
from sgn_sciml.studies.experiments.tones import Tones


def kan(in_features, out_features, width, first_width=None):
    return CoordinateMLP(
        in_features,
        out_features,
        width,
        2,
        activation=Spline,
        encoding=ActivationEncoding(in_features, Spline),
        first_width=first_width,
    )


@pytest.mark.parametrize("budget", [1000, 4000])
def test_a_kan_meets_a_budget_by_a_first_layer_of_its_own(budget):
    cell = Tones(network=kan, parameters=budget, num_tones=2, points=8, steps=1)
    assert cell.run().scalars["parameters"] == pytest.approx(budget, rel=0.02)


def test_even_widths_need_no_first_width():
    network = network_of(lambda i, o, width: CoordinateMLP(i, o, width, 2), 1, 5, 5)
    assert count_parameters(network) == count_parameters(CoordinateMLP(1, 1, 5, 2))


def test_networks_of_one_encoding_do_not_share_it():
    encoding = LearnableFourierFeatures(1, 2, 2, 2)

    def factory(i, o, width):
        return CoordinateMLP(i, o, width, 2, encoding=encoding)

    one, two = (network_of(factory, 1, 4, 4) for _ in range(2))
    with torch.no_grad():
        one.encoding.frequencies.zero_()
    assert not torch.equal(one.encoding.frequencies, two.encoding.frequencies)
    assert torch.equal(two.encoding.frequencies, encoding.frequencies)
