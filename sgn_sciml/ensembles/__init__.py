"""Ensembles: one problem with drawn constants, functions and initial states, each solved.

Start with :mod:`~sgn_sciml.ensembles.law`, which makes the samples of a file; a configuration for
it is explained in :mod:`~sgn_sciml.ensembles.specification`.
"""

from sgn_sciml.ensembles.law import SolvedSamples
from sgn_sciml.ensembles.random_functions import GaussianField, RandomFunction, RandomWaves
from sgn_sciml.ensembles.specification import Specification

__all__ = ["GaussianField", "RandomFunction", "RandomWaves", "SolvedSamples", "Specification"]
