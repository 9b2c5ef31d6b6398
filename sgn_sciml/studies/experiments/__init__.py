"""The experiments that are shipped: a class each, of which a study makes a grid."""

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
    "Equations",
    "Extrapolation",
    "FrozenTones",
    "Images",
    "InKan",
    "InferenceCost",
    "Leaving",
    "Ntk",
    "Ordinary",
    "PyKan",
    "SplineKan",
    "Tones",
]
