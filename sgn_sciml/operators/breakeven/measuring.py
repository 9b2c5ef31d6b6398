"""An operator beside the solver that it replaces: what either costs at equal error."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from torch import Tensor

from sgn_sciml.layouts import open_source
from sgn_sciml.operators.breakeven.solver_cost import breakeven, solver_cost
from sgn_sciml.operators.description import SampleSet
from sgn_sciml.runs.application import Rows

__all__ = ["breakeven_rows", "costs"]

REPEATS = 5


def costs(
    predict: Callable[[], Tensor], tested: SampleSet, names: tuple[str, ...], error: float
) -> dict[str, Any]:
    """Measure the network and the law's own solver at the network's error.

    Args:
        predict: Evaluates a batch of the test set, shape ``(items, ...)``.
        tested: The test set.
        names: Names of the target's channels.
        error: Mean relative L2 error of the network.

    Returns:
        Settings and seconds a sample of either, CPU seconds but for a network on another device;
        nothing where the file does not say its law, or the law's solution is not the target.
    """
    source = open_source(tested.path)
    if names != (list(source.fields)[-1],):
        return {}
    solver = solver_cost(source, tested.samples.tolist(), error)
    if solver is None:
        return {}
    times = []
    for _ in range(REPEATS):
        clock = time.process_time
        begun = clock()
        found = predict()
        if found.device.type != "cpu":
            clock = time.perf_counter
            begun = clock()
            predict().cpu()  # waits for the device
        times.append((clock() - begun) / len(found))
    return {"solver": asdict(solver), "network_seconds": statistics.median(times)}


def breakeven_rows(card: Mapping[str, Any]) -> Rows:
    """After how many solves the training of a run has paid, its data included; none if unknown."""
    known, training = card["test"].get("costs"), card.get("training", {}).get("cpu_seconds")
    if not known or training is None:
        return []
    solver, network = known["solver"], known["network_seconds"]
    files = card.get("data", {}).get("files", [])
    samples = sum(about.get("parts", {}).get("train", 0) for about in files)
    data = samples * solver["file_seconds"]
    count = breakeven(training + data, solver["seconds"], network)
    beside = (
        f"{solver['solver']}: {1e3 * solver['seconds']:.3g} ms at error {solver['error']:.1e}, "
        f"network {1e3 * network:.2g} ms"
    )
    if count == float("inf"):
        return [("pays after", f"never: the solver is as fast  ({beside})")]
    spent = f"training {training:.3g} s, its data about {data:.3g} s"
    return [("pays after", f"{count:,.0f} solves  ({beside}; {spent})")]
