"""File layouts, makers of data, samplers and DataModules."""

from sgn_sciml.data.collocation import Collocation
from sgn_sciml.data.grid import GridFields, read_grid, write_grid
from sgn_sciml.data.sampling import LatinHypercube, ResidualAdaptive, Sampler, Sobol, Uniform

__all__ = [
    "Collocation",
    "GridFields",
    "LatinHypercube",
    "ResidualAdaptive",
    "Sampler",
    "Sobol",
    "Uniform",
    "read_grid",
    "write_grid",
]
