"""What the problems of the gallery share: a solution written once, its values on faces."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from sgn_sciml.jets import Derivatives
from sgn_sciml.pde import Condition, Problem

__all__ = ["Known", "Made"]


@dataclass(frozen=True)
class Known(Problem):
    """A problem whose :meth:`known` gives the fields, one tensor each, of the coordinates."""

    def known(self, *coordinates):
        raise NotImplementedError

    def exact(self, points):
        return torch.stack(self.known(*points.double().unbind(1)), 1)

    def given(self, name, **face):
        """A field or derivative has its known value on a face."""
        return Condition(f"{name}{face}", face, lambda d: getattr(d, name) - self.at(d, name))

    def sides(self, *names, axes="x"):
        """Known values of fields or derivatives at both ends along some axes."""
        corners = dict(zip(self.coordinates, zip(*self.domain, strict=True), strict=True))
        return [
            self.given(name, **{axis: end})
            for axis in axes
            for end in corners[axis]
            for name in names
        ]

    def start(self, *names):
        """Known values of fields or derivatives at the first time."""
        return [self.given(name, t=self.domain[0][-1]) for name in names]

    def at(self, d, name):
        """The known value of a field or derivative at the points of d."""
        points = torch.stack([getattr(d, c) for c in self.coordinates], 1).detach()
        if "_" not in name:
            return self.exact(points)[:, self.fields.index(name)]
        with torch.enable_grad():
            return getattr(self.derivatives(points), name).detach()

    def derivatives(self, points):
        """The known solution and its derivatives by name."""
        return Derivatives(self.exact, points, self.coordinates, self.fields)


class Made(Known):
    """A manufactured problem: what the operator makes of the known solution is its source."""

    def operator(self, d):
        raise NotImplementedError

    def residual(self, d):
        points = torch.stack([getattr(d, c) for c in self.coordinates], 1).detach()
        with torch.enable_grad():
            source = self.operator(self.derivatives(points))
        found = self.operator(d)
        if isinstance(found, Mapping):
            return {name: row - source[name].detach() for name, row in found.items()}
        if isinstance(found, list):
            return [row - part.detach() for row, part in zip(found, source, strict=True)]
        return found - source.detach()
