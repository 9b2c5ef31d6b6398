r"""The hidden layers of any module: where an activation sits between two linear layers.

A hidden layer is recognised by its structure:

- in an ``nn.Sequential`` (nested ones are read as one chain), one activation between two linear
  layers, beside norms and dropouts; an activation at the end of the chain is an output, not a
  hidden layer;
- in a module with attributes ``fc1, act, fc2`` (timm, :class:`~sgn_sciml.layers.FeedForward`),
  ``fc1, activation_fn, fc2`` or ``linear1, activation, linear2`` (PyTorch's transformer layers),
  whose activation is a function or a module.

Activations with parameters of their own (PReLU, gates) are left alone.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from torch import Tensor, nn

from sgn_sciml.layers import Activation

__all__ = ["NORMS", "Hidden", "hidden_layers"]

NORMS = (nn.LayerNorm, nn.RMSNorm, nn.BatchNorm1d)
GLUE = (*NORMS, nn.AlphaDropout, nn.Dropout, nn.Identity)
SLOTS = (
    ("fc1", "act", "fc2"),
    ("fc1", "activation_fn", "fc2"),
    ("linear1", "activation", "linear2"),
)
TRANSFORMERS = (nn.TransformerEncoderLayer, nn.TransformerDecoderLayer)
ACTIVATIONS: tuple[type[nn.Module], ...] = (
    *(Activation, nn.CELU, nn.ELU, nn.GELU, nn.Hardsigmoid, nn.Hardswish, nn.Hardtanh),
    *(nn.LeakyReLU, nn.LogSigmoid, nn.Mish, nn.ReLU, nn.SELU, nn.Sigmoid, nn.SiLU, nn.Softplus),
    *(nn.Softsign, nn.Tanh, nn.Tanhshrink),
)


class Hidden(NamedTuple):
    """A hidden layer: linear layer, activation, linear layer.

    Attributes:
        name: Full name of the activation.
        owner: The module that holds the activation.
        key: Its name there.
        before: The linear layer in front.
        between: Other modules that may stand between the linear layers.
        after: The linear layer behind.
    """

    name: str
    owner: nn.Module
    key: str
    before: nn.Linear
    between: tuple[nn.Module, ...]
    after: nn.Linear

    @property
    def width(self) -> int:
        """Number of hidden units."""
        return self.before.out_features

    @property
    def activation(self) -> Callable[[Tensor], Tensor]:
        """The activation, a module or a function."""
        activation: Callable[[Tensor], Tensor] = getattr(self.owner, self.key)
        return activation


def hidden_layers(module: nn.Module, more: tuple[type[nn.Module], ...] = ()) -> list[Hidden]:
    """Find the hidden layers of a module.

    Args:
        module: Any module.
        more: Further classes that count as activations in an ``nn.Sequential``.

    Returns:
        The layers, each place once, in the order of the module's names.

    Raises:
        ValueError: If there are none.
    """
    found: dict[tuple[int, str], Hidden] = {}
    for name, owner in module.named_modules():
        chain = (
            in_chain(name, owner, ACTIVATIONS + more) if is_chain(owner) else in_slots(name, owner)
        )
        for layer in chain:
            found.setdefault((id(layer.owner), layer.key), layer)
    if not found:
        raise ValueError(
            f"no activation to replace in {type(module).__name__}: looked for one activation "
            "without parameters between two nn.Linear in an nn.Sequential, and for attributes "
            f"{' or '.join(str(slot) for slot in SLOTS)} with two nn.Linear of equal hidden width"
        )
    return list(found.values())


def in_slots(name: str, owner: nn.Module) -> Iterator[Hidden]:
    """Hidden layers of a module whose attributes have the usual names."""
    for slot in SLOTS:
        before, activation, after = (getattr(owner, key, None) for key in slot)
        if not (isinstance(before, nn.Linear) and isinstance(after, nn.Linear)):
            continue
        plain = callable(activation) and not isinstance(activation, nn.Identity)
        if plain and not learns(activation) and before.out_features == after.in_features:
            # a transformer layer's norms are outside its feed-forward block, as its code shows
            others = [] if isinstance(owner, TRANSFORMERS) else owner.named_children()
            between = tuple(child for key, child in others if key not in slot)
            yield Hidden(join(name, slot[1]), owner, slot[1], before, between, after)


def in_chain(
    name: str, chain: nn.Module, activations: tuple[type[nn.Module], ...]
) -> Iterator[Hidden]:
    """Hidden layers of an ``nn.Sequential``."""
    before: nn.Linear | None = None
    between: list[nn.Module] = []
    places: list[tuple[str, nn.Module, str]] = []
    for path, owner, key, child in flatten(name, chain):
        if isinstance(child, nn.Linear):
            if before is not None and len(places) == 1:
                yield Hidden(*places[0], before, tuple(between), child)
            before, between, places = child, [], []
        elif isinstance(child, activations) and not learns(child):
            places.append((path, owner, key))
        elif isinstance(child, GLUE):
            between.append(child)
        else:
            before = None


def flatten(name: str, chain: nn.Module) -> Iterator[tuple[str, nn.Module, str, nn.Module | None]]:
    """Full name, owner, key and module at each place of a chain; nested chains are opened."""
    for key, child in chain._modules.items():  # named_children() skips repeated instances
        if child is not None and is_chain(child):
            yield from flatten(join(name, key), child)
        else:
            yield join(name, key), chain, key, child


def is_chain(module: nn.Module) -> bool:
    """Whether a module just runs its children one after the other."""
    return isinstance(module, nn.Sequential) and type(module).forward is nn.Sequential.forward


def learns(activation: object) -> bool:
    """Whether an activation has parameters."""
    return isinstance(activation, nn.Module) and any(True for _ in activation.parameters())


def join(name: str, key: str) -> str:
    """The full name of a child."""
    return f"{name}.{key}" if name else key
