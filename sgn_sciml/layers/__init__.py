"""Layers: the spectral gate first, its rivals beside it. This room knows torch only."""

from sgn_sciml.layers.activations import Activation, ActivationFactory, Elementwise, Folded
from sgn_sciml.layers.channels import ChannelsFirst
from sgn_sciml.layers.encodings import (
    Encoding,
    GaussianFourierFeatures,
    PeriodicEncoding,
    PositionalEncoding,
)
from sgn_sciml.layers.ffn import FeedForward
from sgn_sciml.layers.gate import SpectralGate, SpectralShare
from sgn_sciml.layers.sine import Finer, Sine
from sgn_sciml.layers.spectral import DenseSpectralMap, DiagonalSpectralMap, SineSpectralMap
from sgn_sciml.layers.wavelets import Gabor, Gaussian

__all__ = [
    "Activation",
    "ActivationFactory",
    "ChannelsFirst",
    "DenseSpectralMap",
    "DiagonalSpectralMap",
    "Elementwise",
    "Encoding",
    "FeedForward",
    "Finer",
    "Folded",
    "Gabor",
    "Gaussian",
    "GaussianFourierFeatures",
    "PeriodicEncoding",
    "PositionalEncoding",
    "Sine",
    "SineSpectralMap",
    "SpectralGate",
    "SpectralShare",
]
