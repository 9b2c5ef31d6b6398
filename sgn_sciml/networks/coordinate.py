r"""The coordinate network: a multilayer perceptron whose activation is injected.

.. math::
    h_0 = \mathrm{encode}(s(x)), \qquad h_{k+1} = T_k(W_k h_k + c_k), \qquad
    y = W_L h_L + c_L

with s the scaling of the domain to [-1, 1] and :math:`T_k` a spectral gate or one of its rivals.
PINNs and implicit representations share it.

An activation :math:`c \odot \sigma(r \odot u)` is folded: r multiplies the rows of the matrix
before it and c the columns of the one behind, n by n numbers instead of points by n, so that free
frequencies and gates cost no more than fixed ones.
"""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sgn_sciml.layers import Activation, ActivationFactory, Encoding, SpectralGate
from sgn_sciml.networks.base import CoordinateNetwork

__all__ = ["CoordinateMLP"]


class CoordinateMLP(CoordinateNetwork):
    """Multilayer perceptron on coordinates.

    Args:
        in_features: Number of coordinates.
        out_features: Number of fields.
        width: Hidden channels.
        depth: Number of hidden layers.
        activation: Activation factory, called with the width; a spectral gate by default.
        first_activation: Activation factory of the first hidden layer, where frequencies of the
            input are set; ``activation`` when None.
        encoding: Encoding of the scaled coordinates, or None.
        head_scale: Factor of the initial weights of the read-out. A dense gate of high frequency
            starts as noise as large as the signal, which must be unlearned first; with 0.02 it
            starts from almost nothing.

    Raises:
        ValueError: If a size is below 1, the encoding is for another number of coordinates, or
            ``head_scale`` is not positive.

    Example:
        >>> import torch
        >>> CoordinateMLP(2, 1, width=32, depth=3)(torch.zeros(10, 2)).shape
        torch.Size([10, 1])
    """

    def __init__(
        self,
        in_features: int = 2,
        out_features: int = 1,
        width: int = 32,
        depth: int = 3,
        activation: ActivationFactory = SpectralGate,
        first_activation: ActivationFactory | None = None,
        encoding: Encoding | None = None,
        head_scale: float = 1.0,
    ) -> None:
        super().__init__(in_features, out_features)
        if min(in_features, out_features, width, depth) < 1:
            raise ValueError(
                "in_features, out_features, width and depth must be at least 1, got "
                f"{in_features}, {out_features}, {width}, {depth}"
            )
        if encoding is not None and encoding.in_features != in_features:
            raise ValueError(
                f"the encoding has in_features={encoding.in_features}, the network {in_features}"
            )
        if not head_scale > 0:
            raise ValueError(f"head_scale must be positive, got {head_scale}")
        self.encoding = encoding if encoding is not None else nn.Identity()
        channels = encoding.out_features if encoding is not None else in_features
        layers: list[nn.Module] = []
        for k in range(depth):
            linear = nn.Linear(channels, width)
            act = (first_activation or activation if k == 0 else activation)(width)
            act.init_linear(linear, first=k == 0)
            layers += [linear, act]
            channels = width
        head = nn.Linear(channels, out_features)
        act.init_head(head)
        with torch.no_grad():
            head.weight.mul_(head_scale)
        self.layers = nn.Sequential(*layers, head)

    def forward(self, x: Tensor) -> Tensor:
        h: Tensor = self.encoding(self.scale(x))
        columns: Tensor | None = None
        for linear, act in self.hidden():
            weight = linear.weight if columns is None else linear.weight * columns
            folded = None if act._forward_pre_hooks else act.folded()  # hooks ask for its input
            if folded is None:
                h, columns = act(F.linear(h, weight, linear.bias)), None
            else:
                rows, wave, columns = folded
                weight = (rows * weight.T).T  # one number, or one per row
                h = wave(F.linear(h, weight, rows * linear.bias))
        head = self.layers[-1]
        assert isinstance(head, nn.Linear)
        return F.linear(h, head.weight if columns is None else head.weight * columns, head.bias)

    def roles(self) -> dict[str, list[Tensor]]:
        """Parameters by role.

        ``matrices`` between hidden layers, or behind an encoding, with what gates have of them;
        ``first`` weights of the coordinates, ``head`` weights, ``biases``; ``gates``; phases and
        ``frequencies`` of waves, ``first_frequencies`` of the first layer or of an encoding.
        """
        head = self.layers[-1]
        assert isinstance(head, nn.Linear)
        roles: dict[str, list[Tensor]] = {
            "matrices": [],
            "first": [],
            "head": [head.weight],
            "biases": [head.bias],
            "gates": [],
            "frequencies": [],
            "first_frequencies": list(self.encoding.parameters()),
        }
        for k, (linear, act) in enumerate(self.hidden()):
            encoded = not isinstance(self.encoding, nn.Identity)
            roles["matrices" if k or encoded else "first"].append(linear.weight)
            roles["biases"].append(linear.bias)
            for name, p in act.named_parameters():
                roles[_role(name, p, first=k == 0)].append(p)
        trained = {name: [p for p in each if p.requires_grad] for name, each in roles.items()}
        return {name: each for name, each in trained.items() if each}

    def hidden(self) -> Iterator[tuple[nn.Linear, Activation]]:
        """The hidden layers: linear part and activation."""
        for k in range(0, len(self.layers) - 1, 2):
            linear, act = self.layers[k], self.layers[k + 1]
            assert isinstance(linear, nn.Linear)
            assert isinstance(act, Activation)
            yield linear, act


def _role(name: str, parameter: Tensor, first: bool) -> str:
    """The role of a parameter of an activation."""
    last = name.rpartition(".")[2]
    if last.startswith("frequenc") and first:
        return "first_frequencies"
    if parameter.ndim == 2:
        return "matrices"
    if last.startswith(("frequenc", "phase")):
        return "frequencies"
    return "biases" if last == "bias" else "gates"
