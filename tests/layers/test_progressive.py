"""Masks that let frequencies in one after another."""

import pytest
import torch

from sgn_sciml.layers import PositionalEncoding, Progressive


@pytest.mark.parametrize(
    ("progress", "expected"),
    [(0.0, [0, 0, 0, 0]), (0.375, [1, 0.5, 0, 0]), (0.5, [1, 1, 0, 0]), (1.0, [1, 1, 1, 1])],
)
def test_octaves_come_in_one_after_another(progress, expected):
    encode, s = PositionalEncoding(2, 4), torch.rand(5, 2)
    masked = Progressive(encode)
    assert torch.equal(masked(s), encode(s))
    masked.set_progress(progress)
    found = masked(s) / encode(s)
    torch.testing.assert_close(found[:, :2], torch.ones(5, 2))
    each = found[:, 2:].unflatten(1, (2, 2, 4))  # sine and cosine, coordinate, octave
    torch.testing.assert_close(each, torch.tensor(expected).float().expand(5, 2, 2, 4))


def test_the_mask_is_saved_with_the_weights():
    masked, other = Progressive(PositionalEncoding(1, 4)), Progressive(PositionalEncoding(1, 4))
    masked.set_progress(0.3)
    other.load_state_dict(masked.state_dict())
    assert torch.equal(other.mask, masked.mask)
