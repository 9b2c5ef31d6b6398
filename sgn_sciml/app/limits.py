"""When training ends: checked before anything is made."""

from typing import Any

from lightning.pytorch.callbacks import Timer

__all__ = ["require_an_end", "seconds_of_training"]

NOTHING = {  # settings of the trainer by which no step is taken
    "max_steps": "a budget of no steps trains nothing",
    "max_epochs": "a budget of no epochs trains nothing",
    "limit_train_batches": "without batches nothing is trained",
}


def seconds_of_training(trainer: Any) -> float | None:
    """The time that ``trainer.max_time`` gives, where nothing else ends the training.

    Args:
        trainer: Settings of the trainer.

    Raises:
        ValueError: If it is not a time.
    """
    if trainer.max_time is None or trainer.max_steps != -1 or (trainer.max_epochs or -1) > 0:
        return None
    try:
        seconds = Timer(trainer.max_time).time_remaining()
    except (ArithmeticError, TypeError, ValueError) as error:
        raise ValueError(f"trainer.max_time: {error}") from error
    return None if seconds is None else float(seconds)


def require_an_end(trainer: Any, seconds: float | None) -> None:
    """Refuse a training of no steps, or without end.

    Args:
        trainer: Settings of the trainer.
        seconds: A budget of time.

    Raises:
        ValueError: If it would end before its first step, or never.
    """
    for name, why in NOTHING.items():
        if trainer[name] is not None and trainer[name] == 0:
            raise ValueError(f"trainer.{name} 0: {why}; set trainer.max_steps to 1 or more")
    if seconds is not None and seconds <= 0:
        raise ValueError("a budget of no time trains nothing; set --budget 90s, 5m or 1h")
    endless = trainer.max_steps == -1 and (trainer.max_epochs or -1) < 0
    if endless and seconds is None:
        raise ValueError(
            "training would never end: set trainer.max_steps, or a time by --budget 90s"
        )
