r"""Narrow hidden layers, so that what is put into them is paid out of the same parameter budget.

A hidden layer of n units between d and d' channels has :math:`n (d + 1 + d')` weights beside the
output bias. A dense gate with m frequencies and one gate value per channel adds
:math:`(3m + 2)\, n + m`, so the layer keeps its count at the width

.. math::
    n' = \frac{n\, (d + 1 + d') - m}{d + d' + 3m + 3}.

The code does not use this formula: it counts parameters at trial widths, whatever is put in and
however the hidden layers share their linear layers; a complex number counts as two. All layers
are narrowed by the same fraction. The units kept are those with the largest
:math:`\|w_{in}\|\, \|w_{out}\|`, the norm of the weights into a unit times the norm of the weights
out of it.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor, nn

from sgn_sciml.networks.hidden import NORMS, Hidden, sizes

__all__ = ["matching_widths", "narrow", "real_size"]


def matching_widths(
    module: nn.Module,
    layers: Sequence[Hidden],
    added: Callable[[Hidden, int], int],
    tolerance: float = 0.02,
    budget: int | None = None,
) -> list[int]:
    """Hidden widths at which a module keeps its number of parameters when something is added.

    Layers of equal width stay equal if that meets the tolerance; otherwise some are one unit
    wider than the rest.

    Args:
        module: The module.
        layers: Its hidden layers.
        added: Number of parameters added to a layer of a given width.
        tolerance: Deviation allowed, relative to the budget.
        budget: Number of real parameters to end with; those of the module when None.

    Returns:
        One width per layer, at least 1.

    Raises:
        ValueError: If a layer cannot be narrowed, or no widths meet the tolerance.
    """
    check_narrowable(module, layers)
    present = real_size(module.parameters())
    budget = present if budget is None else budget
    linears = {id(linear): linear for h in layers for linear in (h.before, h.after)}
    others = present - sum(real_size(x.parameters()) for x in linears.values())
    order = sorted((unit / h.width, k) for k, h in enumerate(layers) for unit in range(h.width))

    def widths(units: int) -> list[int]:
        kept = Counter(k for _, k in order[:units])
        return [kept[k] for k in range(len(layers))]

    def excess(units: int) -> int:
        total, chosen = others, list(zip(layers, widths(units), strict=True))
        n_in = {id(h.after): n for h, n in chosen}
        n_out = {id(h.before): n for h, n in chosen}
        for key, linear in linears.items():
            columns, rows = sizes(linear)
            columns = n_in.get(key, columns) + (linear.bias is not None)
            total += n_out.get(key, rows) * columns
        for h, n in chosen:
            per_unit = sum(real_size(norm.parameters()) for norm in h.between) // h.width
            total += added(h, n) - per_unit * (h.width - n)
        return total - budget

    every = range(len(layers), len(order) + 1)
    even = [i for i in every if i == len(order) or order[i][0] > order[i - 1][0]]
    for steps in (even, every):
        i = bisect_left(steps, 0, key=excess)
        best = min(steps[max(i - 1, 0) : i + 1], key=lambda units: abs(excess(units)))
        if abs(excess(best)) <= tolerance * budget:
            return widths(best)
    raise ValueError(
        f"no hidden widths keep {budget} parameters within {tolerance:.0%}: {widths(best)} come "
        f"nearest, off by {excess(best):+d}. Add less (fewer frequencies, a diagonal gate)"
    )


def real_size(parameters: Iterable[Tensor]) -> int:
    """Number of real numbers in parameters, frozen ones included."""
    return sum(p.numel() * (2 if p.is_complex() else 1) for p in parameters)


def check_narrowable(module: nn.Module, layers: Sequence[Hidden]) -> None:
    """Raise a ValueError that names the first layer whose width cannot be changed safely."""
    uses = Counter(id(p) for _, p in module.named_parameters(remove_duplicate=False))
    for h in layers:
        for linear in (h.before, h.after):
            if "weight" not in linear._parameters:
                raise ValueError(f"cannot narrow {h.name!r}: a weight beside it is parametrized")
            if uses[id(linear.weight)] > 1:
                raise ValueError(f"cannot narrow {h.name!r}: a weight beside it is shared")
        for other in h.between:
            tensors = [t for t in (*other.parameters(), *other.buffers()) if t.dim() > 0]
            per_unit = isinstance(other, NORMS) and all(t.shape == (h.width,) for t in tensors)
            if tensors and not per_unit:
                raise ValueError(f"cannot narrow {h.name!r}: its width may be fixed in {other}")


def narrow(layers: Sequence[Hidden], widths: Sequence[int]) -> None:
    """Keep the strongest units of each hidden layer, in their old order and in place.

    Linear layers and norms stay the same modules and get new, smaller parameters.

    Args:
        layers: Hidden layers.
        widths: Their new widths.
    """
    kept = [strongest(h, n) for h, n in zip(layers, widths, strict=True)]
    for h, units in zip(layers, kept, strict=True):
        cut(h.before, "weight", units, 0)
        cut(h.before, "bias", units, 0)
        cut(h.after, "weight", units, 1)
        kind = "channels" if h.channels_first else "features"
        setattr(h.before, f"out_{kind}", len(units))
        setattr(h.after, f"in_{kind}", len(units))
        if isinstance(getattr(h.owner, "hidden_channels", None), int):
            h.owner.hidden_channels = len(units)  # type: ignore[assignment]
        for norm in h.between:
            if isinstance(norm, NORMS):
                for name in (*norm._parameters, *norm._buffers):
                    cut(norm, name, units, 0)
                size = "num_features" if isinstance(norm, nn.BatchNorm1d) else "normalized_shape"
                setattr(norm, size, len(units) if size == "num_features" else (len(units),))


def strongest(layer: Hidden, width: int) -> Tensor:
    """Indices of the units with the largest norm of weights in times norm of weights out."""
    with torch.no_grad():
        inward = layer.before.weight.flatten(1).norm(dim=1)
        outward = layer.after.weight.transpose(0, 1).flatten(1).norm(dim=1)
        strength = inward * outward
    units: Tensor = strength.topk(width).indices.sort().values
    return units


def cut(module: nn.Module, name: str, units: Tensor, dim: int) -> None:
    """Keep the given entries of a parameter or buffer; None and scalars stay."""
    old: Tensor | None = getattr(module, name)
    if old is not None and old.dim() > 0:
        new = old.detach().index_select(dim, units)
        trains = isinstance(old, nn.Parameter)
        setattr(module, name, nn.Parameter(new, old.requires_grad) if trains else new)
