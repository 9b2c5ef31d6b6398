"""Operator learning: networks that map functions to functions, and benchmark files to train them.

Start with :mod:`~sgn_sciml.operators.task` (the loss), then :mod:`~sgn_sciml.operators.data` (the
batches). The networks are in :mod:`sgn_sciml.operators.networks`.
"""

from sgn_sciml.system.extras import needed_by

with needed_by(__name__, "operators"):
    from sgn_sciml.operators.data import OperatorData
    from sgn_sciml.operators.description import OperatorPairs, SampleSet
    from sgn_sciml.operators.figures import OperatorFigures
    from sgn_sciml.operators.normalizers import Normalizer, NoScaling, PerChannel, PerPixel
    from sgn_sciml.operators.pairing import Frames, Pairing, Pairs, Windows
    from sgn_sciml.operators.splits import FnoSplit, PDEBenchSplit, RandomSplit, Split
    from sgn_sciml.operators.task import Operator
    from sgn_sciml.operators.writer import SamplePredictionWriter

__all__ = [
    "FnoSplit",
    "Frames",
    "NoScaling",
    "Normalizer",
    "Operator",
    "OperatorData",
    "OperatorFigures",
    "OperatorPairs",
    "PDEBenchSplit",
    "Pairing",
    "Pairs",
    "PerChannel",
    "PerPixel",
    "RandomSplit",
    "SamplePredictionWriter",
    "SampleSet",
    "Split",
    "Windows",
]
