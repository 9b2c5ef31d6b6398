"""Samples of files as items: what a group of them is, and how batches are put together."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset

from sgn_sciml.layouts import Source
from sgn_sciml.operators.batches import Batch
from sgn_sciml.operators.description import SampleSet
from sgn_sciml.operators.pairing import Pairing
from sgn_sciml.operators.stores import Cached, Lazy, Numbers, Store, stride_for

__all__ = ["Group", "Items", "about_file", "parse_size", "sample_set", "space_points"]


@dataclass(frozen=True)
class Group:
    """Samples of one file at one resolution.

    Attributes:
        name: For tables: the file's name, and the resolution where there are several.
        source: The file.
        stores: Fields of the input and of the target.
        samples: Numbers of the samples.
        items: Items per sample.
        conditions: Constants that the network is given of each sample of the file, shape
            ``(samples, k)``.
        chunk: Neighbouring samples that are stored together.
    """

    name: str
    source: Source
    stores: tuple[Store, Store]
    samples: Numbers
    items: int
    conditions: Tensor
    chunk: int

    @classmethod
    def of(
        cls,
        source: Source,
        pairing: Pairing,
        samples: Numbers,
        resolution: int | None,
        conditions: Sequence[str],
        whole: bool,
    ) -> "Group":
        """Samples of a file, read when they are asked for.

        Args:
            source: The file.
            pairing: What is input and what target.
            samples: Numbers of the samples.
            resolution: Points along each space axis; None for all.
            conditions: Names of constants of the file.
            whole: Whether trajectories are to be evaluated as a whole.

        Raises:
            ValueError: If the file has no such fields, constants or resolution.
        """
        names, times = pairing.names(), pairing.times(source)
        first = Lazy(source, names[0], times[0], resolution)
        second = first if pairing.autoregressive else Lazy(source, names[1], times[1], resolution)
        chunks = source.fields[names[1][0]].chunks
        return cls(
            source.name + (f"@{resolution}" if resolution else ""),
            source,
            (first, second),
            samples,
            pairing.items_per_sample(first.frames, whole),
            _constants(source, conditions),
            chunks[0] if chunks else 1,
        )

    @property
    def lazy(self) -> bool:
        """Whether it is read from its file."""
        return isinstance(self.stores[0], Lazy)

    @property
    def bytes(self) -> int:
        """Memory that it takes when it is cached."""
        return len(self.samples) * sum(store.sample_bytes for store in set(self.stores))

    def cached(self, device: torch.device) -> "Group":
        """The group in memory."""
        kept = {store: Cached(store, self.samples, device) for store in set(self.stores)}
        first, second = self.stores
        return replace(self, stores=(kept[first], kept[second]), chunk=1)


class Items(Dataset[dict[str, Tensor]]):
    """Batches by the numbers of their items."""

    def __init__(self, groups: Sequence[Group], pairing: Pairing, whole: bool) -> None:
        self.groups, self.pairing, self.whole = groups, pairing, whole

    def __getitem__(self, batch: Batch) -> dict[str, Tensor]:
        group, items = self.groups[batch[0]], batch[1]
        samples, part = group.samples[items // group.items], items % group.items
        x, y = self.pairing.take(group.stores, samples, part, self.whole)
        out = {"input": x, "target": y}
        if group.conditions.numel():
            out["conditions"] = group.conditions[samples]
        return out


def _constants(source: Source, names: Sequence[str]) -> Tensor:
    """Constants of every sample of a file, shape ``(samples, k)``."""
    shared = {k: v for k, v in source.parameters.items() if isinstance(v, int | float)}
    found = torch.empty(source.num_samples, len(names))
    for column, name in zip(found.T, names, strict=True):
        if name in source.sample_parameters:
            column[:] = torch.from_numpy(source.sample_parameter(name))
        elif name in shared:
            column[:] = float(shared[name])
        else:
            known = ", ".join((*shared, *source.sample_parameters)) or "none"
            raise ValueError(f"{source.path} has no constant {name!r}; it has {known}")
    return found


def parse_size(text: str) -> int:
    """Bytes of a size such as ``"512 MB"`` or ``"2GB"``.

    Raises:
        ValueError: If it is none.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)B?\s*", text, re.IGNORECASE)
    if not match:
        raise ValueError(f"{text!r} is not a size; write it like '512 MB' or '2 GB'")
    return int(float(match[1]) * 1024 ** " KMGT".index(match[2].upper() or " "))


def space_points(store: Store) -> dict[str, int]:
    """Points along each space axis of a store."""
    return dict(zip("xyz", store.shape[1:], strict=False))


def about_file(source: Source) -> dict[str, Any]:
    """What a file says of itself, for a card."""
    source.close()  # its metadata have been read
    several = {"files": [str(path) for path in source.files]} if len(source.files) > 1 else {}
    return {
        "path": str(source.path),
        **several,
        "layout": source.layout,
        "law": source.parameters.get("law"),
        "parameters": dict(source.parameters),
        "by_sample": list(source.sample_parameters),
        "notes": list(source.notes),
        "samples": source.num_samples,
    }


def sample_set(group: Group, pairing: Pairing) -> SampleSet:
    """What a group of test samples is, for those who show or write it."""
    source, points = group.source, space_points(group.stores[1])
    stride = stride_for(source, pairing.names()[1][0], points["x"])
    times = pairing.times(source)[1]
    known = {a: source.coordinates[a] for a in ("t", *points) if a in source.coordinates}
    coordinates = {a: x[times] if a == "t" else x[::stride] for a, x in known.items()}
    constants = {
        key: value
        for key, value in source.parameters.items()
        if isinstance(value, int | float | str) and value != ""
    }
    attributes = {"law": source.layout, "seed": 0} | constants
    return SampleSet(group.name, str(source.path), group.samples, points, coordinates, attributes)
