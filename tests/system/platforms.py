"""What users do, for a test to run in a process without Unix's own calls."""

import json
import os
from pathlib import Path

import yaml

from sgn_sciml.app.cli import main
from sgn_sciml.benchmark_data.workers import worker_processes
from sgn_sciml.operators import FnoSplit, OperatorData
from sgn_sciml.studies import Outcome
from tests.conftest import ROOT
from tests.studies.cells import Power
from tests.system.missing import missing

STEPS = ["--res", "32", "--grid", "64", "--steps", "10"]


class Elsewhere(Power):
    """A cell that also says what its process lacks."""

    def run(self) -> Outcome:
        found = super().run()
        return Outcome({**found.scalars, **missing()}, found.curves)


def read(path: str) -> list[int]:
    """The shape of the first batch of training, read from the file in this process."""
    data = OperatorData(path=path, split=FnoSplit(train=2, test=2), batch_size=2, cache="0")
    data.setup("fit")
    return list(next(iter(data.train_dataloader()))["input"].shape)


def write_settings(reference: str) -> None:
    """Write a study of one cell, and a configuration of two steps."""
    study = {"cell": {"class_path": f"{__name__}.Elsewhere"}, "axes": {"base": [3.0]}}
    Path("study.yaml").write_text(yaml.safe_dump(study))
    text = (ROOT / "tests" / "tiny.yaml").read_text().replace("REFERENCE", reference)
    config = yaml.safe_load(text)
    config["trainer"] |= {"max_steps": 2, "callbacks": []}
    Path("tiny.yaml").write_text(yaml.safe_dump(config))


def everything(folder: str, reference: str) -> None:
    """Do all of it in a folder; ``found.json`` there holds what each step gave.

    Args:
        folder: The folder.
        reference: File of a reference solution.
    """
    os.chdir(folder)
    write_settings(reference)
    with worker_processes(1) as pool:
        found: dict[str, object] = {"here": missing(), "worker": pool.submit(missing).result()}
    make = ["data", "make", "burgers-r10", "-n", "4", "-o", "made.h5", "--workers", "2", *STEPS]
    found["make"] = main(make)
    found["inspect"] = main(["data", "inspect", "made.h5", "--no-figure"])
    found["read"] = read("made.h5")
    found["study"] = main(["study", "run", "study.yaml"])
    found["fit"] = main(["fit", "--config", "tiny.yaml"])
    Path("found.json").write_text(json.dumps(found))
