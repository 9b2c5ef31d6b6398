"""Encodings of coordinates that were scaled to the cube from -1 to 1."""

from sgn_sciml.layers.encodings.fourier import (
    ActivationEncoding,
    Encoding,
    GaussianFourierFeatures,
    LearnableFourierFeatures,
    PeriodicEncoding,
    PositionalEncoding,
    known,
)

__all__ = [
    "ActivationEncoding",
    "Encoding",
    "GaussianFourierFeatures",
    "LearnableFourierFeatures",
    "PeriodicEncoding",
    "PositionalEncoding",
    "known",
]
