"""What solutions add to a run: the file of predicted fields, the rows of the table."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback

from sgn_sciml.pinn.table import solution_rows
from sgn_sciml.pinn.writer import PredictionWriter
from sgn_sciml.runs.application import Application, Rows

__all__ = ["Solving"]


class Solving(Application):
    """Physics-informed networks."""

    def writers(self, path: Path) -> Sequence[Callback]:
        return [PredictionWriter(path)]

    def rows(self, card: Mapping[str, Any]) -> Rows:
        return solution_rows(card.get("test", {}))
