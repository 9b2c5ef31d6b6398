"""An ordinary module of torch in the place of a coordinate network."""

import torch
from torch import Tensor, nn

from sgn_sciml.networks.base import CoordinateNetwork, OperatorNetwork

__all__ = ["PlainNetwork", "as_coordinate_network"]


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


def check_shapes(module: nn.Module, in_features: int, out_features: int) -> None:
    """Try a module on two points.

    Raises:
        ValueError: If it fails, or its values have another shape.
    """
    name = type(module).__name__
    like = next((p for p in module.parameters() if p.is_floating_point()), torch.zeros(()))
    uninitialized = isinstance(like, nn.parameter.UninitializedParameter)
    points = torch.zeros(2, in_features) if uninitialized else like.new_zeros(2, in_features)
    training = module.training
    try:
        with torch.no_grad():
            values = module.eval()(points)
    except Exception as error:  # of the module's own code
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ValueError(
            f"{name} cannot be the network: it fails at points of shape (2, {in_features}) "
            f"({reason})"
        ) from error
    finally:
        module.train(training)
    shape = tuple(values.shape) if isinstance(values, Tensor) else type(values).__name__
    if shape != (2, out_features):
        raise ValueError(
            f"{name} cannot be the network: it maps points of shape (2, {in_features}) to "
            f"{shape}, not to fields of shape (2, {out_features})"
        )
