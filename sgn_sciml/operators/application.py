"""Additions of operators to a run: files of predicted samples, rows of the table."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback

from sgn_sciml.layouts import write_samples
from sgn_sciml.operators.table import operator_rows
from sgn_sciml.operators.writer import SamplePredictionWriter
from sgn_sciml.runs.application import Application, Rows

__all__ = ["OperatorLearning"]


class OperatorLearning(Application):
    """Neural operators."""

    def writers(self, path: Path) -> Sequence[Callback]:
        return [SamplePredictionWriter(path, write_samples)]

    def rows(self, card: Mapping[str, Any]) -> Rows:
        return operator_rows(card)
