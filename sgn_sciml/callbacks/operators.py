"""Figures of tested operators, and the files of their predictions."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.pytorch import Callback
from lightning.pytorch.callbacks import BasePredictionWriter
from numpy.typing import NDArray
from torch import Tensor, distributed

import sgn_sciml
from sgn_sciml.callbacks.send import run_folder, send_figure
from sgn_sciml.data.items import find_source
from sgn_sciml.data.stores import stride_for
from sgn_sciml.viz import rollout_figure, samples_figure, spectra_figure, transfer_figure

__all__ = ["OperatorFigures", "SamplePredictionWriter"]

NEAR = 5  # samples kept near the median, which moves while errors come in
PANELS = 4  # test sets whose spectra are drawn at most
FIELDS = ("input", "target", "prediction")

Samples = dict[str, Tensor]


# -- what a test set leaves ------------------------------------------------------------------


def relative_errors(pred: Tensor, target: Tensor, start: int) -> Tensor:
    """Relative L2 error over the axes from ``start`` on, in at least float32.

    Under a zero target the root-mean-square error stands in; what is no number counts as infinite.
    """
    dtype = torch.promote_types(target.dtype, torch.float32)
    error, norm = (
        u.to(dtype).flatten(start).square().mean(start) for u in (pred - target, target)
    )
    found = (error / torch.where(norm > 0, norm, 1.0)).sqrt()
    return found.nan_to_num(nan=math.inf, posinf=math.inf)


class Kept:
    """What is kept of one test set: each sample's error, few samples, the sums of its spectra.

    All of it stays on the device, and nothing waits for it.

    Args:
        spectral: The task's spectral error, to be copied.
        worst: Number of worst samples.
        axes: Number of space axes.
    """

    def __init__(self, spectral: Any, worst: int, axes: int) -> None:
        self.worst, self.axes = worst, axes
        self.errors: Tensor | None = None
        self.frames: Tensor | None = None
        self.kept: dict[str, Samples] = {}
        self.grid: tuple[int, ...] = ()
        self.spectra: list[Any] = []
        # One for error and target, one for the prediction as its difference from zero.
        self.metrics = [spectral.clone(), spectral.clone()]
        for metric in self.metrics:
            metric.reset()

    def add(self, found: Mapping[str, Tensor], number: int, keep: bool) -> None:
        """Take in a batch, the first of whose samples has this number."""
        pred, target = found["prediction"].detach(), found["target"]
        error = relative_errors(pred, target, 1)
        self.errors = error if self.errors is None else torch.cat([self.errors, error])
        self.grid = tuple(target.shape[-self.axes :])
        rolled = target.ndim == self.axes + 3
        if rolled:
            by_frame = relative_errors(pred, target, 2)
            known = by_frame[:0] if self.frames is None else self.frames
            self.frames = torch.cat([known, by_frame])
        if keep:
            new = {key: self._shown(found[key].detach()) for key in FIELDS}
            new["number"] = torch.arange(number, number + len(error), device=error.device)
            new["error"] = error
            for name, (count, score) in self._scores().items():
                best = _top(new, score(error), count)
                if name in self.kept:
                    both = _joined([self.kept[name], best])
                    best = _top(both, score(both["error"]), count)
                self.kept[name] = best
        if rolled:
            pred, target = pred.flatten(0, 1), target.flatten(0, 1)
        self.metrics[0].update(pred, target)
        self.metrics[1].update(pred, torch.zeros_like(target))

    def _shown(self, u: Tensor) -> Tensor:
        """What a figure shows of a field: all frames of a 1-D rollout, the last one of others."""
        if u.ndim == self.axes + 2:
            return u
        return u.movedim(1, 2) if self.axes == 1 and u.shape[1] > 1 else u[:, -1]

    def _scores(self) -> dict[str, tuple[int, Callable[[Tensor], Tensor]]]:
        """Of each kind of sample, how many are kept and what they should have most of."""
        assert self.errors is not None
        middle = self.errors.median()
        return {
            "best": (1, torch.neg),
            "median": (NEAR, lambda e: -(e - middle).abs()),
            "worst": (self.worst, lambda e: e),
        }

    def gather(self) -> None:
        """Take in what the other processes keep; all of them have to call it."""
        self.spectra = [metric.spectrum() for metric in self.metrics]
        parts = _from_all(_on_cpu((self.kept, self.errors, self.frames, self.grid)))
        parts = [part for part in parts if part[1] is not None]
        if not parts:
            return
        kept, errors, frames, grids = zip(*parts, strict=True)
        self.errors, self.grid = torch.cat(errors), grids[0]
        self.frames = torch.cat(frames) if frames[0] is not None else None
        for name in kept[0]:
            both, (count, score) = _joined([k[name] for k in kept]), self._scores()[name]
            self.kept[name] = _top(both, score(both["error"]), count)

    def rows(self) -> tuple[list[str], Samples]:
        """The samples to draw, and what each is; of a tiny test set none is drawn twice."""
        rows: dict[int, tuple[str, Samples]] = {}
        for name, few in self.kept.items():
            for i in range(1 if name == "median" else len(few["number"])):
                row = {key: values[i : i + 1] for key, values in few.items()}
                rows.setdefault(int(row["number"]), (name, row))
        return [name for name, _ in rows.values()], _joined([row for _, row in rows.values()])


def _joined(parts: Sequence[Samples]) -> Samples:
    return {key: torch.cat([part[key] for part in parts]) for key in parts[0]}


def _top(samples: Samples, score: Tensor, count: int) -> Samples:
    index = score.topk(min(count, len(score))).indices
    return {key: values[index] for key, values in samples.items()}


def _on_cpu(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_on_cpu, value))
    if isinstance(value, dict):
        return {key: _on_cpu(entry) for key, entry in value.items()}
    return value.cpu() if isinstance(value, Tensor) else value


def _from_all(value: Any) -> list[Any]:
    """A value of every process, by rank."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return [value]
    found: list[Any] = [None] * distributed.get_world_size()
    distributed.all_gather_object(found, value)
    return found


