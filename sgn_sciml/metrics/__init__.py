"""Metrics of fields: device-resident sums, exact under any batch size and under DDP."""

from sgn_sciml.metrics.field import MaxError, RelativeH1, RelativeL2, relative_h1, relative_l2
from sgn_sciml.metrics.spectral import Boundary, SpectralError, Spectrum, shell_energy

__all__ = [
    "Boundary",
    "MaxError",
    "RelativeH1",
    "RelativeL2",
    "SpectralError",
    "Spectrum",
    "relative_h1",
    "relative_l2",
    "shell_energy",
]
