"""Benchmark files as training data of neural operators: lazily read or cached, split, scaled."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.pytorch import LightningDataModule
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from sgn_sciml.data.batches import Batch, Batches
from sgn_sciml.data.normalize import Normalizer, PerChannel
from sgn_sciml.data.pairing import Pairing, Pairs
from sgn_sciml.data.splits import FnoSplit, Split
from sgn_sciml.data.stores import Cached, Lazy, Store
from sgn_sciml.layouts import Source, open_source

__all__ = ["OperatorData"]

Index = NDArray[np.intp]


@dataclass(frozen=True)
class Group:
    """Samples of one file at one resolution.

    Attributes:
        name: For tables: the file's name, and the resolution where there are several.
        stores: Fields of the input and of the target.
        samples: Numbers of the samples.
        items: Items per sample.
        conditions: Constants of the file's law that the network is told, shape ``(k,)``.
        chunk: Neighbouring samples that are stored together.
    """

    name: str
    stores: tuple[Store, Store]
    samples: Index
    items: int
    conditions: Tensor
    chunk: int


class Items(Dataset[dict[str, Tensor]]):
    """Batches by the numbers of their items."""

    def __init__(self, groups: Sequence[Group], pairing: Pairing, whole: bool) -> None:
        self.groups, self.pairing, self.whole = groups, pairing, whole

    def __getitem__(self, batch: Batch) -> dict[str, Tensor]:
        group, items = self.groups[batch[0]], batch[1]
        samples, part = group.samples[items // group.items], items % group.items
        x, y = self.pairing.take(group.stores, samples, part, self.whole)
        out = {"input": x, "target": y}
        if len(group.conditions):
            out["conditions"] = group.conditions.expand(len(items), -1)
        return out


class OperatorData(LightningDataModule):
    """Pairs of functions from benchmark files of any layout.

    A batch maps ``input`` and ``target`` to fields in float32, scaled by the normalizers, shape
    ``(items, channels, *space)``, with :class:`Windows` ``(items, frames, channels, *space)``;
    and ``conditions`` to constants of the law ``(items, k)`` if any are asked for. ``normalizers``
    turn predictions back into physical units. They are fitted on the training samples of the first
    file and travel in the checkpoint.

    What fits the cache budget is read once and kept in memory, or on the device; the rest is read
    while training, in an order that visits neighbours in a storage chunk together.

    Args:
        path: File, or files of several parameters or resolutions; each is split by itself.
        pairing: What is input and what target.
        split: Which samples train, validate and test.
        test_path: Further files, all of whose samples test.
        batch_size: Items per batch.
        resolution: Points along each space axis; None for those of the file.
        test_resolutions: Resolutions to test at; None for that of training.
        conditions: Names of constants in the files to hand to the network, such as ``nu``.
        input_normalizer: Scaling of the input; per channel when None.
        target_normalizer: Scaling of the target; per channel when None.
        statistics_samples: Training samples that the normalizers see at most.
        cache: Budget for caching, such as ``"2 GB"``; ``"0"`` reads always from the files.
        cache_on_device: Keep the cache on the device that trains.
        num_workers: Processes that read; not used for what is cached.
        start_method: How they start (``fork``, ``spawn``); None for the platform's way.
        seed: Seed of the order; the command line sets it to ``seed_everything``.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If a file is damaged or does not fit what is asked of it.
    """

    def __init__(
        self,
        path: str | list[str],
        pairing: Pairing | None = None,
        split: Split | None = None,
        test_path: str | list[str] | None = None,
        batch_size: int = 20,
        resolution: int | None = None,
        test_resolutions: list[int] | None = None,
        conditions: list[str] | None = None,
        input_normalizer: Normalizer | None = None,
        target_normalizer: Normalizer | None = None,
        statistics_samples: int = 1000,
        cache: str = "1 GB",
        cache_on_device: bool = False,
        num_workers: int = 0,
        start_method: str | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if batch_size < 1 or statistics_samples < 1 or num_workers < 0:
            raise ValueError(
                "batch_size and statistics_samples must be at least 1, num_workers at least 0"
            )
        self.paths = [path] if isinstance(path, str) else list(path)
        self.test_paths = [test_path] if isinstance(test_path, str) else list(test_path or [])
        self.pairing = pairing or Pairs()
        self.split = split or FnoSplit()
        self.batch_size = batch_size
        self.resolution, self.test_resolutions = resolution, test_resolutions
        self.conditions = list(conditions or [])
        first = input_normalizer or PerChannel()
        second = first if self.pairing.autoregressive else target_normalizer or PerChannel()
        self.normalizers = {"input": first, "target": second}
        self.statistics_samples = statistics_samples
        self.budget = parse_size(cache)
        self.cache_on_device = cache_on_device
        self.num_workers, self.start_method = num_workers, start_method
        self.seed = seed
        self.groups: dict[str, list[Group]] = {}

    # -- setup -------------------------------------------------------------------------------

    def setup(self, stage: str) -> None:
        sources = [_open(path) for path in self.paths]
        parts = [self.split.parts(source) for source in sources]
        wanted = ("train", "val") if stage in ("fit", "validate") else ("test",)
        for part in wanted:
            if part in self.groups:
                continue
            groups = []
            at: list[int | None] = [self.resolution]
            if part == "test" and self.test_resolutions:
                at = [*self.test_resolutions]
            for source, index in zip(sources, (getattr(p, part) for p in parts), strict=True):
                groups += [self._group(source, index, part, r) for r in at]
            if part == "test":
                extra = [_open(path) for path in self.test_paths]
                groups += [
                    self._group(source, np.arange(source.num_samples), part, r)
                    for source in extra
                    for r in at
                ]
            self.groups[part] = [self._cached(group) for group in groups if len(group.samples)]
        if not all(n.fitted for n in self.normalizers.values()):
            self._fit(self._group(sources[0], parts[0].train, "train", self.resolution))

    def _group(self, source: Source, samples: Index, part: str, resolution: int | None) -> Group:
        names, times = self.pairing.names(), self.pairing.times(source)
        stores = (
            Lazy(source, names[0], times[0], resolution),
            Lazy(source, names[1], times[1], resolution),
        )
        for name in self.conditions:
            if not isinstance(source.parameters.get(name), int | float):
                known = ", ".join(
                    k for k, v in source.parameters.items() if isinstance(v, int | float)
                )
                raise ValueError(f"{source.path} has no constant {name!r}; it has {known}")
        chunks = source.fields[names[1][0]].chunks
        return Group(
            source.path.stem + (f"@{resolution}" if resolution and part == "test" else ""),
            stores,
            samples,
            self.pairing.items_per_sample(stores[0].frames, whole=part != "train"),
            torch.tensor([float(source.parameters[name]) for name in self.conditions]),
            chunks[0] if chunks else 1,
        )

    def _cached(self, group: Group) -> Group:
        """The group in memory, if the budget allows."""
        first, second = group.stores
        stores = [first] if self.pairing.autoregressive else [first, second]
        size = len(group.samples) * sum(store.sample_bytes for store in stores)
        if size > self.budget:
            return group
        self.budget -= size
        device = self._device if self.cache_on_device else torch.device("cpu")
        kept = [Cached(store, group.samples, device) for store in stores]
        return Group(
            group.name, (kept[0], kept[-1]), group.samples, group.items, group.conditions, 1
        )

    def _fit(self, group: Group) -> None:
        count = min(self.statistics_samples, len(group.samples))
        chosen = group.samples[np.linspace(0, len(group.samples) - 1, count).astype(int)]
        for store, normalizer in zip(group.stores, self.normalizers.values(), strict=True):
            if not normalizer.fitted:
                normalizer.fit((x for _, x in store.blocks(chosen)), len(store.shape) - 1)

    @property
    def _device(self) -> torch.device:
        return self.trainer.strategy.root_device if self.trainer else torch.device("cpu")

    # -- loaders -----------------------------------------------------------------------------

    @property
    def test_names(self) -> list[str]:
        """What each test loader holds: a file's name, with ``@resolution`` where one was named."""
        return [group.name for group in self.groups.get("test", [])]

    def train_dataloader(self) -> DataLoader[dict[str, Tensor]]:
        return self._loader(self.groups["train"], training=True)

    def val_dataloader(self) -> DataLoader[dict[str, Tensor]] | list[Any]:
        groups = self.groups["val"]
        return self._loader(groups, training=False) if groups else []

    def test_dataloader(self) -> list[DataLoader[dict[str, Tensor]]]:
        return [self._loader([group], training=False) for group in self.groups["test"]]

    def predict_dataloader(self) -> list[DataLoader[dict[str, Tensor]]]:
        return self.test_dataloader()

    def _loader(self, groups: Sequence[Group], training: bool) -> DataLoader[dict[str, Tensor]]:
        trainer = self.trainer
        batches = Batches(
            [len(group.samples) * group.items for group in groups],
            self.batch_size,
            [group.chunk * group.items for group in groups],
            shuffle=training,
            seed=self.seed,
            rank=trainer.global_rank if trainer else 0,
            world=trainer.world_size if trainer else 1,
        )
        lazy = any(isinstance(group.stores[0], Lazy) for group in groups)
        workers = self.num_workers if lazy else 0
        return DataLoader(
            Items(groups, self.pairing, whole=not training),
            sampler=batches,
            batch_size=None,
            num_workers=workers,
            persistent_workers=workers > 0 and training,
            multiprocessing_context=self.start_method if workers else None,
            pin_memory=self._device.type == "cuda" and (lazy or not self.cache_on_device),
            generator=torch.Generator(),  # must not advance the seed that dropout draws from
        )

    def on_after_batch_transfer(
        self, batch: dict[str, Tensor], dataloader_idx: int
    ) -> dict[str, Tensor]:
        scaled = {k: n.to(batch[k].device)(batch[k]) for k, n in self.normalizers.items()}
        return batch | scaled

    # -- checkpoints -------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        return {name: normalizer.state_dict() for name, normalizer in self.normalizers.items()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        for name, normalizer in self.normalizers.items():
            normalizer.load_state_dict(state_dict[name])


def parse_size(text: str) -> int:
    """Bytes of a size such as ``"512 MB"`` or ``"2GB"``.

    Raises:
        ValueError: If it is none.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)B?\s*", text, re.IGNORECASE)
    if not match:
        raise ValueError(f"{text!r} is no size; write it like '512 MB' or '2 GB'")
    return int(float(match[1]) * 1024 ** " KMGT".index(match[2].upper() or " "))


def _open(path: str) -> Source:
    if not Path(path).is_file():
        raise FileNotFoundError(
            f"no data file {path}; make it from its law (sgn data make --help) or "
            "download it (sgn data fetch --list)"
        )
    return open_source(path)
