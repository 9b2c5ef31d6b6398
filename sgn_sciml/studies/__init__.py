"""Studies: grids of small experiments, run anywhere, and a page that says what came out.

Start with :mod:`~sgn_sciml.studies.cell` (what an experiment is) and
:mod:`~sgn_sciml.studies.study` (the file that makes a grid of it).
"""

from sgn_sciml.studies.ablation import FrozenTones
from sgn_sciml.studies.blocks import Ordinary, PyKan, SplineKan
from sgn_sciml.studies.cell import Cell, Curve, Outcome
from sgn_sciml.studies.cost import InferenceCost
from sgn_sciml.studies.equations import Equations
from sgn_sciml.studies.execute import Local, Slurm
from sgn_sciml.studies.extrapolation import Extrapolation
from sgn_sciml.studies.images import Images
from sgn_sciml.studies.leaving import Leaving
from sgn_sciml.studies.ntk import Ntk
from sgn_sciml.studies.run import last_line, run_study, tally
from sgn_sciml.studies.store import StudyFolder
from sgn_sciml.studies.study import Study, read_study
from sgn_sciml.studies.tones import Tones

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
