"""A short probe of initial frequencies: wrong ones are the usual reason why a fit fails.

Copies of the network with a sixteenth to twice the frequency train for a few steps on some of
the measurements; the one with the least error on others is the one to begin with.
"""

import copy
from collections.abc import Callable

import torch
from torch import Tensor

from sgn_sciml.inr.signal_task import SignalTask
from sgn_sciml.networks import CoordinateNetwork

__all__ = ["FACTORS", "probe_frequency"]

FACTORS = (0.0625, 0.125, 0.25, 0.5, 1.0, 2.0)  # sounds lie far below half their sampling rate
STEPS = 40
POINTS = 4096


def probe_frequency(
    task: SignalTask, make_optimizer: Callable[[CoordinateNetwork], torch.optim.Optimizer]
) -> float:
    """Choose the frequency of a task's network, and set it.

    Args:
        task: The task.
        make_optimizer: Makes the optimiser that a network is trained with.

    Returns:
        The frequency, relative to what suits a signal of 256 samples along each axis.

    Raises:
        ValueError: If the data module does not describe the signal.
    """
    signal = task.description
    if signal is None:
        raise ValueError(
            "frequency 'auto' tries frequencies on a signal that the data module describes: set a "
            "number, or give the module a `description`, an sgn_sciml.inr.Signal"
        )
    points, values = task.measurements()
    order = torch.randperm(len(points), generator=signal.generator()).to(points.device)
    train, check = order[: len(order) // 2], order[len(order) // 2 :][: 2 * POINTS]
    network, errors = task.network, []
    for factor in FACTORS:
        task.network = copy.deepcopy(network)
        task.set_frequency(factor)
        optimizer = make_optimizer(task.network)
        with torch.enable_grad():
            for step in range(STEPS):
                at = (step * POINTS) % max(len(train) - POINTS, 1)
                some = train[at : at + POINTS]
                optimizer.zero_grad()
                _misfit(task, points[some], values[some]).backward()  # type: ignore[no-untyped-call]
                optimizer.step()
        errors.append(_misfit(task, points[check], values[check]).detach())
    best = FACTORS[int(torch.stack(errors).argmin())]
    task.network = network
    task.set_frequency(best)
    task.found["frequency"] = best
    if task.trainer.is_global_zero:
        print(
            f"begins with frequencies times {best:g}, of {', '.join(map('{:g}'.format, FACTORS))}"
        )
    return best


def _misfit(task: SignalTask, points: Tensor, values: Tensor) -> Tensor:
    return (task.measurement.predict(task.network, points) - values).square().mean()
