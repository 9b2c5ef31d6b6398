"""Which samples make up a batch: shuffled with the file's chunks in mind, shared among ranks."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import DistributedSampler

__all__ = ["Batches"]

Batch = tuple[int, NDArray[np.intp]]
WINDOW = 4096  # items that are mixed with one another when chunks forbid to mix all


class Batches(DistributedSampler[Batch]):
    """Batches ``(group, items)``, each of one group, since groups may differ in resolution.

    The order is a function of (seed, epoch), the same on every rank; each takes its share.
    Training repeats a batch if the ranks do not come out even; evaluation never does, so that a
    metric counts nothing twice. Being a DistributedSampler, it is left alone by Lightning.

    Args:
        sizes: Items per group.
        batch_size: Items per batch; the last one of a group may be smaller.
        chunks: Neighbouring items per group that are stored together and are best read together;
            1 mixes all.
        shuffle: Whether to shuffle; if not, this is an evaluation.
        seed: Seed of the order.
        rank: Number of this process.
        world: Number of processes.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        batch_size: int,
        chunks: Sequence[int] | None = None,
        shuffle: bool = False,
        seed: int = 0,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        self.sizes, self.batch_size = list(sizes), batch_size
        self.chunks = list(chunks or [1] * len(sizes))
        self.shuffle, self.seed, self.rank, self.world = shuffle, seed, rank, world
        self.epoch = 0  # set by Lightning through set_epoch

    def __len__(self) -> int:
        total = sum(-(-size // self.batch_size) for size in self.sizes)
        return (
            -(-total // self.world) if self.shuffle else len(range(self.rank, total, self.world))
        )

    def __iter__(self) -> Iterator[Batch]:
        rng = np.random.default_rng([self.seed, self.epoch])
        batches: list[Batch] = []
        for group, (size, chunk) in enumerate(zip(self.sizes, self.chunks, strict=True)):
            order = _shuffled(size, chunk, rng) if self.shuffle else np.arange(size)
            cuts = range(self.batch_size, size, self.batch_size)
            batches += [(group, items) for items in np.split(order, cuts)]
        if self.shuffle:
            if len(self.sizes) > 1:
                batches = [batches[i] for i in rng.permutation(len(batches))]
            batches += [batches[i % len(batches)] for i in range(-len(batches) % self.world)]
        return iter(batches[self.rank :: self.world])


def _shuffled(size: int, chunk: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """A random order that visits a few chunks at a time."""
    if chunk <= 1:
        return rng.permutation(size)
    starts = rng.permutation(np.arange(0, size, chunk))
    order = np.concatenate([np.arange(s, min(s + chunk, size)) for s in starts])
    window = max(WINDOW, 2 * chunk)
    cuts = range(window, size, window)
    return np.concatenate([rng.permutation(part) for part in np.split(order, cuts)])
