"""Benchmark files as training data of neural operators: lazily read or cached, split, scaled."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from typing import Any

import numpy as np
import torch
from lightning.pytorch.utilities import rank_zero_info
from torch import Tensor
from torch.utils.data import DataLoader

from sgn_sciml.layouts import MemoryArrays, Schema, Source, find_source
from sgn_sciml.layouts.joined import Paths
from sgn_sciml.operators.batches import Batches, BatchLoader
from sgn_sciml.operators.description import OperatorPairs
from sgn_sciml.operators.items import (
    Group,
    Items,
    about_file,
    parse_size,
    sample_set,
    space_points,
)
from sgn_sciml.operators.normalizers import Normalizer, PerChannel
from sgn_sciml.operators.pairing import Pairing, Pairs
from sgn_sciml.operators.splits import FnoSplit, Split
from sgn_sciml.operators.stores import Lazy, Numbers
from sgn_sciml.runs.loaders import FollowsPrecision

__all__ = ["OperatorData"]


class OperatorData(FollowsPrecision):
    """Pairs of functions from benchmark files of any layout.

    A batch maps ``input`` and ``target`` to fields in physical units, in float32 or, of a file
    with more digits, in float64, shape ``(items, channels, *space)``, with :class:`Windows`
    ``(items, frames, channels, *space)``; and ``conditions`` to constants of the law
    ``(items, k)`` if any are asked for. The normalizers, by which the task scales what its network
    sees, are fitted on the training samples of the first file and travel in the checkpoint.

    What fits the cache budget is read once and kept in memory, or on the device; the rest is read
    while training, in an order that visits neighbours in a storage chunk together.

    Args:
        path: File, or files of several parameters or resolutions; each is split by itself. A
            pattern, ``runs/*.h5``, is all of its files as one; fields that have files of their own
            are named, ``{a: data/*.npy, u: model/*.npy}``.
        pairing: What is input and what target.
        split: Which samples train, validate and test.
        test_path: Further files, all of whose samples test.
        batch_size: Items per batch.
        resolution: Points along each space axis; None for those of the file.
        test_resolutions: Resolutions to test at; None for that of training.
        conditions: Names of constants in the files to hand to the network, such as ``nu``; each
            sample's own where the samples differ.
        input_normalizer: Scaling of the input; per channel when None.
        target_normalizer: Scaling of the target; per channel when None.
        statistics_samples: Training samples that the normalizers see at most.
        cache: Budget for caching, such as ``"2 GB"``; ``"0"`` reads always from the files.
        cache_on_device: Keep the cache on the device that trains.
        num_workers: Processes that read; not used for what is cached.
        start_method: How they start (``fork``, ``spawn``); None for the platform's way.
        seed: Seed of the order; the command line sets it to ``seed_everything``.
        schema: What the arrays of the files are, where a file does not say: ``axes: {u: sample
            time x}``; ``sgn data inspect`` tells where that is so.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If a file is damaged or does not fit what is asked of it.
    """

    def __init__(
        self,
        path: str | list[str] | dict[str, str],
        pairing: Pairing | None = None,
        split: Split | None = None,
        test_path: str | list[str] | dict[str, str] | None = None,
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
        schema: Schema | None = None,
    ) -> None:
        super().__init__()
        if batch_size < 1 or statistics_samples < 1 or num_workers < 0:
            raise ValueError(
                "batch_size and statistics_samples must be at least 1, num_workers at least 0"
            )
        self.paths, self.test_paths = _places(path), _places(test_path or [])
        roles = isinstance(path, dict) and {"input", "target"} <= {*path}
        self.pairing = pairing or (Pairs("input", "target") if roles else Pairs())
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
        self.seed, self.schema = seed, schema
        self.groups: dict[str, list[Group]] = {}
        self._sources: dict[str, Source] = {}

    @classmethod
    def from_arrays(
        cls, arrays: Mapping[str, Any], schema: Schema | None = None, **settings: Any
    ) -> "OperatorData":
        """Pairs of functions that are in memory.

        Args:
            arrays: Fields, coordinates and constants by name: arrays, tensors or numbers, samples
                first.
            schema: What they are, where names and shapes do not tell.
            **settings: The further arguments of the class, ``test_path`` among them.

        Raises:
            ValueError: If they do not fit together.
        """
        source = MemoryArrays(arrays, schema)
        data = cls(str(source.path), schema=schema, **settings)
        data._sources[str(source.path)] = source
        return data

    # -- setup -------------------------------------------------------------------------------

    def setup(self, stage: str) -> None:
        sources = [self._open(path) for path in self.paths]
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
                extra = [self._open(path) for path in self.test_paths]
                groups += [
                    self._group(source, np.arange(source.num_samples), part, r)
                    for source in extra
                    for r in at
                ]
            self.groups[part] = [group for group in groups if len(group.samples)]
        if not all(normalizer.fitted for normalizer in self.normalizers.values()):
            first = Group.of(sources[0], self.pairing, parts[0].train, self.resolution, (), False)
            self._fit(first)

    def _open(self, path: Paths) -> Source:
        """The file, whose metadata are read once."""
        key = str(path)
        if key not in self._sources:
            source = self._sources[key] = find_source(path, self.schema)
            for note in source.assumed:
                rank_zero_info(f"{source.path}: {note}")
        return self._sources[key]

    def _group(self, source: Source, samples: Numbers, part: str, resolution: int | None) -> Group:
        """Samples of a file, in memory if the budget allows."""
        whole = part != "train"
        group = Group.of(source, self.pairing, samples, resolution, self.conditions, whole)
        if not len(samples) or group.bytes > self.budget:
            return group
        self.budget -= group.bytes
        return group.cached(self._device if self.cache_on_device else torch.device("cpu"))

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
        lazy = any(group.lazy for group in groups)
        workers = self.num_workers if lazy else 0
        return BatchLoader(
            Items(groups, self.pairing, whole=not training),
            sampler=batches,
            batch_size=None,
            num_workers=workers,
            persistent_workers=workers > 0 and training,
            multiprocessing_context=self.start_method if workers else None,
            pin_memory=self._device.type == "cuda" and (lazy or not self.cache_on_device),
            generator=torch.Generator(),  # must not advance the seed that dropout draws from
        )

    def on_after_batch_transfer(self, batch: Any, dataloader_idx: int) -> Any:
        """A batch in physical units for a Trainer, whose task scales it.

        Without a Trainer, for a loop of one's own, it is scaled: the mean is taken off before the
        rounding to torch's default precision, in which small variations might be lost.
        """
        if self.trainer is not None:
            return batch
        dtype = torch.get_default_dtype()
        fields = {k: scale(batch[k]).to(dtype) for k, scale in self.normalizers.items()}
        return batch | fields

    # -- description -------------------------------------------------------------------------

    @property
    def description(self) -> OperatorPairs:
        """What the data are, once set up."""
        sources = [self._open(path) for path in self.paths]
        parts = [self.split.parts(source) for source in sources]
        files = [
            about_file(source) | {"parts": {k: len(v) for k, v in part._asdict().items()}}
            for source, part in zip(sources, parts, strict=True)
        ]
        (inputs, targets), (_, times) = self.pairing.names(), self.pairing.times(sources[0])
        tested = self.groups.get("test", [])
        grids = [space_points(Lazy(s, targets, times, self.resolution)) for s in sources]
        if tested:
            files += [about_file(self._open(path)) for path in self.test_paths]
        return OperatorPairs(
            max(grids, key=lambda grid: math.prod(grid.values())),
            inputs,
            targets,
            self.normalizers,
            tuple(sample_set(group, self.pairing) for group in tested),
            self.batch_size,
            {
                "pairing": _settings(self.pairing),
                "split": _settings(self.split),
                "batch_size": self.batch_size,
                "resolution": self.resolution,
                "training_grids": grids,
                "test_resolutions": self.test_resolutions,
                "conditions": self.conditions,
                **({"schema": asdict(self.schema)} if self.schema else {}),
                "normalizers": {k: type(v).__name__ for k, v in self.normalizers.items()},
                "statistics_samples": self.statistics_samples,
                "seed": self.seed,
            },
            tuple(files),
            self.pairing.autoregressive,
        )

    # -- checkpoints -------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        return {name: normalizer.state_dict() for name, normalizer in self.normalizers.items()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        for name, normalizer in self.normalizers.items():
            normalizer.load_state_dict(state_dict[name])


def _places(path: str | list[str] | dict[str, str]) -> list[Paths]:
    return list(path) if isinstance(path, list) else [path]


def _settings(rule: Pairing | Split) -> dict[str, Any]:
    return {"name": type(rule).__name__} | (asdict(rule) if is_dataclass(rule) else {})
