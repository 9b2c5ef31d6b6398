"""Files of a run on a full disk."""

import errno
import resource
import signal

import pytest
import torch

from sgn_sciml.runs.checkpoint import AtomicCheckpointIO


@pytest.fixture
def small_disk():
    """A limit of 100 kB on every file that is written."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("numbers", [25_000, 26_000, 200_000])
def test_a_checkpoint_that_does_not_fit_leaves_the_old_one(small_disk, tmp_path, numbers):
    path, io = tmp_path / "last.ckpt", AtomicCheckpointIO()
    io.save_checkpoint({"step": 1}, path)
    with pytest.raises(OSError, match=r"last\.ckpt") as caught:
        io.save_checkpoint({"weights": torch.zeros(numbers)}, path)
    assert caught.value.errno == errno.EFBIG
    assert [each.name for each in tmp_path.iterdir()] == ["last.ckpt"]
    assert torch.load(path) == {"step": 1}
