"""Spectral Gating Networks for scientific machine learning.

The names most people look for are here and are imported when they are asked for; with torch and
NumPy alone the gate, :func:`inject`, networks, derivatives and optimisers work.

Example:
    >>> import sgn_sciml
    >>> sgn_sciml.SpectralGate(64)
    SpectralGate(...)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sgn_sciml.system import moved
from sgn_sciml.system.names import HOMES, __version__

if TYPE_CHECKING:
    from sgn_sciml.inr import INR, ImageData
    from sgn_sciml.layers import SpectralGate
    from sgn_sciml.layouts import open_source
    from sgn_sciml.local_solver import solve
    from sgn_sciml.networks import CoordinateMLP
    from sgn_sciml.networks.inject import inject
    from sgn_sciml.operators import Operator, OperatorData
    from sgn_sciml.pinn import PINN, Collocation

__all__ = [
    "INR",
    "PINN",
    "Collocation",
    "CoordinateMLP",
    "ImageData",
    "Operator",
    "OperatorData",
    "SpectralGate",
    "__version__",
    "inject",
    "open_source",
    "solve",
]

moved.install()


def __getattr__(name: str) -> Any:
    if name in HOMES:
        return getattr(import_module(f"sgn_sciml.{HOMES[name]}"), name)
    raise AttributeError(f"module 'sgn_sciml' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
