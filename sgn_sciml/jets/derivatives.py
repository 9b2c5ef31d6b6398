r"""Derivatives of a network by name: ``d.u``, ``d.u_x``, ``d.u_xx``, ``d.x``.

A residual is written in these names, as on paper::

    d.u_t + d.u * d.u_x - nu * d.u_xx

A name is a field, an underscore and one letter per differentiation. Only what a residual asks for
is computed, and each once. ``d.integral("u", over="x")`` is an integral
(:mod:`~sgn_sciml.jets.quadrature`). This engine nests reverse-mode autograd; a faster one only has
to answer the same names.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

from sgn_sciml.jets.program import UnknownName
from sgn_sciml.jets.quadrature import Integrand, IntegrationDomain, Limit, integrate

__all__ = ["Derivatives"]


class ElementaryLayerNorm(TorchFunctionMode):
    """Within this context ``layer_norm`` is made of elementary steps, right at every order.

    torch's own has wrong third derivatives (2.13), and hence wrong gradients of a residual with
    second ones.
    """

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        call = layer_norm if func is F.layer_norm else func
        return call(*args, **(kwargs or {}))


def layer_norm(
    u: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """As :func:`torch.nn.functional.layer_norm`."""
    axes = tuple(range(-len(normalized_shape), 0))
    centred = u - u.mean(axes, keepdim=True)
    y = centred * (centred.square().mean(axes, keepdim=True) + eps).rsqrt()
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


class Derivatives:
    """Fields, coordinates and derivatives at N points, each a tensor of shape ``(N,)``.

    Args:
        function: Maps points ``(N, d)`` to fields ``(N, f)``, each row on its own.
        points: Where to differentiate, shape ``(N, d)``.
        coordinates: One-letter names of the d coordinates.
        fields: Names of the f fields, without underscores.
        domain: Where integrals go without limits of their own.
        attached: Whether the points are a part of a graph that gradients pass through.

    Raises:
        AttributeError: For a name that is not a coordinate, field or derivative of one.

    Example:
        >>> points = torch.tensor([[3.0, 2.0]])
        >>> d = Derivatives(lambda p: p[:, :1] ** 2 * p[:, 1:], points, "xt", "u")
        >>> d.u_xx.item(), d.u_xt.item()
        (4.0, 6.0)
    """

    def __init__(
        self,
        function: Callable[[Tensor], Tensor],
        points: Tensor,
        coordinates: Sequence[str],
        fields: Sequence[str],
        domain: IntegrationDomain | None = None,
        attached: bool = False,
    ) -> None:
        self._function = function
        self._domain = domain
        self._coordinates = tuple(coordinates)
        self._fields = tuple(fields)
        self._points = points if attached else points.detach().requires_grad_()
        self._gradients: dict[str, Tensor] = {}
        with torch.enable_grad(), ElementaryLayerNorm():
            values = function(self._points)
        if values.shape != (len(points), len(self._fields)):
            raise ValueError(
                f"expected fields {self._fields} of shape {(len(points), len(self._fields))}, "
                f"got {tuple(values.shape)}"
            )
        self._values = {name: values[:, i] for i, name in enumerate(self._fields)}

    @property
    def points(self) -> Tensor:
        """The points that all of it is a function of, shape ``(N, d)``."""
        return self._points

    def __getattr__(self, name: str) -> Tensor:
        if name.startswith("_"):
            raise AttributeError(name)
        if name in self._coordinates:
            return self._points[:, self._coordinates.index(name)]
        if name not in self._values:
            self._values[name] = self._differentiate(name)
        return self._values[name]

    def integral(
        self,
        integrand: Integrand,
        over: str | Sequence[str],
        lower: Limit = None,
        upper: Limit = None,
        nodes: int | None = None,
        panels: int = 1,
    ) -> Tensor:
        """An integral over some coordinates, the others held, by Gauss-Legendre quadrature.

        Args:
            integrand: Name of a field or derivative, or a function of an object that answers to
                names at the nodes, each ``(N,)``: ``lambda s: s.u * torch.exp(s.x - d.x)``.
            over: One-letter name of a coordinate, or several.
            lower: Lower limit, a number or one per point, by name for several coordinates; the
                lower end of the domain if None.
            upper: Upper limit.
            nodes: Nodes per coordinate and panel, 16 if None. In a geometry, whose space can only
                be integrated over as a whole, the number of points inside, 1024 if None.
            panels: Equal parts of each coordinate with nodes of their own.

        Returns:
            The integral at each point, shape ``(N,)``.

        Raises:
            ValueError: If a coordinate or a limit is not known.

        Example:
            >>> points = torch.tensor([[1.0], [3.0]], dtype=torch.float64)
            >>> d = Derivatives(lambda p: p**2, points, "x", "u")
            >>> d.integral("u", over="x", lower=0.0, upper=d.x).round(decimals=9).tolist()
            [0.333333333, 9.0]
        """
        where = self._coordinates, self._domain
        found = integrate(self._at, *where, integrand, over, lower, upper, nodes, panels)
        total: Tensor = torch.zeros_like(self._points[:, 0]) + found
        return total

    def _at(self, places: Sequence[Mapping[str, Any]]) -> "list[DerivativesAtNode]":
        """Derivatives at nodes of each point: all of them in one evaluation."""
        here = dict(zip(self._coordinates, self._points.unbind(-1), strict=True))
        zero = torch.zeros_like(self._points[:, 0])
        nodes = [
            torch.stack([zero + at[k] if k in at else column for k, column in here.items()], -1)
            for at in places
        ]
        whole = Derivatives(
            self._function, torch.cat(nodes), self._coordinates, self._fields, self._domain, True
        )
        return [DerivativesAtNode(whole, k, len(self._points)) for k in range(len(places))]

    def _differentiate(self, name: str) -> Tensor:
        field, _, letters = name.partition("_")
        if field not in self._fields or not letters or set(letters) - set(self._coordinates):
            raise UnknownName(name, self._fields, self._coordinates)
        lower = field if len(letters) == 1 else f"{field}_{letters[:-1]}"
        if lower not in self._gradients:
            value = getattr(self, lower)
            if not value.requires_grad:  # constant in every coordinate
                return torch.zeros_like(value)
            (gradient,) = torch.autograd.grad(
                value.sum(), self._points, create_graph=True, materialize_grads=True
            )
            self._gradients[lower] = gradient
        return self._gradients[lower][:, self._coordinates.index(letters[-1])]


class DerivativesAtNode:
    """Derivatives at some of the points of others: part ``number`` of parts of N points each."""

    def __init__(self, whole: Derivatives, number: int, count: int) -> None:
        self._whole = whole
        self._rows = slice(number * count, (number + 1) * count)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name == "integral":  # at the points of this part only
            return Derivatives(
                self._whole._function,
                self._whole.points[self._rows],
                self._whole._coordinates,
                self._whole._fields,
                self._whole._domain,
                True,
            ).integral
        return getattr(self._whole, name)[self._rows]
