"""An ordinary module of torch in the place of a coordinate network."""

import torch
from torch import Tensor, nn

from sgn_sciml.networks.base import CoordinateNetwork, OperatorNetwork

__all__ = ["PlainNetwork", "as_coordinate_network", "as_sized_network"]

MOST_FEATURES = 4  # coordinates of a signal: three of a volume, and time


class PlainNetwork(CoordinateNetwork):
    """A module that maps points ``(N, in_features)`` to values ``(N, out_features)``.

    Points reach it as they are, in the units of the equation: scaling them is its own affair.

    Args:
        module: The module, each row on its own.
        in_features: Number of coordinates.
        out_features: Number of fields.

    Raises:
        ValueError: If it does not take such points or gives no such values.
    """

    def __init__(self, module: nn.Module, in_features: int, out_features: int) -> None:
        super().__init__(in_features, out_features)
        check_shapes(module, in_features, out_features)
        self.module = module

    def roles(self) -> dict[str, list[Tensor]]:
        """The parameters that train: matrices between hidden layers, and the others."""
        trained: list[Tensor] = [p for p in self.module.parameters() if p.requires_grad]
        inner = {id(p) for p in [p for p in trained if p.ndim == 2][1:-1]}
        roles = {
            "matrices": [p for p in trained if id(p) in inner],
            "others": [p for p in trained if id(p) not in inner],
        }
        return {name: each for name, each in roles.items() if each}

    def forward(self, x: Tensor) -> Tensor:
        if isinstance(x, Tensor):  # it knows rows of points, not grids of them
            values: Tensor = self.module(x.reshape(-1, self.in_features))
            return values.reshape(*x.shape[:-1], self.out_features)
        try:  # a jet, in code that was written for tensors
            values = self.module(x)
        except NotImplementedError:
            raise
        except Exception as error:
            raise NotImplementedError(f"{type(self.module).__name__}: {error}") from error
        return values


def as_coordinate_network(
    network: nn.Module, in_features: int, out_features: int
) -> CoordinateNetwork:
    """A coordinate network as it is, another module within a :class:`PlainNetwork`.

    Raises:
        ValueError: If the module is of another kind, or does not fit.
    """
    if isinstance(network, OperatorNetwork):
        name = type(network).__name__
        raise ValueError(f"{name} maps functions on grids: take a network of coordinates")
    if isinstance(network, CoordinateNetwork):
        return network
    return PlainNetwork(network, in_features, out_features)


def as_sized_network(network: nn.Module) -> CoordinateNetwork:
    """As :func:`as_coordinate_network`, where the module itself tells its numbers of features.

    Raises:
        ValueError: If the module is of another kind, or takes no or several numbers of
            coordinates.
    """
    if isinstance(network, (CoordinateNetwork, OperatorNetwork)):
        return as_coordinate_network(network, 0, 0)
    name = type(network).__name__
    lazy = nn.parameter.UninitializedParameter
    fitting = {}
    if not any(isinstance(p, lazy) for p in network.parameters()):
        for features in range(1, MOST_FEATURES + 1):
            try:
                values = values_at(network, features)
            except Exception:  # of the module's own code, which wants another number
                continue
            if isinstance(values, Tensor) and values.ndim == 2 and len(values) == 2:
                fitting[features] = values.shape[1]
    if len(fitting) != 1:
        found = " or ".join(map(str, fitting)) or f"none from 1 to {MOST_FEATURES}"
        raise ValueError(
            f"{name} does not tell how many coordinates it maps, (N, coordinates) to (N, "
            f"channels): it works with {found}. Wrap it in sgn_sciml.networks.PlainNetwork, "
            "which is told"
        )
    ((features, channels),) = fitting.items()
    return PlainNetwork(network, features, channels)


def values_at(module: nn.Module, in_features: int) -> object:
    """The output of a module at two points."""
    like = next((p for p in module.parameters() if p.is_floating_point()), torch.zeros(()))
    uninitialized = isinstance(like, nn.parameter.UninitializedParameter)
    points = torch.zeros(2, in_features) if uninitialized else like.new_zeros(2, in_features)
    training = module.training
    try:
        with torch.no_grad():
            found: object = module.eval()(points)
    finally:
        module.train(training)
    return found


def check_shapes(module: nn.Module, in_features: int, out_features: int) -> None:
    """Try a module on two points.

    Raises:
        ValueError: If it fails, or its values have another shape.
    """
    name = type(module).__name__
    try:
        values = values_at(module, in_features)
    except Exception as error:  # of the module's own code
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ValueError(
            f"{name} cannot be the network: it fails at points of shape (2, {in_features}) "
            f"({reason})"
        ) from error
    shape = tuple(values.shape) if isinstance(values, Tensor) else type(values).__name__
    if shape != (2, out_features):
        raise ValueError(
            f"{name} cannot be the network: it maps points of shape (2, {in_features}) to "
            f"{shape}, not to fields of shape (2, {out_features})"
        )