# -- figures ---------------------------------------------------------------------------------


class OperatorFigures(Callback):
    """Draw what an operator does on its test sets, when testing ends.

    ``figures/samples.png``: the best, a median and the worst samples of the first test set;
    ``spectra.png``: the energy of prediction, truth and error by wavenumber; ``rollout.png``: the
    error of trajectories against time; ``transfer.png``: the error of each test set, if there are
    several. It keeps the samples that it may draw, and an error per sample and frame; those of all
    processes count.

    Args:
        worst: Number of worst samples.

    Raises:
        ValueError: If it is less than one.
    """

    def __init__(self, worst: int = 3) -> None:
        if worst < 1:
            raise ValueError(f"worst must be at least 1, got {worst}")
        self.worst = worst
        self._sets: list[Kept] = []

    def on_test_start(self, trainer: Any, pl_module: Any) -> None:
        axes = getattr(pl_module.network, "axes", None)
        if axes is not None:  # an operator
            metric = pl_module.metrics("val")["spectral"]
            self._sets = [Kept(metric, self.worst, axes) for _ in trainer.num_test_batches]

    def on_test_batch_end(
        self,
        trainer: Any,
        pl_module: Any,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        if self._sets:
            size = getattr(trainer.datamodule, "batch_size", len(outputs["target"]))
            number = (batch_idx * trainer.world_size + trainer.global_rank) * size
            self._sets[dataloader_idx].add(outputs, number, keep=dataloader_idx == 0)

    def on_test_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        for tested in self._sets:
            tested.gather()

    def on_test_end(self, trainer: Any, pl_module: Any) -> None:
        sets, self._sets = self._sets, []
        if not sets or any(s.errors is None for s in sets) or run_folder(trainer) is None:
            return
        data = trainer.datamodule
        names = getattr(data, "test_names", None) or [f"set {k}" for k in range(len(sets))]
        known = coordinates(data, 0)
        training = list(getattr(pl_module, "training_grid", ()))
        if not training and hasattr(data, "describe"):
            training = list(data.describe()["grid"].values())
        self._draw_samples(trainer, sets[0], known)
        modes = getattr(pl_module.network, "n_modes", None)
        self._draw_spectra(
            trainer,
            sets,
            names,
            min(training) // 2 if training else None,
            min(modes) // 2 if modes else None,
        )
        frames = sets[0].frames
        if frames is not None and frames.shape[1] > 1:
            n, label = frames.shape[1], "t" if "t" in known else "frame"
            time = torch.from_numpy(known["t"][-n:]) if "t" in known else torch.arange(1, n + 1)
            send_figure(trainer, "rollout", rollout_figure(time, frames, label))
        if len(sets) > 1:
            errors = [tested.errors.double() for tested in sets if tested.errors is not None]
            ends = torch.tensor([0.05, 0.95], dtype=torch.float64)
            figure = transfer_figure(
                names,
                torch.stack([e.mean() for e in errors]),
                torch.stack([e.quantile(ends) for e in errors], 1),
                min(training) if training else None,
            )
            send_figure(trainer, "transfer", figure)

    def _draw_samples(
        self, trainer: Any, tested: Kept, known: dict[str, NDArray[np.float64]]
    ) -> None:
        data = trainer.datamodule
        labels, few = tested.rows()
        numbers = sample_numbers(data, 0)
        for i, number in enumerate(few["number"].tolist()):
            labels[i] += f"\nsample {number if numbers is None else numbers[number]}"
        axes = ("x", "y", "z")[: tested.axes]
        given, pairing = few["input"], getattr(data, "pairing", None)
        inputs, outputs = pairing.names() if pairing else (("input",), ("output",))
        if tested.frames is not None:
            if given.ndim == tested.axes + 3:
                given = given[:, :, -1]
            inputs = tuple(f"{name}, last frame given" for name in inputs)
            if few["target"].ndim == tested.axes + 3:
                axes, frames = ("t", *axes), few["target"].shape[2]
                known = known | ({"t": known["t"][-frames:]} if "t" in known else {})
            else:
                outputs = tuple(f"{name}, last frame" for name in outputs)
        figure = samples_figure(
            given,
            few["target"],
            few["prediction"],
            few["error"],
            labels,
            (inputs, outputs),
            axes,
            {axis: torch.from_numpy(points) for axis, points in known.items()},
        )
        send_figure(trainer, "samples", figure)

    def _draw_spectra(
        self,
        trainer: Any,
        sets: Sequence[Kept],
        names: Sequence[str],
        nyquist: int | None,
        cutoff: int | None,
    ) -> None:
        chosen = np.linspace(0, len(sets) - 1, min(len(sets), PANELS)).round().astype(int)
        curves = []
        for tested in (sets[k] for k in chosen):
            error, guess = tested.spectra
            # The last shell holds all above it, too; shells above Nyquist are corners only.
            shells, last = len(error.wavenumber), min(tested.grid) // 2
            if math.hypot(*(n / 2 for n in tested.grid)) > shells - 1:
                last = min(last, shells - 2)
            energies = torch.stack([guess.error, error.target, error.error])
            curves.append(torch.where(error.wavenumber <= last, energies, torch.nan))
        energies = torch.stack(curves, 1)
        longest = int(energies[1].isfinite().any(0).sum())
        prediction, target, wrong = energies[..., :longest]
        wavenumber = sets[0].spectra[0].wavenumber[:longest]
        titles = [names[k] for k in chosen]
        figure = spectra_figure(wavenumber, prediction, target, wrong, titles, nyquist, cutoff)
        send_figure(trainer, "spectra", figure)


# -- test sets and their files ---------------------------------------------------------------


def coordinates(data: Any, k: int) -> dict[str, NDArray[np.float64]]:
    """Coordinates of a test set, ``t`` of all frames in use; those the file lacks are absent."""
    if not hasattr(data, "describe"):
        return {}
    about = data.describe()["test_sets"][k]
    source = find_source(about["path"])
    stride = stride_for(source, data.pairing.names()[1][0], about["grid"]["x"])
    found = {a: source.coordinates[a] for a in ("t", *about["grid"]) if a in source.coordinates}
    times = data.pairing.times(source)[1]
    return {a: points[times] if a == "t" else points[::stride] for a, points in found.items()}


def sample_numbers(data: Any, k: int) -> NDArray[np.intp] | None:
    """Numbers of a test set's samples in their file, if known."""
    groups = getattr(data, "groups", {}).get("test")
    numbers: NDArray[np.intp] | None = groups[k].samples if groups else None
    return numbers


class SamplePredictionWriter(BasePredictionWriter):
    """Write input, target and prediction of all test samples, a file per test set.

    Fields are called ``input``, ``target`` and ``prediction``, or ``prediction_u`` and so on where
    there are several channels. Of trajectories, ``target`` and ``prediction`` have all frames, the
    first ``history`` of which were given. Coordinates, constants and the numbers of the samples
    (``sample``) are those of the source file. With several test sets their names are appended:
    ``predictions_burgers@512.h5``.

    Args:
        path: File to write.
        write: Writer of the layout, such as :func:`sgn_sciml.layouts.write_samples`.

    Raises:
        ValueError: On prediction, for several processes, or a prediction with NaN or infinity.
    """

    def __init__(self, path: Path, write: Callable[..., Path]) -> None:
        super().__init__("epoch")
        self.path, self.write = Path(path), write

    def on_predict_start(self, trainer: Any, pl_module: Any) -> None:
        if trainer.world_size > 1:
            raise ValueError("predict writes one file: run it with --trainer.devices 1")

    def write_on_epoch_end(
        self,
        trainer: Any,
        pl_module: Any,
        predictions: Sequence[Any],
        batch_indices: Sequence[Any],
    ) -> None:
        names = trainer.datamodule.test_names
        sets = [predictions] if len(names) == 1 else predictions
        self.path.parent.mkdir(parents=True, exist_ok=True)
        for k, (name, batches) in enumerate(zip(names, sets, strict=True)):
            path = self.path
            if len(names) > 1:
                unique = name if names.count(name) == 1 else f"{name}_{k}"
                path = path.with_name(f"{path.stem}_{unique}{path.suffix}")
            print(f"wrote {self._write(trainer, k, path, batches)}")

    def _write(
        self, trainer: Any, k: int, path: Path, batches: Sequence[Mapping[str, Tensor]]
    ) -> Path:
        data, axes = trainer.datamodule, trainer.lightning_module.network.axes
        source = find_source(data.describe()["test_sets"][k]["path"])
        target, known = batches[0]["target"], coordinates(data, k)
        rolled = target.ndim == axes + 3
        over = (*(("t",) if rolled else ()), *("x", "y", "z")[:axes])
        first = next(_blocks(batches, data.pairing.names(), axes))
        lengths = next(iter(first.values())).shape[1:]
        grid = {a: known.get(a, np.arange(float(n))) for a, n in zip(over, lengths, strict=True)}
        count = sum(len(batch["target"]) for batch in batches)
        numbers = sample_numbers(data, k)
        constants = {
            key: value
            for key, value in source.parameters.items()
            if isinstance(value, int | float | str) and value != ""
        }
        attrs = {
            "law": constants.pop("law", source.layout),
            "seed": constants.pop("seed", 0),
            "source": str(source.path),
        }
        if rolled:
            attrs["history"] = batches[0]["input"].shape[1]
        if trainer.ckpt_path:
            attrs["checkpoint"] = str(trainer.ckpt_path)
        return self.write(
            path,
            {"sample": np.arange(count) if numbers is None else numbers[:count], **grid},
            dict.fromkeys(first, over),
            _blocks(batches, data.pairing.names(), axes),
            count,
            dtype="float64" if target.dtype == torch.float64 else "float32",
            attrs=attrs,
            groups={
                "parameters": constants,
                "versions": {"sgn-sciml": sgn_sciml.__version__},
            },
        )


def _blocks(
    batches: Sequence[Mapping[str, Tensor]], names: Sequence[Sequence[str]], axes: int
) -> Iterator[dict[str, NDArray[Any]]]:
    """Batches as fields of one channel each, the frames of trajectories in one piece."""
    number = 0
    for batch in batches:
        if not (finite := batch["prediction"].flatten(1).isfinite().all(1)).all():
            bad = number + int((~finite).nonzero()[0])
            raise ValueError(f"the prediction of test sample {bad} is NaN or infinite")
        number += len(finite)
        fields = {key: batch[key] for key in FIELDS}
        if fields["target"].ndim == axes + 3:
            given = fields.pop("input")
            fields = {k: torch.cat([given, u], 1).movedim(2, 1) for k, u in fields.items()}
        block = {}
        for key, values in fields.items():
            channels = values.shape[1]
            known = names[0] if key == "input" else names[1]
            labels = known if len(known) == channels else range(channels)
            for label, channel in zip(labels, values.unbind(1), strict=True):
                name = key if channels == 1 else f"{key}_{label}"
                block[name] = (
                    channel if channel.dtype == torch.float64 else channel.float()
                ).numpy()
        yield block
