"""The file of weights: readable without us, small, and exact but for the rounding it tells."""

import io
import json

import numpy as np
import pytest
import torch
from jsonargparse import ArgumentParser

from sgn_sciml.inr.export.weights import build_network, read_weights, stored, write_weights
from sgn_sciml.networks import CoordinateMLP, CoordinateNetwork

SIGNAL = {"kind": "image", "grid": [4, 4], "low": 0.0, "high": 1.0}
SINE = {
    "class_path": "sgn_sciml.layers.SpectralGate",
    "init_args": {"spectral": "sine", "base": None, "frequency_scale": [10.0, 60.0]},
}
MORE = {
    "sine gates": {"activation": SINE},
    "SIREN": {"activation": {"class_path": "sgn_sciml.layers.Sine"}},
    "FINER": {"activation": {"class_path": "sgn_sciml.layers.Finer"}},
    "STAF": {"activation": {"class_path": "sgn_sciml.layers.Staf"}},
    "dense gates": {"activation": {"class_path": "sgn_sciml.layers.SpectralGate"}},
    "random features": {
        "encoding": {
            "class_path": "sgn_sciml.layers.GaussianFourierFeatures",
            "init_args": {"in_features": 2, "num_frequencies": 8},
        }
    },
}


def configured(**more):
    return {
        "class_path": "sgn_sciml.networks.CoordinateMLP",
        "init_args": {"in_features": 2, "out_features": 1, "width": 16, "depth": 2, **more},
    }


def trained(config):
    """A network none of whose parameters is what the constructor made."""
    parser = ArgumentParser(exit_on_error=False)
    parser.add_subclass_arguments(CoordinateNetwork, "network")
    network = parser.instantiate_classes(parser.parse_object({"network": config})).network
    with torch.no_grad():
        for p in network.parameters():
            p.add_(0.01 * torch.randn_like(p))
    network.set_domain([-1.5, -1.0], [1.5, 1.0])
    return network.eval()


def content(network, config, bits):
    return write_weights(stored(network, config), config, SIGNAL, bits)


def opened(content):
    with np.load(io.BytesIO(content)) as file:
        return json.loads(file["header"].tobytes()), file["ranges"], file["data"]


@pytest.mark.parametrize("kind", MORE)
@pytest.mark.parametrize("bits", [16, 12])
def test_a_network_comes_back(kind, bits):
    config = configured(**MORE[kind])
    network, points = trained(config), 2 * torch.rand(50, 2) - 1
    again = read_weights(content(network, config, bits))
    assert again.signal == SIGNAL
    torch.testing.assert_close(again.network(points), network(points), atol=2e-2, rtol=0)


@pytest.mark.parametrize("bits", [3, 8, 15])
def test_numpy_alone_reads_a_weight(bits):
    config = configured(activation=SINE)
    network = trained(config)
    header, ranges, data = opened(content(network, config, bits))
    start = 0
    for (name, shape, k), (offset, step) in zip(header["tensors"], ranges, strict=True):
        count, values = int(np.prod(shape)), network.state_dict()[name].numpy()
        assert k == (bits if name == "layers.2.weight" else 16)  # the only large one
        size = -(-count * k // 8)
        stream = np.unpackbits(data[start : start + size], bitorder="little")[: count * k]
        codes = stream.reshape(count, k).astype(int) @ 2 ** np.arange(k)
        start += size
        assert np.abs(offset + step * codes.reshape(shape) - values).max() <= step / 2 + 1e-6
    assert start == len(data)


def test_sixteen_bits_are_half_precision_of_large_tensors():
    config = configured()
    network = trained(config)
    half = content(network, config, 16)
    kinds = {name: kind for name, _, kind in opened(half)[0]["tensors"]}
    assert kinds["layers.2.weight"] == "half"
    assert kinds["layers.0.bias"] == 16
    large = network.layers[2].weight
    assert torch.equal(read_weights(half).network.layers[2].weight, large.half().float())


def test_what_the_constructor_makes_is_not_stored():
    config = configured(activation=SINE)
    network = trained(config)
    names = set(stored(network, config))
    assert names == set(network.state_dict()) - {
        "layers.1.spectral.scales",
        "layers.3.spectral.scales",
    }


def test_a_frozen_gate_is_not_stored():
    config = configured(activation=SINE)
    network = trained(config)
    with torch.no_grad():
        network.layers[1].gate.fill_(network.layers[1].gate_init)
    assert "layers.1.gate" not in stored(network, config)
    again = read_weights(content(network, config, 8)).network
    assert torch.equal(again.layers[1].gate, network.layers[1].gate)


@pytest.mark.parametrize("seed", [0, 1])
def test_random_features_are_stored_whatever_the_seed(seed):
    config = configured(**MORE["random features"])
    torch.manual_seed(seed)
    network = trained(config)
    torch.manual_seed(seed)
    assert "encoding.frequencies" in stored(network, config)


def test_building_leaves_the_random_state_alone():
    before = torch.get_rng_state()
    build_network(configured())
    assert torch.equal(torch.get_rng_state(), before)


def test_double_precision_stays():
    config = configured()
    network = trained(config).double()
    again = read_weights(content(network, config, 16)).network
    assert again.layers[0].weight.dtype == torch.float64


def test_fewer_bits_are_fewer_bytes():
    config = configured(activation=SINE)
    network = trained(config)
    tensors = stored(network, config)
    sizes = [len(opened(write_weights(tensors, config, SIGNAL, k))[2]) for k in range(2, 17)]
    large = network.layers[2].weight.numel()
    assert np.diff(sizes).tolist() == [large // 8] * 14


def test_the_same_network_gives_the_same_bytes():
    config = configured()
    network = trained(config)
    assert content(network, config, 5) == content(network, config, 5)


@pytest.mark.parametrize("bits", [1, 17])
def test_bits_out_of_range_are_refused(bits):
    with pytest.raises(ValueError, match="2 to 16"):
        write_weights(CoordinateMLP().state_dict(), configured(), SIGNAL, bits)


@pytest.mark.parametrize(("value", "bits"), [(float("nan"), 8), (float("nan"), 16), (1e5, 16)])
def test_a_weight_that_does_not_fit_is_named(value, bits):
    config = configured()
    network = trained(config)
    with torch.no_grad():
        network.layers[2].weight[0, 0] = value
    with pytest.raises(ValueError, match=r"layers\.2\.weight cannot be exported"):
        content(network, config, bits)


@pytest.mark.parametrize("damage", ["empty", "cut", "foreign", "flipped"])
def test_a_damaged_file_is_refused(damage):
    config = configured()
    good = content(trained(config), config, 8)
    middle = len(good) // 2
    bad = {
        "empty": b"",
        "cut": good[:middle],
        "foreign": b"no archive",
        "flipped": good[:middle] + bytes([good[middle] ^ 255]) + good[middle + 1 :],
    }
    with pytest.raises(ValueError, match="no whole file of exported weights"):
        read_weights(bad[damage])


def test_an_archive_of_something_else_is_refused():
    buffer = io.BytesIO()
    np.savez(buffer, a=np.ones(3))
    with pytest.raises(ValueError, match="no whole file of exported weights"):
        read_weights(buffer.getvalue())
