"""A run and what it leaves: folder, configuration, checkpoint, card, tables; the base of tasks."""

from sgn_sciml.runs.card import Card
from sgn_sciml.runs.task import BaseTask

__all__ = [
    "BaseTask",
    "Card",
]
