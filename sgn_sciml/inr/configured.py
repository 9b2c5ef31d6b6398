"""The signal that a configuration names, without a trainer."""

from collections.abc import Mapping
from typing import Any

from jsonargparse import ArgumentError, ArgumentParser

from sgn_sciml.inr.signals import Signal, SignalData

__all__ = ["configured_signal"]


def configured_signal(data: Mapping[str, Any], seed: int = 0) -> Signal:
    """Read or make a signal.

    Args:
        data: Class path and arguments of a :class:`SignalData`.
        seed: Seed of the run.

    Raises:
        FileNotFoundError: If the signal's file is not there.
        ValueError: If no signal is named, or it cannot be used.
    """
    parser = ArgumentParser(exit_on_error=False)
    parser.add_argument("--seed_everything", type=int, default=0)
    parser.add_subclass_arguments(SignalData, "data")
    parser.link_arguments("seed_everything", "data.init_args.seed")  # as in training
    try:
        parsed = parser.parse_object({"seed_everything": seed, "data": data})
    except ArgumentError as error:
        raise ValueError(str(error)) from error
    made = parser.instantiate_classes(parsed).data
    made.setup("test")
    signal: Signal = made.signal
    return signal
