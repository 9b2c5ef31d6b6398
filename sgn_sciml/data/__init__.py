"""Samplers, data files as training data, and DataModules."""

from sgn_sciml.data.collocation import Collocation
from sgn_sciml.data.grid import GridFields, read_grid, write_grid
from sgn_sciml.data.normalize import Normalizer, NoScaling, PerChannel, PerPixel
from sgn_sciml.data.operator import OperatorData
from sgn_sciml.data.pairing import Frames, Pairing, Pairs, Windows
from sgn_sciml.data.sampling import LatinHypercube, ResidualAdaptive, Sampler, Sobol, Uniform
from sgn_sciml.data.splits import FnoSplit, PDEBenchSplit, RandomSplit, Split

__all__ = [
    "Collocation",
    "FnoSplit",
    "Frames",
    "GridFields",
    "LatinHypercube",
    "NoScaling",
    "Normalizer",
    "OperatorData",
    "PDEBenchSplit",
    "Pairing",
    "Pairs",
    "PerChannel",
    "PerPixel",
    "RandomSplit",
    "ResidualAdaptive",
    "Sampler",
    "Sobol",
    "Split",
    "Uniform",
    "Windows",
    "read_grid",
    "write_grid",
]
