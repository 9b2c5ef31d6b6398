"""Layers: the spectral gate first, its rivals beside it. They know torch only."""

from sgn_sciml.layers.activations import (
    Activation,
    ActivationFactory,
    ActivationLike,
    Elementwise,
    Folded,
    Function,
    as_function,
    make_activation,
)
from sgn_sciml.layers.boundaries import (
    Boundary,
    HandOver,
    Periodic,
    Polynomial,
    Reflect,
    Straight,
    Vanish,
)
from sgn_sciml.layers.cauchy import Cauchy
from sgn_sciml.layers.channels import ChannelsFirst
from sgn_sciml.layers.encodings.fourier import (
    ActivationEncoding,
    Encoding,
    GaussianFourierFeatures,
    LearnableFourierFeatures,
    PeriodicEncoding,
    PositionalEncoding,
)
from sgn_sciml.layers.encodings.hash_grid import HashGrid
from sgn_sciml.layers.encodings.progressive import Progressive
from sgn_sciml.layers.encodings.radial import RadialBases
from sgn_sciml.layers.encodings.shifted import ShiftedGaussians
from sgn_sciml.layers.encodings.sphere import SphericalHarmonics
from sgn_sciml.layers.expansions import Chebyshev, Expansion, FourierKan
from sgn_sciml.layers.ffn import FeedForward
from sgn_sciml.layers.gate import SpectralGate, SpectralShare
from sgn_sciml.layers.gates import DenseGate, SineGate
from sgn_sciml.layers.grids import Deviations, Extremes, Quantiles, Range
from sgn_sciml.layers.kaf import Kaf
from sgn_sciml.layers.mixture import Mixture
from sgn_sciml.layers.polynomial import PiNet
from sgn_sciml.layers.rational import GroupRational
from sgn_sciml.layers.selectable import Selectable
from sgn_sciml.layers.spectral import DenseSpectralMap, DiagonalSpectralMap, SineSpectralMap
from sgn_sciml.layers.splines import Spline
from sgn_sciml.layers.waves.complex_wavelets import ComplexGabor
from sgn_sciml.layers.waves.fan import Fan
from sgn_sciml.layers.waves.harmonic import HarmonicSine
from sgn_sciml.layers.waves.sine import Finer, FinerGabor, FinerGaussian, Sine, Spder
from sgn_sciml.layers.waves.snake import Snake
from sgn_sciml.layers.waves.staf import Staf
from sgn_sciml.layers.waves.wavelets import Gabor, Gaussian

__all__ = [
    "Activation",
    "ActivationEncoding",
    "ActivationFactory",
    "ActivationLike",
    "Boundary",
    "Cauchy",
    "ChannelsFirst",
    "Chebyshev",
    "ComplexGabor",
    "DenseGate",
    "DenseSpectralMap",
    "Deviations",
    "DiagonalSpectralMap",
    "Elementwise",
    "Encoding",
    "Expansion",
    "Extremes",
    "Fan",
    "FeedForward",
    "Finer",
    "FinerGabor",
    "FinerGaussian",
    "Folded",
    "FourierKan",
    "Function",
    "Gabor",
    "Gaussian",
    "GaussianFourierFeatures",
    "GroupRational",
    "HandOver",
    "HarmonicSine",
    "HashGrid",
    "Kaf",
    "LearnableFourierFeatures",
    "Mixture",
    "Periodic",
    "PeriodicEncoding",
    "PiNet",
    "Polynomial",
    "PositionalEncoding",
    "Progressive",
    "Quantiles",
    "RadialBases",
    "Range",
    "Reflect",
    "Selectable",
    "ShiftedGaussians",
    "Sine",
    "SineGate",
    "SineSpectralMap",
    "Snake",
    "Spder",
    "SpectralGate",
    "SpectralShare",
    "SphericalHarmonics",
    "Spline",
    "Staf",
    "Straight",
    "Vanish",
    "as_function",
    "make_activation",
]
