"""Tensors to matplotlib figures. This room knows neither Lightning nor networks."""

from sgn_sciml.viz.fields import field_figure
from sgn_sciml.viz.gates import gate_figure
from sgn_sciml.viz.spectra import spectral_error_figure

__all__ = ["field_figure", "gate_figure", "spectral_error_figure"]
