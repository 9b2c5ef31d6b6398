"""Files of what operators predict for their test sets."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.pytorch.callbacks import BasePredictionWriter
from numpy.typing import NDArray
from torch import Tensor

from sgn_sciml.operators.description import OperatorPairs
from sgn_sciml.operators.sample_record import FIELDS
from sgn_sciml.runs.description import description_of
from sgn_sciml.system.names import __version__

__all__ = ["SamplePredictionWriter"]


class SamplePredictionWriter(BasePredictionWriter):
    """Write input, target and prediction of all test samples, a file per test set.

    Fields are called ``input``, ``target`` and ``prediction``, or ``prediction_u`` and so on where
    there are several channels. Of trajectories, ``target`` and ``prediction`` have all frames, the
    first ``history`` of which were given. Coordinates, constants and the numbers of the samples
    (``sample``) are those of the source file. With several test sets their names are appended:
    ``predictions_burgers@512.h5``. An input on another grid than the target is not written.

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
        data = description_of(trainer, OperatorPairs)
        if data is None:
            raise ValueError("predictions are written of data modules that describe their data")
        names = [each.name for each in data.test_sets]
        sets = [predictions] if len(names) == 1 else predictions
        self.path.parent.mkdir(parents=True, exist_ok=True)
        for k, (name, batches) in enumerate(zip(names, sets, strict=True)):
            path = self.path
            if len(names) > 1:
                unique = name if names.count(name) == 1 else f"{name}_{k}"
                path = path.with_name(f"{path.stem}_{unique}{path.suffix}")
            print(f"wrote {self._write(trainer, data, k, path, batches)}")

    def _write(
        self,
        trainer: Any,
        data: OperatorPairs,
        k: int,
        path: Path,
        batches: Sequence[Mapping[str, Tensor]],
    ) -> Path:
        axes, tested = trainer.lightning_module.network.axes, data.test_sets[k]
        target, known = batches[0]["target"], tested.coordinates
        rolled = target.ndim == axes + 3
        over = (*("t",) * rolled, *("x", "y", "z")[:axes])
        names = data.inputs, data.targets
        first = next(blocks(batches, names, axes, data.continues))
        lengths = max((values.shape[1:] for values in first.values()), key=len)
        grid = {a: known.get(a, np.arange(float(n))) for a, n in zip(over, lengths, strict=True)}
        count = sum(len(batch["target"]) for batch in batches)
        constants = dict(tested.attributes)
        attrs = {
            "law": constants.pop("law", "unknown"),
            "seed": constants.pop("seed", 0),
            "source": tested.path,
        }
        if rolled and data.continues:
            attrs["history"] = batches[0]["input"].shape[1]
        if trainer.ckpt_path:
            attrs["checkpoint"] = str(trainer.ckpt_path)
        return self.write(
            path,
            {"sample": tested.samples[:count], **grid},
            {name: _over(values.ndim - 1, axes) for name, values in first.items()},
            blocks(batches, names, axes, data.continues),
            count,
            dtype="float64" if target.dtype == torch.float64 else "float32",
            attrs=attrs,
            groups={"parameters": constants, "versions": {"sgn-sciml": __version__}},
        )


def _over(count: int, axes: int) -> tuple[str, ...]:
    """Names of the axes of a field after the samples."""
    return (*("t",) * (count > axes), *("x", "y", "z")[:axes])


def blocks(
    batches: Sequence[Mapping[str, Tensor]],
    names: Sequence[Sequence[str]],
    axes: int,
    continues: bool = True,
) -> Iterator[dict[str, NDArray[Any]]]:
    """Batches as fields of one channel each, the frames of trajectories in one piece.

    Args:
        batches: What ``predict_step`` returned.
        names: Names of the channels of input and output.
        axes: Number of space axes.
        continues: Whether targets over time continue the input, which is put before them; else
            the last frame of an input over time is given.

    Yields:
        Name to values ``(items, *space)``, of trajectories ``(items, frames, *space)``.

    Raises:
        ValueError: If a prediction is NaN or infinite.
    """
    number = 0
    for batch in batches:
        if not (finite := batch["prediction"].flatten(1).isfinite().all(1)).all():
            bad = number + int((~finite).nonzero()[0])
            raise ValueError(f"the prediction of test sample {bad} is NaN or infinite")
        number += len(finite)
        grid = batch["target"].shape[-axes:]
        fields = {k: batch[k] for k in FIELDS if k != "input" or batch[k].shape[-axes:] == grid}
        framed, given = fields["target"].ndim == axes + 3, batch["input"]
        if "input" not in fields:
            fields |= {k: u.movedim(2, 1) for k, u in fields.items() if framed}
        elif framed and continues and given.ndim == axes + 3:
            del fields["input"]
            fields = {k: torch.cat([given, u], 1).movedim(2, 1) for k, u in fields.items()}
        elif framed or given.ndim == axes + 3:
            fields["input"] = given[:, -1] if given.ndim == axes + 3 else given
            if framed:
                fields |= {k: fields[k].movedim(2, 1) for k in ("target", "prediction")}
        block = {}
        for key, values in fields.items():
            channels = values.shape[1]
            known = names[0] if key == "input" else names[1]
            labels = known if len(known) == channels else range(channels)
            values = values if values.dtype == torch.float64 else values.float()
            for label, channel in zip(labels, values.unbind(1), strict=True):
                block[key if channels == 1 else f"{key}_{label}"] = channel.numpy()
        yield block
