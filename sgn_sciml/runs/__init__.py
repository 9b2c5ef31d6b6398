"""A run and what it leaves: folder, configuration, checkpoint, card, tables; the base of tasks."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sgn_sciml.runs.card import Card
    from sgn_sciml.runs.task import BaseTask

__all__ = [
    "BaseTask",
    "Card",
]
HOMES = {"BaseTask": "task", "Card": "card"}  # which import Lightning: folders need it not


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{HOMES[name]}"), name)
