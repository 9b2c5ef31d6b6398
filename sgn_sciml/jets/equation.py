"""An equation of a network: what vanishes, and how it is evaluated at points."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from sgn_sciml.jets.derivatives import Derivatives
from sgn_sciml.jets.plan import Plan
from sgn_sciml.jets.program import Program, UnknownName, Unrecordable
from sgn_sciml.jets.quadrature import IntegrationDomain
from sgn_sciml.jets.record import record, rows
from sgn_sciml.system.blame import explained, is_out_of_memory

__all__ = ["Equation"]

SCALAR = ("to Python scalars", "call numpy()", "'numpy.ndarray'", "is ambiguous")
HINT = "; a residual takes torch's functions (torch.sin, torch.where) of all points at once"


class Equation:
    """A residual of a network's fields.

    Args:
        function: Maps points ``(N, d)`` to fields ``(N, f)``, each row on its own.
        residual: Maps derivatives by name to what should vanish: one thing ``(N,)``, or several
            in a mapping, list or tuple.
        coordinates: One-letter names of the d coordinates.
        fields: Names of the f fields.
        name: Name in messages.
        domain: Where integrals go without limits of their own.
    """

    def __init__(
        self,
        function: Callable[[Any], Any],
        residual: Callable[[Any], Any],
        coordinates: Sequence[str],
        fields: Sequence[str],
        name: str = "the equation",
        domain: IntegrationDomain | None = None,
    ) -> None:
        self.function = function
        self.residual = residual
        self.coordinates = tuple(coordinates)
        self.fields = tuple(fields)
        self.name = name
        self.domain = domain
        self._plan: Plan | None = None
        self._couples: bool | None = None

    def program(self, points: Tensor) -> Program:
        """The operations on jets that evaluate it, with the network's weights of this moment.

        Raises:
            NotImplementedError: If jets have no rule for something in it, or it fails: whether it
                is wrong, :meth:`nested` tells.
            ValueError: If the network has another number of outputs, or the residual is not a
                number per point.
        """
        parts = (self.function, self.residual, points, self.coordinates, self.fields)
        try:
            try:
                recorded = record(*parts, self._plan, self.domain)
            except KeyError:  # the residual's constants have changed, and its streams with them
                recorded = record(*parts, None, self.domain)
        except (NotImplementedError, ValueError):
            raise
        except UnknownName as error:
            raise ValueError(f"the residual of {self.name}: {explained(error)}") from error
        except Exception as error:
            raise Unrecordable(explained(error)) from error
        self._plan = recorded.plan
        return recorded

    def nested(self, points: Tensor) -> Tensor:
        """Residuals by nested reverse differentiation, ``(N, d) -> (E, N)``.

        Raises:
            ValueError: As :meth:`program`, and if the residual or the network fails.
        """
        return torch.stack(self._evaluate(points)[1])

    def couples(self, points: Tensor) -> bool:
        """Whether residuals at one point depend on other points, as with a mean over all of them.

        Found out at the first points that are given; by nested differentiation.

        Args:
            points: Points, shape ``(N, d)``.
        """
        if self._couples is None:
            with torch.random.fork_rng(devices=[]):
                self._couples = len(points) > 1 and self._halves_differ(points)
        return self._couples

    def _halves_differ(self, points: Tensor) -> bool:
        """Whether the residuals of one half of the points depend on the other half."""
        halves = torch.tensor_split(points, 2)
        leaf, found = self._evaluate(points)
        whole = torch.stack(found)
        alone = torch.cat([self.nested(half) for half in halves], 1).detach()
        rounding = 1e3 * torch.finfo(points.dtype).eps * whole.detach().abs().max()
        if ((whole.detach() - alone).abs() > rounding).any():
            return True
        if not whole.requires_grad:
            return False
        n = len(halves[0])
        for mine, others in ((slice(n), slice(n, None)), (slice(n, None), slice(n))):
            (slope,) = torch.autograd.grad(
                whole[:, mine].sum(), leaf, retain_graph=True, materialize_grads=True
            )
            if slope[others].any():
                return True
        return False

    def _evaluate(self, points: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Residuals, each ``(N,)``, and the points that they are a function of.

        Raises:
            ValueError: As :meth:`nested`.
        """
        try:
            with torch.enable_grad():
                d = Derivatives(self.function, points, self.coordinates, self.fields, self.domain)
                found = rows(self.residual(d))
        except Exception as error:
            if is_out_of_memory(error):
                raise
            hint = next((HINT for words in SCALAR if words in str(error)), "")
            raise ValueError(f"the residual of {self.name}: {explained(error)}{hint}") from error
        if not found:
            raise ValueError(f"the residual of {self.name} returns nothing")
        wanted = tuple(points.shape[:1])
        for row in found:
            if not isinstance(row, Tensor):
                raise ValueError(
                    f"the residual of {self.name} returns {type(row).__name__}: it must return "
                    "one tensor with a number per point, or a mapping, list or tuple of such"
                )
            if row.shape != wanted:
                raise ValueError(
                    f"the residual of {self.name} has shape {tuple(row.shape)}, expected "
                    f"{wanted}, one number per point (a broadcast went wrong)"
                )
            if not row.is_floating_point():
                hint = (
                    ": write a complex field as two real ones, and its equation as real and "
                    "imaginary part"
                    if row.is_complex()
                    else ""
                )
                raise ValueError(
                    f"the residual of {self.name} has {row.dtype}, expected real numbers{hint}"
                )
        return d.points, found
