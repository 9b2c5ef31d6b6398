"""Additions of signals to a run: numbers that the network takes from its data, files, a table."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from lightning.pytorch import Callback

from sgn_sciml.inr.description import Signal
from sgn_sciml.inr.table import signal_rows
from sgn_sciml.inr.writer import SignalWriter
from sgn_sciml.runs.application import Application, Rows
from sgn_sciml.runs.description import DataDescription

__all__ = ["Fitting"]


class Fitting(Application):
    """Implicit neural representations."""

    data_first: ClassVar[bool] = True

    def complete(self, model: Any, data: DataDescription | None) -> None:
        """Give the network the signal's numbers of axes and channels, where it takes them."""
        if not isinstance(data, Signal):
            return
        network = model.init_args.network.get("init_args") or {}
        encoding = network.get("encoding")
        for settings in (network, encoding.init_args if encoding else {}):
            if "in_features" in settings:
                settings["in_features"] = len(data.grid)
        if "out_features" in network:
            network["out_features"] = len(data.values)

    def writers(self, path: Path) -> Sequence[Callback]:
        return [SignalWriter(path)]

    def rows(self, card: Mapping[str, Any]) -> Rows:
        return signal_rows(card.get("test", {}))
