r"""Gate evolution: how much of each layer the spectral path has taken over.

At every validation each gate is read once, on the input that validation brings to it: the gate
value per channel, the root mean square of the gated path over that of the base path, and the
learned frequencies. A training step never reads anything.

The frequency of a gate is that of its spectral map, in radians per unit of its input u. Waves
alone in a :class:`~sgn_sciml.networks.CoordinateMLP` share it with the weights in front: there it
is :math:`\|\omega_i W_i\|`, in radians per unit of the layer's input, which for the first layer
is the coordinates scaled to [-1, 1].
"""

import csv
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from sgn_sciml.layers import SpectralGate, SpectralShare
from sgn_sciml.networks import CoordinateMLP
from sgn_sciml.runs.loggers import run_folder, send_figure, send_histogram
from sgn_sciml.viz import gate_figure

__all__ = ["GateEvolution"]

LEVELS = (0.0, 0.25, 0.5, 0.75, 1.0)
PARTS = (*(f"q{round(100 * level):02d}" for level in LEVELS), "share")


class GateEvolution(Callback):
    """Log gates to CSV and TensorBoard, and draw ``figures/gates.png`` when training ends.

    Logged per gate: ``gate/<layer>/q00 .. q100`` (quantiles over the channels of the gate value),
    ``gate/<layer>/share`` (rms of gated path over rms of base path), and in TensorBoard histograms
    of gate values and frequencies. A network without gates logs nothing.
    """

    def __init__(self) -> None:
        self.history: dict[str, list[list[float]]] = {}  # layer -> rows (step, quantiles, share)
        self.initial: dict[str, Tensor] = {}
        self._resumed = False
        self._in_table = False  # whether the history lies in metrics.csv, too
        self._shares: dict[str, SpectralShare] = {}
        self._handles: dict[str, RemovableHandle] = {}

    @staticmethod
    def gates(module: nn.Module) -> dict[str, SpectralGate]:
        """The spectral gates of a module by name, in order."""
        return {n: m for n, m in module.named_modules() if isinstance(m, SpectralGate)}

    @classmethod
    def frequencies(cls, module: nn.Module) -> dict[str, Tensor]:
        """Magnitudes of the frequencies of each gate of a module, any length."""
        networks = [m for m in module.modules() if isinstance(m, CoordinateMLP)]
        before = {act: linear for network in networks for linear, act in network.hidden()}
        found = {}
        for name, gate in cls.gates(module).items():
            omega = gate.spectral.frequencies.detach()
            if gate in before and gate.folded() is not None:
                omega = omega[:, None] * before[gate].weight.detach()
            found[name] = (omega.norm(dim=1) if omega.ndim == 2 else omega.abs()).cpu()
        return found

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not self.initial:
            self.initial = self.frequencies(pl_module)

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._shares.clear()
        for name, gate in self.gates(pl_module).items():
            self._handles[name] = gate.register_forward_pre_hook(self._reader(name))

    def _reader(self, name: str) -> Any:
        def read(gate: SpectralGate, inputs: tuple[Tensor]) -> None:
            # a residual is recorded with something else than numbers
            if isinstance(inputs[0], Tensor):
                self._shares[name] = gate.share(inputs[0].detach())
                if handle := self._handles.pop(name, None):
                    handle.remove()  # it has what it wants: a kernel may do the rest

        return read

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        for handle in self._handles.values():
            handle.remove()
        self._handles.clear()
        if trainer.state.fn != "fit":
            return
        self._take_up(trainer)
        frequencies = self.frequencies(pl_module)
        for name, share in self._shares.items():
            gate = share.gate.float()  # quantiles are not defined for half precision
            row = [*torch.quantile(gate, gate.new_tensor(LEVELS)).tolist(), float(share.ratio)]
            for key, value in zip(PARTS, row, strict=True):
                pl_module.log(f"gate/{name}/{key}", value, rank_zero_only=True)
            self.history.setdefault(name, []).append([float(trainer.global_step), *row])
            send_histogram(trainer, f"gate/{name}/value", share.gate)
            send_histogram(trainer, f"gate/{name}/frequency", frequencies[name])

    def _take_up(self, trainer: Trainer) -> None:
        """Read what a resumed run logged before this step, once."""
        resumed, self._resumed = self._resumed, False
        folder = run_folder(trainer)
        path = None if folder is None else folder / "metrics.csv"
        self._in_table = path is not None and path.is_file()
        if not resumed or path is None or not self._in_table:
            return
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                for key in (key for key in row if key and key.endswith("/q00") and row[key]):
                    name = key.removeprefix("gate/").removesuffix("/q00")
                    values = [row[f"gate/{name}/{part}"] for part in PARTS]
                    step = int(row["step"])
                    if step < trainer.global_step and all(values):
                        self.history.setdefault(name, []).append([step, *map(float, values)])

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._take_up(trainer)
        if not self.history:
            return
        history = {name: torch.tensor(rows) for name, rows in self.history.items()}
        figure = gate_figure(history, self.initial, self.frequencies(pl_module))
        send_figure(trainer, "gates", figure)

    def state_dict(self) -> dict[str, Any]:
        # What metrics.csv has, a resumed run reads there.
        return {"history": {} if self._in_table else self.history, "initial": self.initial}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.history, self.initial = state_dict["history"], state_dict["initial"]
        self._resumed = not self.history
