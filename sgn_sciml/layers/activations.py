r"""The activation interface and plain elementwise activations.

Networks take an *activation factory*: a callable that maps a number of channels to a module. A
gate has parameters per channel; an elementwise activation ignores the number. Rivals of the gate
plug in here, and may bring the initialisation their paper asks for in ``init_linear``.

Layers that replace a linear map and its activation plug in here as well, for each of them is an
activation between two linear maps whose numbers of channels differ: Kolmogorov-Arnold layers
expand their channels in bases (:mod:`sgn_sciml.layers.expansions`), FAN makes two waves of one
channel, a product takes several.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["Activation", "ActivationFactory", "Elementwise", "Folded"]


class Folded(NamedTuple):
    r"""An activation :math:`T(u) = c \odot \sigma(r \odot u)` whose factors go into matrices.

    Attributes:
        rows: r, a number or one per channel: multiplies the rows of the matrix before.
        wave: The elementwise function :math:`\sigma`.
        columns: c, likewise: multiplies the columns of the matrix behind; None for 1.
    """

    rows: Tensor | float
    wave: Callable[[Tensor], Tensor]
    columns: Tensor | None


class Activation(nn.Module):
    """Base of the activations, shape ``(..., in_features) -> (..., out_features)``.

    Args:
        features: Number of channels.
        in_features: Number of channels of the linear layer in front; ``features`` when None.
        out_features: Number of channels for the linear layer behind; ``features`` when None.

    Raises:
        ValueError: If a number of channels is below 1.
    """

    def __init__(
        self, features: int, in_features: int | None = None, out_features: int | None = None
    ) -> None:
        super().__init__()
        if features < 1:
            raise ValueError(f"an activation needs features >= 1, got {features}")
        self.features = features
        self.in_features = features if in_features is None else in_features
        self.out_features = features if out_features is None else out_features

    def init_linear(self, linear: nn.Linear, first: bool) -> None:
        """Initialise the linear layer in front of this activation: Xavier-uniform, zero bias.

        Args:
            linear: The layer to initialise in place.
            first: Whether it is the first layer of the network.
        """
        nn.init.xavier_uniform_(linear.weight)
        nn.init.zeros_(linear.bias)

    def init_behind(self, linear: nn.Linear) -> None:
        """Initialise the linear layer behind, where that is this activation's affair: it is not.

        It is where the layer reads bases. Called after ``init_linear`` of what comes next.
        """

    def init_head(self, linear: nn.Linear) -> None:
        """Initialise the read-out behind the last such activation: Xavier-uniform, zero bias."""
        nn.init.xavier_uniform_(linear.weight)
        nn.init.zeros_(linear.bias)

    def folded(self) -> Folded | None:
        """The activation as factors of its neighbours, n by n, where that spares work on points.

        None where there are none: for a function without factors, or a sum of two.
        """
        return None


ActivationFactory = Callable[[int], Activation]


class Elementwise(Activation):
    """An elementwise function as an activation.

    Args:
        features: Number of channels; any value, nothing depends on it.
        function: The function, for example ``torch.tanh`` (in a configuration
            ``torch.nn.functional.tanh``, whose signature can be checked).
    """

    def __init__(self, features: int, function: Callable[[Tensor], Tensor] = F.tanh) -> None:
        super().__init__(features)
        self.function = function

    def forward(self, u: Tensor) -> Tensor:
        return self.function(u)

    def extra_repr(self) -> str:
        return getattr(self.function, "__name__", type(self.function).__name__)
