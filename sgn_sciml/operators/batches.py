"""The samples of a batch: shuffled with the file's chunks in mind, shared among ranks."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, DistributedSampler

__all__ = ["BatchLoader", "Batches"]

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
        self.start = 0  # batches of this epoch that a resumed run has behind it

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
        return iter(batches[self.rank :: self.world][self.start :])


class BatchLoader(DataLoader[dict[str, Tensor]]):
    """A loader of :class:`Batches` that a checkpoint can stop within an epoch.

    Lightning stores the state of such loaders; what was seen is not read again.

    Args:
        dataset: What is indexed by a batch.
        sampler: The batches.
        kwargs: As for :class:`torch.utils.data.DataLoader`.
    """

    def __init__(self, dataset: Any, sampler: Batches, **kwargs: Any) -> None:
        super().__init__(dataset, sampler=sampler, **kwargs)
        self.batches = sampler
        self.seen = self._resumed = 0

    def __iter__(self) -> Any:
        # A generator: its first step comes after Lightning has set the epoch.
        self.batches.start, self._resumed = self._resumed, 0
        self.seen = self.batches.start
        for batch in super().__iter__():
            self.seen += 1
            yield batch

    def state_dict(self) -> dict[str, int]:
        """How many batches of the epoch have been given out."""
        return {"seen": self.seen}

    def load_state_dict(self, state_dict: dict[str, int]) -> None:
        """Let the next epoch begin after those; after a whole one, at its beginning."""
        self._resumed = state_dict["seen"] % len(self)


def _shuffled(size: int, chunk: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """A random order that visits a few chunks at a time."""
    if chunk <= 1:
        return rng.permutation(size)
    starts = rng.permutation(np.arange(0, size, chunk))
    order = np.concatenate([np.arange(s, min(s + chunk, size)) for s in starts])
    window = max(WINDOW, 2 * chunk)
    cuts = range(window, size, window)
    return np.concatenate([rng.permutation(part) for part in np.split(order, cuts)])
