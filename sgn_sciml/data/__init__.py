"""Samplers, data files and signals as training data, and DataModules."""

from sgn_sciml.data.collocation import Collocation
from sgn_sciml.data.grid import GridFields, read_grid, write_grid
from sgn_sciml.data.images import ImageData
from sgn_sciml.data.normalize import Normalizer, NoScaling, PerChannel, PerPixel
from sgn_sciml.data.operator import OperatorData
from sgn_sciml.data.pairing import Frames, Pairing, Pairs, Windows
from sgn_sciml.data.points import ErrorDriven, RandomPoints, Whole
from sgn_sciml.data.sampling import LatinHypercube, ResidualAdaptive, Sampler, Sobol, Uniform
from sgn_sciml.data.signals import Signal, SignalData
from sgn_sciml.data.splits import FnoSplit, PDEBenchSplit, RandomSplit, Split

__all__ = [
    "Collocation",
    "ErrorDriven",
    "FnoSplit",
    "Frames",
    "GridFields",
    "ImageData",
    "LatinHypercube",
    "NoScaling",
    "Normalizer",
    "OperatorData",
    "PDEBenchSplit",
    "Pairing",
    "Pairs",
    "PerChannel",
    "PerPixel",
    "RandomPoints",
    "RandomSplit",
    "ResidualAdaptive",
    "Sampler",
    "Signal",
    "SignalData",
    "Sobol",
    "Split",
    "Uniform",
    "Whole",
    "Windows",
    "read_grid",
    "write_grid",
]
