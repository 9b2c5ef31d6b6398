r"""The hidden layers of any module: where an activation sits between two linear layers.

A hidden layer is recognised by its structure:

- in an ``nn.Sequential`` (nested ones are read as one chain), one activation between two linear
  layers, beside norms and dropouts; an activation at the end of the chain is an output, not a
  hidden layer;
- in a module with attributes ``fc1, act, fc2`` (timm, :class:`~sgn_sciml.layers.FeedForward`),
  ``fc1, activation_fn, fc2`` or ``linear1, activation, linear2`` (PyTorch's transformer layers),
  whose activation is a function or a module;
- in a module with attributes ``intermediate`` (of ``dense, intermediate_act_fn``) and ``output``
  (of ``dense``): the layers of BERT and its relatives in transformers;
- in a module with attributes ``fcs`` (a list of two linear layers, or of two ``nn.Conv1d`` with
  kernel size 1 on channels-first fields) and ``non_linearity``: the channel MLPs of
  neuraloperator, in its blocks, lifting and projection. In longer lists one activation serves
  several places, which cannot have gates of their own; they are left alone.

Activations with parameters of their own (PReLU, gates) are left alone.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeGuard

from torch import Tensor, nn

from sgn_sciml.layers import Activation

__all__ = ["NORMS", "Hidden", "LinearLayer", "hidden_layers", "sizes"]

LinearLayer = nn.Linear | nn.Conv1d
Address = tuple[str, nn.Module, str]  # of a module: full name, owner, key there

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
        before: The linear layer in front, an ``nn.Linear`` or a pointwise ``nn.Conv1d``.
        between: Other modules that may stand between the linear layers.
        after: The linear layer behind.
    """

    name: str
    owner: nn.Module
    key: str
    before: LinearLayer
    between: tuple[nn.Module, ...]
    after: LinearLayer

    @property
    def width(self) -> int:
        """Number of hidden units."""
        return sizes(self.before)[1]

    @property
    def channels_first(self) -> bool:
        """Whether the fields have shape ``(batch, width, *space)``."""
        return isinstance(self.before, nn.Conv1d)

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
        if is_chain(owner):
            layers = in_chain(name, owner, ACTIVATIONS + more)
        else:
            layers = in_attributes(name, owner)
        for layer in layers:
            found.setdefault((id(layer.owner), layer.key), layer)
    if not found:
        raise ValueError(
            f"no activation to replace in {type(module).__name__}: looked for one activation "
            "without parameters between two nn.Linear in an nn.Sequential, for attributes "
            f"{' or '.join(str(slot) for slot in SLOTS)} with two nn.Linear of equal hidden "
            "width, for attributes 'intermediate', 'output' as in BERT, and for attributes "
            "'fcs', 'non_linearity' with two linear layers in fcs"
        )
    return list(found.values())


def in_attributes(name: str, owner: nn.Module) -> Iterator[Hidden]:
    """Hidden layers of a module whose attributes have the usual names."""
    for slot in SLOTS:
        before, after = getattr(owner, slot[0], None), getattr(owner, slot[2], None)
        if isinstance(before, nn.Linear) and isinstance(after, nn.Linear):
            yield from fitting(name, owner, before, slot[1], after, slot)
    inner, key = getattr(owner, "intermediate", None), "intermediate_act_fn"
    before = getattr(inner, "dense", None)
    after = getattr(getattr(owner, "output", None), "dense", None)
    if (
        isinstance(inner, nn.Module)
        and isinstance(before, nn.Linear)
        and isinstance(after, nn.Linear)
    ):
        yield from fitting(join(name, "intermediate"), inner, before, key, after, ("dense", key))
    fcs, key = getattr(owner, "fcs", None), "non_linearity"
    if isinstance(fcs, nn.ModuleList) and len(fcs) == 2:
        before, after = fcs
        if is_linear(before) and is_linear(after):
            yield from fitting(name, owner, before, key, after, ("fcs", key))


def fitting(
    name: str,
    owner: nn.Module,
    before: LinearLayer,
    key: str,
    after: LinearLayer,
    own: tuple[str, ...],
) -> Iterator[Hidden]:
    """The hidden layer in these attributes, if they fit together."""
    alike = isinstance(before, nn.Conv1d) is isinstance(after, nn.Conv1d)
    if alike and sizes(before)[1] == sizes(after)[0] and is_plain(getattr(owner, key, None)):
        # a transformer layer's norms are outside its feed-forward block, as its code shows
        others = [] if isinstance(owner, TRANSFORMERS) else owner.named_children()
        between = tuple(child for k, child in others if k not in own)
        yield Hidden(join(name, key), owner, key, before, between, after)


def in_chain(
    name: str, sequence: nn.Module, activations: tuple[type[nn.Module], ...]
) -> Iterator[Hidden]:
    """Hidden layers of an ``nn.Sequential``."""
    before: nn.Linear | None = None
    between: list[nn.Module] = []
    places: list[Address] = []
    for place, child in flatten(name, sequence):
        if isinstance(child, nn.Linear):
            # FAN or bases change the number of channels, a gate does not
            if (
                before is not None
                and len(places) == 1
                and before.out_features == child.in_features
            ):
                yield Hidden(*places[0], before, tuple(between), child)
            before, between, places = child, [], []
        elif isinstance(child, activations) and not learns(child):
            places.append(place)
        elif isinstance(child, GLUE):
            between.append(child)
        else:
            before = None


def fits(before: nn.Linear, after: nn.Linear) -> bool:
    """Whether what is between keeps the number of channels, as a gate does; bases do not."""
    return before.out_features == after.in_features


def flatten(name: str, sequence: nn.Module) -> Iterator[tuple[Address, nn.Module | None]]:
    """Each place of a chain and its module; nested chains are opened."""
    for key, child in sequence._modules.items():  # named_children() skips repeated instances
        if child is not None and is_chain(child):
            yield from flatten(join(name, key), child)
        else:
            yield (join(name, key), sequence, key), child


def is_chain(module: nn.Module) -> bool:
    """Whether a module just runs its children one after the other."""
    return isinstance(module, nn.Sequential) and type(module).forward is nn.Sequential.forward


def is_linear(module: nn.Module) -> TypeGuard[LinearLayer]:
    """Whether a module mixes the channels of one point."""
    if isinstance(module, nn.Conv1d):
        shape = (module.kernel_size, module.stride, module.padding, module.groups)
        return shape == ((1,), (1,), (0,), 1)
    return isinstance(module, nn.Linear)


def sizes(linear: LinearLayer) -> tuple[int, int]:
    """Channels in and out; the weight is not touched, it may be computed."""
    if isinstance(linear, nn.Linear):
        return linear.in_features, linear.out_features
    return linear.in_channels, linear.out_channels


def is_plain(activation: object) -> bool:
    """Whether something is an activation without parameters."""
    nothing = isinstance(activation, nn.Identity) or learns(activation)
    return callable(activation) and not nothing


def learns(activation: object) -> bool:
    """Whether an activation has parameters."""
    return isinstance(activation, nn.Module) and next(activation.parameters(), None) is not None


def join(name: str, key: str) -> str:
    """The full name of a child."""
    return f"{name}.{key}" if name else key
