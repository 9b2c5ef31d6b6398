"""Loaders without files: step numbers without end, batches that exist, seeds of what is drawn."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from lightning.pytorch import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from sgn_sciml.metrics.base import accumulator

__all__ = ["FollowsPrecision", "batches", "derive_seed", "steps", "streamed"]


class StepNumbers(IterableDataset[int]):
    """The numbers 0, 1, 2, ... without end."""

    def __iter__(self) -> Iterator[int]:
        step = 0
        while True:
            yield step
            step += 1


class ListedBatches(IterableDataset[dict[str, Tensor]]):
    """A list as a dataset that Lightning neither shuffles nor shards."""

    def __init__(self, found: list[dict[str, Tensor]]) -> None:
        self.found = found

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        return iter(self.found)


class MadeBatches(IterableDataset[dict[str, Tensor]]):
    """Batches that are made one after another, as they are asked for."""

    def __init__(self, make: Callable[[], Iterator[dict[str, Tensor]]]) -> None:
        self.make = make

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        return self.make()


class FollowsPrecision(LightningDataModule):
    """A data module whose float64 batches are float32 on a device that has no float64 (MPS)."""

    def transfer_batch_to_device(
        self, batch: Any, device: torch.device, dataloader_idx: int
    ) -> Any:
        if accumulator(device) == torch.float32:
            batch = {k: v.float() if v.is_floating_point() else v for k, v in batch.items()}
        return super().transfer_batch_to_device(batch, device, dataloader_idx)


def steps() -> DataLoader[int]:
    """Numbers of steps, for data that are made on the step's device."""
    return _loader(StepNumbers())


def batches(found: list[dict[str, Tensor]]) -> DataLoader[dict[str, Tensor]]:
    """Batches that exist."""
    return _loader(ListedBatches(found))


def streamed(make: Callable[[], Iterator[dict[str, Tensor]]]) -> DataLoader[dict[str, Tensor]]:
    """Batches that are made as they are asked for, which are too many to hold."""
    return _loader(MadeBatches(make))


def _loader(dataset: IterableDataset[Any]) -> DataLoader[Any]:
    # A generator of its own: making an iterator must not advance the seed that dropout draws from.
    return DataLoader(dataset, batch_size=None, generator=torch.Generator())


def derive_seed(*numbers: int) -> int:
    """One 63-bit seed from several numbers, so that neighbouring numbers share no stream."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> np.uint64(1))
