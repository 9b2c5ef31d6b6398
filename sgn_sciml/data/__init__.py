"""Samplers, data files and signals as training data, and DataModules."""

from sgn_sciml.data.audio import AudioData
from sgn_sciml.data.collocation import Collocation
from sgn_sciml.data.grid import GridFields, read_grid, write_grid
from sgn_sciml.data.images import ImageData
from sgn_sciml.data.normalize import Normalizer, NoScaling, PerChannel, PerPixel
from sgn_sciml.data.observations import Observations
from sgn_sciml.data.operator import OperatorData
from sgn_sciml.data.pairing import Frames, Pairing, Pairs, Windows
from sgn_sciml.data.points import CoarseToFine, ErrorDriven, RandomPoints, Whole
from sgn_sciml.data.resampling import R3, RAR, Resampling, ResidualAdaptive
from sgn_sciml.data.sampling import LatinHypercube, Sampler, Sobol, Uniform
from sgn_sciml.data.shapes import Bracket, Gyroid, Shape, Sphere, Torus
from sgn_sciml.data.signals import Signal, SignalData
from sgn_sciml.data.snapshots import FieldData
from sgn_sciml.data.splits import FnoSplit, PDEBenchSplit, RandomSplit, Split
from sgn_sciml.data.volumes import VolumeData

__all__ = [
    "R3",
    "RAR",
    "AudioData",
    "Bracket",
    "CoarseToFine",
    "Collocation",
    "ErrorDriven",
    "FieldData",
    "FnoSplit",
    "Frames",
    "GridFields",
    "Gyroid",
    "ImageData",
    "LatinHypercube",
    "NoScaling",
    "Normalizer",
    "Observations",
    "OperatorData",
    "PDEBenchSplit",
    "Pairing",
    "Pairs",
    "PerChannel",
    "PerPixel",
    "RandomPoints",
    "RandomSplit",
    "Resampling",
    "ResidualAdaptive",
    "Sampler",
    "Shape",
    "Signal",
    "SignalData",
    "Sobol",
    "Sphere",
    "Split",
    "Torus",
    "Uniform",
    "VolumeData",
    "Whole",
    "Windows",
    "read_grid",
    "write_grid",
]
