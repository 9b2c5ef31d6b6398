r"""The activation interface and plain elementwise activations.

Networks take an *activation factory*: a callable that maps a number of channels to a module. A
gate has parameters per channel; an elementwise activation ignores the number. Rivals of the gate
plug in here, and may bring the initialisation their paper asks for in ``init_linear``.

Layers that replace a linear map and its activation plug in here as well, for each of them is an
activation between two linear maps whose numbers of channels differ: Kolmogorov-Arnold layers
expand their channels in bases (:mod:`sgn_sciml.layers.expansions`), FAN makes two waves of one
channel, a product takes several.
"""

import copy
import inspect
from collections.abc import Callable
from difflib import get_close_matches
from functools import partial
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = [
    "Activation",
    "ActivationFactory",
    "ActivationLike",
    "Elementwise",
    "Folded",
    "Function",
    "as_function",
    "make_activation",
]

FunctionName: TypeAlias = Literal[
    "celu",
    "cos",
    "elu",
    "gelu",
    "leaky_relu",
    "mish",
    "relu",
    "selu",
    "sigmoid",
    "silu",
    "sin",
    "softplus",
    "softsign",
    "tanh",
]
Function: TypeAlias = FunctionName | Callable[[Tensor], Tensor]
"""An elementwise function: its name, ``torch.tanh``, ``nn.Tanh`` or ``nn.Tanh()``."""


class Folded(NamedTuple):
    r"""An activation :math:`T(u) = c \odot \sigma(r \odot u)` whose factors go into matrices.

    Attributes:
        rows: r, a number or one per channel: multiplies the rows of the matrix before.
        wave: The elementwise function :math:`\sigma`.
        columns: c, likewise: multiplies the columns of the matrix after it; None for 1.
    """

    rows: Tensor | float
    wave: Callable[[Tensor], Tensor]
    columns: Tensor | None


class Activation(nn.Module):
    """Base of the activations, shape ``(..., in_features) -> (..., out_features)``.

    Args:
        features: Number of channels.
        in_features: Number of channels of the linear layer in front; ``features`` when None.
        out_features: Number of channels for the linear layer after it; ``features`` when None.

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
        """Initialise the linear layer after it, where that is this activation's affair: it is not.

        It is where the layer reads bases. Called after ``init_linear`` of what comes next.
        """

    def init_head(self, linear: nn.Linear) -> None:
        """Initialise the read-out after the last such activation: Xavier-uniform, zero bias."""
        nn.init.xavier_uniform_(linear.weight)
        nn.init.zeros_(linear.bias)

    def folded(self) -> Folded | None:
        """The activation as factors of its neighbours, n by n, where that spares work on points.

        None where there are none: for a function without factors, or a sum of two.
        """
        return None


ActivationFactory = Callable[[int], Activation]
ActivationLike: TypeAlias = FunctionName | ActivationFactory | Callable[[], nn.Module]
"""The argument of :func:`make_activation`; a function of tensors as well."""


class Elementwise(Activation):
    """An elementwise function as an activation.

    Args:
        features: Number of channels; any value, nothing depends on it.
        function: The function: ``tanh``, or for example ``torch.tanh`` (in a configuration
            ``torch.nn.functional.tanh``, whose signature can be checked).

    Raises:
        ValueError: If there is no such function.
    """

    def __init__(self, features: int, function: Function = F.tanh) -> None:
        super().__init__(features)
        self.function = as_function(function)

    def forward(self, u: Tensor) -> Tensor:
        return self.function(u)

    def extra_repr(self) -> str:
        return getattr(self.function, "__name__", type(self.function).__name__)


def as_function(given: Any) -> Callable[[Tensor], Tensor]:
    """An elementwise function from its name, from a class such as ``nn.Tanh``, or as it is.

    Raises:
        ValueError: If nothing is called so, or it cannot be called.

    Example:
        >>> as_function("tanh") is torch.tanh, as_function(nn.Tanh)
        (True, Tanh())
    """
    if isinstance(given, str):
        names = get_args(FunctionName)
        if given not in names:
            near = get_close_matches(given, names, 1)
            meant = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names)}"
            raise ValueError(f"no activation is called {given!r}; {meant}")
        found = getattr(torch if given in ("cos", "sigmoid", "sin", "tanh") else F, given)
    else:
        found = given() if inspect.isclass(given) and issubclass(given, nn.Module) else given
    if not callable(found):
        raise ValueError(f"an activation is a function of tensors, not {type(given).__name__}")
    function: Callable[[Tensor], Tensor] = found
    return function


def make_activation(given: Any, features: int) -> Activation:
    """An activation for some channels from whatever stands for one.

    Args:
        given: An activation factory: a class such as ``SpectralGate``, or a callable of the
            number of channels; the name of a function, ``"tanh"``; a function of tensors,
            ``torch.tanh``; a class of torch, ``nn.Tanh``; or a module, ``nn.Tanh()``, which is
            copied, as one with parameters has its own at each place.
        features: Number of channels.

    Raises:
        ValueError: If it is none of these, or an activation that is made already.
    """
    if isinstance(given, Activation):
        name = type(given).__name__
        raise ValueError(
            f"each activation has parameters of its own: give the class {name}, or "
            f"functools.partial({name}, ...), in place of one that is made"
        )
    if isinstance(given, nn.Module):
        return Elementwise(features, copy.deepcopy(given))
    if isinstance(given, str):
        return Elementwise(features, as_function(given))
    if not callable(given):
        raise ValueError(f"an activation cannot be made of {type(given).__name__}")
    kind = class_within(given)
    if kind is not None and not issubclass(kind, Activation):
        return Elementwise(features, given())
    try:
        made = given(features)
    except ValueError:
        raise
    except Exception as error:
        if not maps_tensors(given, features):
            name = getattr(given, "__name__", str(given))
            raise ValueError(f"the activation {name} fails: {error}") from error
        return Elementwise(features, given)
    if isinstance(made, Activation):
        return made
    return Elementwise(features, made if isinstance(made, nn.Module) else given)


def class_within(given: Any) -> type[nn.Module] | None:
    """The class of modules that a callable is or, where it is a partial, will make."""
    parts = (given.func, *given.args) if isinstance(given, partial) else (given,)
    for part in parts:
        if inspect.isclass(part) and issubclass(part, nn.Module):
            return part
    return None


def maps_tensors(given: Any, features: int) -> bool:
    """Whether it is a function of tensors."""
    try:
        return isinstance(given(torch.zeros(2, features)), Tensor)
    except Exception:  # of code that is not ours
        return False
