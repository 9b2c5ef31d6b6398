"""Regions of space for equations: their inside, their boundary in named parts, and points of both.

Polygons need Shapely and solids from files trimesh and SciPy, all of which the extra
``geometry`` brings.
"""

from sgn_sciml.geometry.ball import Ball, Disk
from sgn_sciml.geometry.booleans import Difference, Intersection, Union
from sgn_sciml.geometry.box import Box
from sgn_sciml.geometry.extrusion import Cylinder, Extruded
from sgn_sciml.geometry.mesh import Mesh
from sgn_sciml.geometry.moved import Moved
from sgn_sciml.geometry.polygon import Polygon
from sgn_sciml.geometry.region import Region

__all__ = [
    "Ball",
    "Box",
    "Cylinder",
    "Difference",
    "Disk",
    "Extruded",
    "Intersection",
    "Mesh",
    "Moved",
    "Polygon",
    "Region",
    "Union",
]
