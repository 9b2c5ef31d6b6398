"""Sizes of networks and encodings come from the problem where they are not given."""

import pytest
import torch
from jsonargparse import Namespace

from sgn_sciml.layers import HashGrid, LearnableFourierFeatures, PeriodicEncoding
from sgn_sciml.networks import CoordinateMLP
from sgn_sciml.pde import AllenCahn, Poisson
from sgn_sciml.pinn import PINN
from sgn_sciml.pinn.application import Solving


def test_a_network_takes_the_sizes_of_its_problem():
    network = CoordinateMLP(width=5, depth=1, activation="tanh")
    assert network(torch.zeros(3, 2)).shape == (3, 1)
    task = PINN(network, Poisson())
    assert task.network is network
    assert (network.in_features, network.out_features) == (1, 1)
    assert task(torch.zeros(3, 1)).shape == (3, 1)


def test_an_encoding_tells_the_number_of_coordinates():
    encoding = PeriodicEncoding(2, axes=(0,))
    task = PINN(CoordinateMLP(width=5, encoding=encoding), AllenCahn())
    assert task.network.encoding is encoding
    assert CoordinateMLP(encoding=HashGrid(3)).in_features == 3


def test_given_sizes_that_contradict_are_refused_and_stay():
    network = CoordinateMLP(in_features=3, width=5)
    with pytest.raises(ValueError, match=r"maps 3 to 1 features, but poisson .*: leave its sizes"):
        PINN(network, Poisson())
    assert network.in_features == 3


@pytest.mark.parametrize("kind", [PeriodicEncoding, HashGrid, LearnableFourierFeatures])
def test_an_encoding_alone_needs_its_size(kind):
    with pytest.raises(ValueError, match=f"{kind.__name__} needs in_features"):
        kind()


def part(name, **init_args):
    return Namespace(class_path=name, init_args=Namespace(**init_args))


def test_a_configuration_is_completed_and_given_numbers_stay():
    inner = part("PeriodicEncoding", in_features=None, axes=None, harmonics=1)
    encoding = part("Progressive", encoding=inner)
    network = part("CoordinateMLP", in_features=None, out_features=None, encoding=encoding)
    later = part("Continued", network=network, starts=[0.5])
    problem = part("Window", problem=part("AllenCahn"), start=0.5, end=1.0)
    del problem.init_args.problem["init_args"]
    Solving().complete(part("PINN", network=later, problem=problem), None)
    assert network.init_args.in_features == 2
    assert network.init_args.out_features == 1
    assert inner.init_args.as_dict() == {"in_features": 2, "axes": [0], "harmonics": 1}
    given = part("CoordinateMLP", in_features=7, out_features=None)
    Solving().complete(part("PINN", network=given, problem=part("Poisson")), None)
    assert given.init_args.as_dict() == {"in_features": 7, "out_features": 1}
