r"""The coordinate network: a multilayer perceptron whose activation is injected.

.. math::
    h_0 = \mathrm{encode}(s(x)), \qquad h_{k+1} = T_k(W_k h_k + c_k), \qquad
    y = W_L h_L + c_L

with s the scaling of the domain to [-1, 1] and :math:`T_k` a spectral gate or one of its rivals.
PINNs and implicit representations share it. The read-out may also see the layers before the last,
:math:`y = W_L h_L + \sum_k S_k h_k + c_L`, which shortens the way of the gradient to them.

Kolmogorov-Arnold networks are of this form too. A layer that adds learned functions of its inputs
is a linear map of bases of each input, so that a KAN has bases of the coordinates as its encoding
(:class:`~sgn_sciml.layers.ActivationEncoding`) and bases of the channels as its activation.

An activation :math:`c \odot \sigma(r \odot u)` is folded: r multiplies the rows of the matrix
before it and c the columns of the next, n by n numbers instead of points by n, so that free
frequencies and gates cost no more than fixed ones.
"""

from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sgn_sciml.layers import Activation, ActivationLike, Encoding, SineGate, make_activation
from sgn_sciml.networks.base import CoordinateNetwork

__all__ = ["CoordinateMLP"]


class CoordinateMLP(CoordinateNetwork):
    """Multilayer perceptron on coordinates.

    Args:
        in_features: Number of coordinates; None for that of the encoding, or of the problem that
            the network is to solve, 2 until there is one.
        out_features: Number of fields; None for that of the problem, 1 until there is one.
        width: Hidden channels; of a Kolmogorov-Arnold network, before they are expanded.
        depth: Number of hidden layers.
        activation: Activation: a class such as ``Sine``, a name such as ``tanh``, a class or
            function of torch. By default gated sines, which learn from the first steps on; a
            dense gate near zero starts as GELU and is as slow as that on what oscillates.
        first_activation: Activation of the first hidden layer, where frequencies of the
            input are set; ``activation`` when None.
        encoding: Encoding of the scaled coordinates, or None.
        first_width: Channels of the first hidden layer, ``width`` when None. A wave of the
            coordinates costs few parameters.
        skips: Let the read-out see all hidden layers; its weights of those before the last start
            at zero.
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
        in_features: int | None = None,
        out_features: int | None = None,
        width: int = 32,
        depth: int = 3,
        activation: ActivationLike = SineGate,
        first_activation: ActivationLike | None = None,
        encoding: Encoding | None = None,
        first_width: int | None = None,
        skips: bool = False,
        head_scale: float = 1.0,
    ) -> None:
        sizes = in_features, out_features
        if in_features is None:
            in_features = 2 if encoding is None else encoding.in_features
        out_features = 1 if out_features is None else out_features
        settings: tuple[Any, ...] = (width, depth, activation, first_activation, encoding)
        settings = (*settings, first_width, skips, head_scale)
        self._build(in_features, out_features, *settings)
        # what take_sizes needs, if anything
        self._open: Any = (sizes, settings) if None in sizes else None

    def _build(
        self,
        in_features: int,
        out_features: int,
        width: int,
        depth: int,
        activation: ActivationLike,
        first_activation: ActivationLike | None,
        encoding: Encoding | None,
        first_width: int | None,
        skips: bool,
        head_scale: float,
    ) -> None:
        """Make the layers."""
        CoordinateNetwork.__init__(self, in_features, out_features)
        first_width = width if first_width is None else first_width
        if min(in_features, out_features, width, depth, first_width) < 1:
            raise ValueError(
                "in_features, out_features, width, depth and first_width must be at least 1, got "
                f"{in_features}, {out_features}, {width}, {depth}, {first_width}"
            )
        if encoding is not None and encoding.in_features != in_features:
            raise ValueError(
                f"the encoding has in_features={encoding.in_features}, the network {in_features}"
            )
        if not head_scale > 0:
            raise ValueError(f"head_scale must be positive, got {head_scale}")
        self.encoding = encoding if encoding is not None else nn.Identity()
        channels = encoding.out_features if encoding is not None else in_features
        before: Any = encoding
        layers: list[nn.Module] = []
        widths: list[int] = []
        for k in range(depth):
            wide = width if k else first_width
            linear = nn.Linear(channels, wide)
            act = make_activation((first_activation if k == 0 else None) or activation, wide)
            if act.in_features != wide:  # made anew: the order of random numbers stays
                linear = nn.Linear(channels, act.in_features)
            act.init_linear(linear, first=k == 0)
            if k or encoding is not None:
                before.init_behind(linear)
            layers += [linear, act]
            channels, before = act.out_features, act
            widths.append(channels)
        head = nn.Linear(channels, out_features)
        act.init_head(head)
        with torch.no_grad():
            head.weight.mul_(head_scale)
        self.layers = nn.Sequential(*layers, head)
        seen = widths[:-1] if skips else []
        self.skips = nn.ParameterList(torch.zeros(out_features, n) for n in seen)

    def take_sizes(self, in_features: int, out_features: int) -> None:
        if self._open is None:
            return
        sizes, settings = self._open
        pairs = zip(sizes, (in_features, out_features), strict=True)
        given, fields = (theirs if ours is None else ours for ours, theirs in pairs)
        if (given, fields) != (self.in_features, self.out_features):
            self._build(given, fields, *settings)
        self._open = None

    def forward(self, x: Tensor) -> Tensor:
        h: Tensor = self.encoding(self.scale(x))
        columns: Tensor | None = None
        seen: Tensor | None = None
        for k, (linear, act) in enumerate(self.hidden()):
            weight = times(linear.weight, columns)
            folded = None if act._forward_pre_hooks else act.folded()  # hooks ask for its input
            if folded is None:
                h, columns = act(F.linear(h, weight, linear.bias)), None
            else:
                rows, wave, columns = folded
                weight = (rows * weight.T).T  # one number, or one per row
                h = wave(F.linear(h, weight, rows * linear.bias))
            if k < len(self.skips):
                skip = F.linear(h, times(self.skips[k], columns))
                seen = skip if seen is None else seen + skip
        head = self.layers[-1]
        assert isinstance(head, nn.Linear)
        y = F.linear(h, times(head.weight, columns), head.bias)
        return y if seen is None else y + seen

    def roles(self) -> dict[str, list[Tensor]]:
        """Parameters by role.

        ``matrices`` between hidden layers, or behind an encoding, with what gates have of them;
        ``first`` weights of the coordinates, ``head`` weights with those of skips, ``biases``;
        ``gates``; phases and ``frequencies`` of waves, ``first_frequencies`` of the first layer or
        of an encoding, and its ``tables`` of features. Other coefficients of an activation count
        as gates.
        """
        head = self.layers[-1]
        assert isinstance(head, nn.Linear)
        roles: dict[str, list[Tensor]] = {
            "matrices": [],
            "first": [],
            "head": [head.weight, *self.skips],
            "biases": [head.bias],
            "gates": [],
            "frequencies": [],
            "first_frequencies": [],
            "tables": [],
        }
        for name, p in self.encoding.named_parameters():
            roles[_role(name, p, first=True)].append(p)
        for k, (linear, act) in enumerate(self.hidden()):
            encoded = not isinstance(self.encoding, nn.Identity)
            for name, p in linear.named_parameters():  # a complex matrix has half of its own
                matrix = "matrices" if k or encoded else "first"
                roles["biases" if name == "bias" else matrix].append(p)
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


def times(weight: Tensor, columns: Tensor | None) -> Tensor:
    """A weight with its columns multiplied, if there is anything to multiply them by."""
    return weight if columns is None else weight * columns


def _role(name: str, parameter: Tensor, first: bool) -> str:
    """The role of a parameter of an activation."""
    last = name.rpartition(".")[2]
    if last == "tables":
        return last
    if last.startswith("frequenc") and first:
        return "first_frequencies"
    if parameter.ndim == 2:
        return "matrices"
    if last.startswith(("frequenc", "phase")):
        return "frequencies"
    return "biases" if last == "bias" else "gates"
