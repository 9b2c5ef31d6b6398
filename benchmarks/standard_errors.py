"""Whether standard errors of unknown constants are those of many noises.

The problem of examples/two_constants with observations at random points, 20 noises; of each an
estimate and its standard error, and how often 1.96 of them reach the truth.

python benchmarks/standard_errors.py 300 0.01 1.0    # observations, noise, data_weight; 8 minutes
"""

import json
import logging
import statistics
import sys
import tempfile
from pathlib import Path

import lightning
import torch

from sgn_sciml.networks import CoordinateMLP
from sgn_sciml.optim import LevenbergMarquardt
from sgn_sciml.pinn import PINN, Collocation, Observations

sys.path.insert(0, str(Path(__file__).parent.parent / "examples"))
from two_constants import Cloud

SEEDS, STEPS = 20, 15


def observe(problem: Cloud, count: int, noise: float, seed: int) -> str:
    """Write observations with a noise that is a part of their deviation."""
    draw = torch.Generator().manual_seed(1000 + seed)
    points = problem.box_points(torch.rand(count, 2, generator=draw, dtype=torch.float64))
    u = problem.exact(points)
    u = u + noise * u.std() * torch.randn(count, 1, generator=draw, dtype=torch.float64)
    path = Path(tempfile.mkdtemp()) / "observed.csv"
    rows = [",".join(map(repr, row)) for row in torch.cat([points, u], 1).tolist()]
    path.write_text("\n".join(["x,t,u", *rows]))
    return str(path)


def trial(count: int, noise: float, weight: float, seed: int) -> dict[str, list[float]]:
    """Estimate and standard error of each constant."""
    lightning.seed_everything(seed, verbose=False)
    problem = Cloud()
    observations = Observations(observe(problem, count, noise, seed))
    data = Collocation(problem, None, 600, redraw_every=0, seed=seed, observations=observations)
    task = PINN(
        CoordinateMLP(width=12, depth=2, activation="tanh"),
        problem,
        LevenbergMarquardt,
        unknown={"speed": 1.0, "nu": 0.1},
        data_weight=weight,
    )
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    trainer = lightning.Trainer(
        max_steps=STEPS,
        max_epochs=-1,
        precision="64-true",
        accelerator="cpu",
        limit_val_batches=0,
        enable_model_summary=False,
        **quiet,
    )
    trainer.fit(task, data)
    errors = task.double().standard_errors(data.draw(0))
    values = task.unknown.values()
    return {name: [values[name].item(), error.item()] for name, error in errors.items()}


def main(count: int, noise: float, weight: float) -> None:
    """Run all noises and print how the standard errors do."""
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    found = [trial(count, noise, weight, seed) for seed in range(SEEDS)]
    for name in ("nu", "speed"):
        truth = getattr(Cloud(), name)
        values, errors = zip(*(each[name] for each in found), strict=True)
        inside = sum(abs(v - truth) <= 1.96 * e for v, e in zip(values, errors, strict=True))
        spread, mean = statistics.stdev(values), statistics.mean(errors)
        told = {"constant": name, "inside": inside, "of": SEEDS}
        print(json.dumps(told | {"deviation": spread, "mean standard error": mean}))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]))
