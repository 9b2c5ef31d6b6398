"""Studies: grids of small experiments, run anywhere, and a page that says what came out.

Start with :mod:`~sgn_sciml.studies.engine.cell` (what an experiment is) and
:mod:`~sgn_sciml.studies.engine.study` (the file that makes a grid of it). Names are imported when
they are asked for: who only watches a study does not wait for torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sgn_sciml.system.extras import needed_by

if TYPE_CHECKING:
    from sgn_sciml.studies.engine.cell import Cell, Curve, Outcome
    from sgn_sciml.studies.engine.execute import Local, Slurm
    from sgn_sciml.studies.engine.run import run_study
    from sgn_sciml.studies.engine.specs import Study
    from sgn_sciml.studies.engine.store import StudyFolder, last_line, tally
    from sgn_sciml.studies.engine.study import read_study
    from sgn_sciml.studies.experiments.ablation import FrozenTones
    from sgn_sciml.studies.experiments.blocks import InKan, Ordinary, PyKan, SplineKan
    from sgn_sciml.studies.experiments.cost import InferenceCost
    from sgn_sciml.studies.experiments.equations import Equations
    from sgn_sciml.studies.experiments.extrapolation import Extrapolation
    from sgn_sciml.studies.experiments.images import Images
    from sgn_sciml.studies.experiments.leaving import Leaving
    from sgn_sciml.studies.experiments.ntk import Ntk
    from sgn_sciml.studies.experiments.tones import Tones

__all__ = [
    "Cell",
    "Curve",
    "Equations",
    "Extrapolation",
    "FrozenTones",
    "Images",
    "InKan",
    "InferenceCost",
    "Leaving",
    "Local",
    "Ntk",
    "Ordinary",
    "Outcome",
    "PyKan",
    "Slurm",
    "SplineKan",
    "Study",
    "StudyFolder",
    "Tones",
    "last_line",
    "read_study",
    "run_study",
    "tally",
]

HOMES = {
    "Cell": "engine.cell",
    "Curve": "engine.cell",
    "Equations": "experiments.equations",
    "Extrapolation": "experiments.extrapolation",
    "FrozenTones": "experiments.ablation",
    "Images": "experiments.images",
    "InKan": "experiments.blocks",
    "InferenceCost": "experiments.cost",
    "Leaving": "experiments.leaving",
    "Local": "engine.execute",
    "Ntk": "experiments.ntk",
    "Ordinary": "experiments.blocks",
    "Outcome": "engine.cell",
    "PyKan": "experiments.blocks",
    "Slurm": "engine.execute",
    "SplineKan": "experiments.blocks",
    "Study": "engine.specs",
    "StudyFolder": "engine.store",
    "Tones": "experiments.tones",
    "last_line": "engine.store",
    "read_study": "engine.study",
    "run_study": "engine.run",
    "tally": "engine.store",
}


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with needed_by(__name__, "studies"):
        import_module("sgn_sciml.studies.experiments")  # whose classes files name without a path
        return getattr(import_module(f"sgn_sciml.studies.{HOMES[name]}"), name)
