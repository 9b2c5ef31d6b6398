"""Tensors to matplotlib figures. This room knows neither Lightning nor networks."""

from sgn_sciml.viz.cells import cells_figure
from sgn_sciml.viz.errors import rollout_figure, transfer_figure
from sgn_sciml.viz.fields import curve_figure, field_figure, map_figure
from sgn_sciml.viz.gates import gate_figure
from sgn_sciml.viz.images import image_figure, line_figure, plane_figure
from sgn_sciml.viz.predictions import samples_figure
from sgn_sciml.viz.rates import rate_figure
from sgn_sciml.viz.spectra import spectra_figure, spectral_error_figure

__all__ = [
    "cells_figure",
    "curve_figure",
    "field_figure",
    "gate_figure",
    "image_figure",
    "line_figure",
    "map_figure",
    "plane_figure",
    "rate_figure",
    "rollout_figure",
    "samples_figure",
    "spectra_figure",
    "spectral_error_figure",
    "transfer_figure",
]
