"""Implicit neural representations: a network that is an image, a sound, a volume or a field.

Start with :mod:`~sgn_sciml.inr.task` (the loss), then :mod:`~sgn_sciml.inr.signals` (the samples).
"""

from sgn_sciml.system.extras import needed_by

with needed_by(__name__, "inr"):
    from sgn_sciml.inr.audio import AudioData
    from sgn_sciml.inr.description import Signal
    from sgn_sciml.inr.fields import FieldData
    from sgn_sciml.inr.figures import SignalFigures
    from sgn_sciml.inr.images import ImageData
    from sgn_sciml.inr.large.images import LargeImageData
    from sgn_sciml.inr.large.volumes import LargeVolumeData
    from sgn_sciml.inr.measurements import Gradients, LineIntegrals, Samples
    from sgn_sciml.inr.points import CoarseToFine, ErrorDriven, RandomPoints, Whole
    from sgn_sciml.inr.shapes import Bracket, Gyroid, Shape, Sphere, Torus
    from sgn_sciml.inr.shapes.data import ShapeData
    from sgn_sciml.inr.shapes.description import Solid
    from sgn_sciml.inr.shapes.figures import ShapeFigures
    from sgn_sciml.inr.shapes.losses import Igr, Occupancy, SignedDistance, SirenSurface
    from sgn_sciml.inr.shapes.task import ShapeINR
    from sgn_sciml.inr.signals import SignalData
    from sgn_sciml.inr.task import INR
    from sgn_sciml.inr.volumes import VolumeData
    from sgn_sciml.inr.writer import SignalWriter

__all__ = [
    "INR",
    "AudioData",
    "Bracket",
    "CoarseToFine",
    "ErrorDriven",
    "FieldData",
    "Gradients",
    "Gyroid",
    "Igr",
    "ImageData",
    "LargeImageData",
    "LargeVolumeData",
    "LineIntegrals",
    "Occupancy",
    "RandomPoints",
    "Samples",
    "Shape",
    "ShapeData",
    "ShapeFigures",
    "ShapeINR",
    "Signal",
    "SignalData",
    "SignalFigures",
    "SignalWriter",
    "SignedDistance",
    "SirenSurface",
    "Solid",
    "Sphere",
    "Torus",
    "VolumeData",
    "Whole",
]
