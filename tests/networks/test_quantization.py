"""Codes of few bits: the bytes are exact, the values within half a step."""

import numpy as np
import pytest
import torch

from sgn_sciml.networks.quantization import (
    dequantize,
    large_tensors,
    pack_bits,
    quantize,
    unpack_bits,
)


@pytest.mark.parametrize("bits", range(1, 17))
def test_packed_codes_come_back_exactly(bits):
    codes = torch.randint(2**bits, (1001,), dtype=torch.int32)
    codes[:2] = torch.tensor([0, 2**bits - 1])
    packed = pack_bits(codes, bits)
    assert packed.dtype == torch.uint8
    assert len(packed) == -(-1001 * bits // 8)
    assert torch.equal(unpack_bits(packed, bits, 1001), codes)


def test_numpy_reads_the_bits():
    codes = torch.tensor([5, 0, 31, 17])
    stream = np.unpackbits(pack_bits(codes, 5).numpy(), bitorder="little")[:20]
    assert (stream.reshape(4, 5) @ 2 ** np.arange(5)).tolist() == [5, 0, 31, 17]


def test_nothing_packs_to_nothing():
    assert len(pack_bits(torch.zeros(0, dtype=torch.int32), 3)) == 0
    assert len(unpack_bits(torch.zeros(0, dtype=torch.uint8), 3, 0)) == 0


def test_a_code_beyond_its_bits_is_refused():
    with pytest.raises(ValueError, match="0 to 7"):
        pack_bits(torch.tensor([8]), 3)
    with pytest.raises(ValueError, match="0 to 7"):
        pack_bits(torch.tensor([-1]), 3)


def test_too_few_bytes_are_refused():
    with pytest.raises(ValueError, match="3 bytes are too few for 5 codes of 5 bits"):
        unpack_bits(torch.zeros(3, dtype=torch.uint8), 5, 5)


@pytest.mark.parametrize("bits", [2, 5, 8, 12, 16])
def test_no_value_moves_by_more_than_half_a_step(bits):
    x = torch.randn(4000, dtype=torch.float64)
    found = quantize(x, bits)
    step = float(x.max() - x.min()) / (2**bits - 1)
    assert (dequantize(found) - x).abs().max() <= step / 2 + 1e-6 * x.abs().max()
    assert (int(found.codes.min()), int(found.codes.max())) == (0, 2**bits - 1)


def test_evenly_spaced_values_are_exact():
    x = torch.arange(-8.0, 8.0) / 4
    assert torch.equal(dequantize(quantize(x, 4)), x.double())


@pytest.mark.parametrize("x", [torch.full((3,), 0.1), torch.tensor(-7.3)])
def test_equal_values_are_exact(x):
    found = quantize(x, 2)
    assert found.step == 0
    assert torch.equal(dequantize(found).float(), x.flatten())


def test_the_range_is_exact_in_float32():
    found = quantize(torch.randn(50, dtype=torch.float64), 7)
    for number in (found.offset, found.step):
        assert float(torch.tensor(number, dtype=torch.float32)) == number


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_what_is_not_finite_is_refused(bad):
    with pytest.raises(ValueError, match="real, finite"):
        quantize(torch.tensor([1.0, bad]), 8)


def test_what_is_not_real_is_refused():
    with pytest.raises(ValueError, match="real, finite"):
        quantize(torch.tensor([1.0 + 1j]), 8)


@pytest.mark.parametrize("bits", [0, 17])
def test_bits_out_of_range_are_refused(bits):
    with pytest.raises(ValueError, match="1 to 16 bits"):
        quantize(torch.ones(2), bits)


def test_a_tensor_of_an_eighth_of_the_largest_is_small():
    assert large_tensors({"matrix": 1024, "first": 128, "readout": 129}) == {"matrix", "readout"}
    assert large_tensors({}) == set()
