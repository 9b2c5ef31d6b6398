"""The base of data modules of signals that are read, measured and rendered a part at a time."""

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader
from tqdm import tqdm

from sgn_sciml.inr.description import Signal, cell_centres
from sgn_sciml.inr.large.signal import StoredSignal, strips
from sgn_sciml.inr.large.stores import Slices
from sgn_sciml.inr.measurements import grid_points
from sgn_sciml.inr.points import on_device
from sgn_sciml.inr.signals import SignalData
from sgn_sciml.metrics.strips import TILE
from sgn_sciml.runs.loaders import derive_seed, streamed

__all__ = ["LargeData"]

VALIDATED = 2**18  # samples that a validation looks at


class LargeData(SignalData):
    """A signal on disk, of which a step reads some random windows.

    Every sample is in a window with the same probability. Validation looks at the same windows
    each time, 262,144 samples; test and predict go through the whole signal, a strip at a time.
    The task takes the samples as they are, and the card tells what a window is.

    Args:
        count: Samples that a step takes, about.
        side: Samples of a window along each axis.
        scale: Samples of a prediction per sample of the signal, along each axis.
        points: File of points to predict at instead, npy, shape ``(N, axes)``, from -1 to 1.
        seed: Seed of the windows; the command line sets it to ``seed_everything``.

    Raises:
        FileNotFoundError: If there is no such file; in ``setup``, as what follows.
        ValueError: For a signal that cannot be used, or numbers out of range.
    """

    def __init__(
        self, count: int, side: int, scale: float = 1.0, points: str | None = None, seed: int = 0
    ) -> None:
        super().__init__(scale=scale, points=points, seed=seed)
        if count < 1 or side < 1:
            raise ValueError(f"count and side must be at least 1, got {count} and {side}")
        self.count = count
        self.side = side

    @abstractmethod
    def load(self) -> StoredSignal:
        """Open the signal."""

    def check(self, signal: Signal) -> None:
        shape = " x ".join(map(str, signal.grid))
        if min(signal.grid) < 2:
            raise ValueError(f"a signal of {shape} samples has nothing to learn")

    def facts(self) -> dict[str, Any]:
        return {"windows": {"samples of a step": self.count, "side": self.side}}

    @property
    def stored(self) -> StoredSignal:
        """The signal."""
        found = self.description
        assert isinstance(found, StoredSignal)
        return found

    # -- training ----------------------------------------------------------------------------

    def on_after_batch_transfer(self, batch: Any, dataloader_idx: int) -> Any:
        if self.trainer is None or not self.trainer.training:
            return batch
        self._require_samples()
        signal = self.stored
        seed = derive_seed(self.seed, self.trainer.global_step, self.trainer.global_rank)
        windows = self._windows(torch.Generator().manual_seed(seed))
        axes = [axis.float() for axis in signal.centres]
        points = [
            grid_points([axis[cut] for axis, cut in zip(axes, window, strict=True)])
            for window in windows
        ]
        values = [signal.scale(part).flatten(1).T for part in signal.read(windows)]
        task = self._task
        assert task is not None
        like = next(task.parameters())
        told = (torch.cat(part).to(like.dtype) for part in (points, values))
        return dict(
            zip(("points", "values"), (on_device(t, like.device) for t in told), strict=True)
        )

    def _windows(self, generator: torch.Generator) -> list[Slices]:
        """Windows of a step; those that begin before an edge or end behind it are cut there."""
        grid, side = self.stored.grid, self.side
        number = max(1, round(self.count / side ** len(grid)))
        starts = [
            torch.randint(1 - side, n, (number,), generator=generator).tolist() for n in grid
        ]
        return [
            tuple(slice(max(0, at), min(at + side, n)) for at, n in zip(corner, grid, strict=True))
            for corner in zip(*starts, strict=True)
        ]

    def _require_samples(self) -> None:
        task = self._task
        if task is None or not task.exact or getattr(task, "weighting", None) is not None:
            raise ValueError(
                "a large signal is fitted from its samples as they are: leave out "
                "model.init_args.measurement and model.init_args.weighting"
            )

    # -- evaluation --------------------------------------------------------------------------

    def _batches(self, windows: list[Slices]) -> Iterator[dict[str, Tensor]]:
        signal = self.stored
        axes = [axis.float() for axis in signal.centres]
        for window, values in zip(windows, signal.read(windows), strict=True):
            cut = {
                f"axis{k}": axis[w] for k, (axis, w) in enumerate(zip(axes, window, strict=True))
            }
            yield {**cut, "values": values[None]}

    def val_dataloader(self) -> DataLoader[dict[str, Tensor]]:
        self._require_samples()
        grid = self.stored.grid
        side = TILE if len(grid) == 2 else self.side
        number = max(1, VALIDATED // side ** len(grid))
        generator = torch.Generator().manual_seed(self.seed)
        tops = [
            torch.randint(max(1, n - side + 1), (number,), generator=generator).tolist()
            for n in grid
        ]
        corners = zip(*tops, strict=True)
        windows = [
            tuple(slice(at, min(at + side, n)) for at, n in zip(corner, grid, strict=True))
            for corner in corners
        ]
        return streamed(lambda: self._batches(windows))

    def test_dataloader(self) -> DataLoader[dict[str, Tensor]]:
        self._require_samples()
        grid = self.stored.grid
        rest = tuple(slice(0, n) for n in grid[1:])
        parts = strips(grid, TILE if len(grid) == 2 else None)
        windows: list[Slices] = [(strip, *rest) for strip in parts]

        def batches() -> Iterator[dict[str, Tensor]]:
            found = self._batches(windows)
            yield from tqdm(found, total=len(windows), desc="Testing", disable=None)

        return streamed(batches)

    def predict_dataloader(self) -> DataLoader[dict[str, Tensor]]:
        if self._places is not None:
            return super().predict_dataloader()
        grid = [max(1, round(n * self.scale)) for n in self.stored.grid]
        axes = [cell_centres(n).float() for n in grid]
        rest = {f"axis{k}": axis for k, axis in enumerate(axes[1:], start=1)}

        def batches() -> Iterator[dict[str, Tensor]]:
            for strip in tqdm(strips(grid), desc="Rendering", disable=None):
                part = torch.tensor([strip.start, strip.stop, grid[0]])
                yield {"axis0": axes[0][strip], **rest, "part": part}

        return streamed(batches)
