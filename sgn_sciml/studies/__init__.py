"""Studies: grids of small experiments, run anywhere, and a page that says what came out.

Start with :mod:`~sgn_sciml.studies.engine.cell` (what an experiment is) and
:mod:`~sgn_sciml.studies.engine.study` (the file that makes a grid of it).
"""

from sgn_sciml.studies.engine.cell import Cell, Curve, Outcome
from sgn_sciml.studies.engine.execute import Local, Slurm
from sgn_sciml.studies.engine.run import last_line, run_study, tally
from sgn_sciml.studies.engine.store import StudyFolder
from sgn_sciml.studies.engine.study import Study, read_study
from sgn_sciml.studies.experiments.ablation import FrozenTones
from sgn_sciml.studies.experiments.blocks import Ordinary, PyKan, SplineKan
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
