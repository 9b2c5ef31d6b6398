import numpy as np
import pytest
import torch

from sgn_sciml.layouts import open_source
from sgn_sciml.runs.checkpoint import Checkpoint
from sgn_sciml.system.archives import refuse_damaged_archive


def flipped(path, bit):
    """The file with one bit of its values turned over; they lie in the middle of it."""
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1 << bit
    path.write_bytes(raw)


@pytest.fixture
def fields(tmp_path):
    path = tmp_path / "a.pt"
    torch.save({"x": torch.rand(20, 16, 16), "y": torch.rand(20, 16, 16)}, path)
    return path


@pytest.mark.parametrize("bit", range(8))
def test_a_flipped_bit_of_a_checkpoint_is_noticed(bit, tmp_path):
    path = tmp_path / "a.ckpt"
    torch.save({"global_step": 3, "state_dict": {"w": torch.rand(10_000)}}, path)
    assert Checkpoint.read(path).step == 3
    flipped(path, bit)
    with pytest.raises(ValueError, match="damaged"):
        Checkpoint.read(path)


def test_a_flipped_bit_of_fields_is_noticed_when_they_are_read(fields):
    flipped(fields, 3)
    source = open_source(fields)
    with pytest.raises(ValueError, match="damaged"):
        [source.read(name, slice(0, 20)) for name in source.fields]


def test_an_archive_without_checksums_is_read(tmp_path):
    before = torch.serialization.get_crc32_options()
    torch.serialization.set_crc32_options(False)
    try:
        torch.save({"x": torch.rand(4)}, tmp_path / "a.pt")
    finally:
        torch.serialization.set_crc32_options(before)
    refuse_damaged_archive(tmp_path / "a.pt")


def test_other_files_pass(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros(3))
    refuse_damaged_archive(tmp_path / "a.npy")
