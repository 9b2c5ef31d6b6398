"""Constants that differ from sample to sample: drawn from a range, or gone through in order."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Listed", "Number", "NumberRange", "number_of"]


@dataclass(frozen=True)
class NumberRange:
    """Evenly distributed numbers, or numbers whose logarithm is.

    Args:
        low: The least.
        high: The largest.
        log: Whether the logarithm is evenly distributed.
    """

    low: float
    high: float
    log: bool = False

    def draw(self, rng: np.random.Generator) -> float:
        """Draw one."""
        if self.log:
            return float(math.exp(rng.uniform(math.log(self.low), math.log(self.high))))
        return float(rng.uniform(self.low, self.high))


@dataclass(frozen=True)
class Listed:
    """Numbers that samples go through in order, again and again: a sweep.

    Args:
        values: The numbers.
    """

    values: tuple[float, ...]


Number = NumberRange | Listed


def number_of(name: str, settings: Any) -> Number:
    """The distribution of a constant.

    Args:
        name: The constant, for messages.
        settings: ``{linear: [low, high]}``, ``{log: [low, high]}`` or ``{list: [...]}``.

    Raises:
        ValueError: If it is none of these.
    """
    asked = f"{name} takes linear: [low, high], log: [low, high] or list: [...]"
    if not isinstance(settings, Mapping) or len(settings) != 1:
        raise ValueError(f"{asked}, got {settings}")
    ((kind, values),) = settings.items()
    numbers = numbers_in(values)
    if kind == "list" and numbers:
        return Listed(tuple(numbers))
    if kind not in ("linear", "log") or numbers is None or len(numbers) != 2:
        raise ValueError(f"{asked}, got {kind}: {values}")
    low, high = (float(value) for value in numbers)
    if not low < high:
        raise ValueError(f"{name}: the range {kind}: {values} is empty, low must be below high")
    if kind == "log" and low <= 0:
        raise ValueError(f"{name}: a logarithmic range has positive ends, got {values}")
    return NumberRange(low, high, kind == "log")


def numbers_in(values: Any) -> list[float] | None:
    """A list of finite numbers; YAML reads 1e-3 as text, which counts. None for anything else."""
    if not isinstance(values, Sequence) or isinstance(values, str):
        return None
    try:
        found = [v if isinstance(v, int) else float(v) for v in values]
    except (TypeError, ValueError):
        return None
    return found if all(math.isfinite(v) for v in found) else None
