r"""Diagonal gates as one operation of the kernel.

.. math::
    T(u) = \varphi(u) + \alpha \cos(\omega u + b) + \beta \sin(\omega u + b)

A program has nine operations for that, each of which reads and writes all streams of a jet. One
function has one chain rule, and derivatives of order k are those of the base plus
:math:`\omega^k` times a wave.
"""

from collections import Counter
from collections.abc import Sequence

from sgn_sciml.jets.program import Node

__all__ = ["merged"]

BASES = ("tanh", "exp", "sigmoid", "gelu", "square", "reciprocal", "sqrt", "abs", "log", "atan")


def merged(
    nodes: Sequence[Node], outputs: Sequence[int], sizes: Sequence[int]
) -> tuple[list[Node], tuple[int, ...]]:
    """Put gates in the place of what they are recorded as.

    Args:
        nodes: The operations in order.
        outputs: The operations that are asked for.
        sizes: Numbers in each tensor.

    Returns:
        Operations and outputs; a ``gate`` takes a jet and the tensors omega, b, alpha and beta,
        and its function is the base, empty for none.
    """
    uses = Counter(i for node in nodes for i in node.inputs) + Counter(outputs)
    gates: dict[int, Node] = {}
    gone: set[int] = set()
    for i, node in enumerate(nodes):
        found = _waves(nodes, i, uses, sizes) or _with_base(nodes, node, gates, uses)
        if found is not None:
            gates[i], parts = found
            gone |= parts
    places: dict[int, int] = {}
    kept: list[Node] = []
    for i, node in enumerate(nodes):
        if i in gone:
            continue
        places[i] = len(kept)
        whole = gates.get(i, node)
        kept.append(whole._replace(inputs=tuple(places[k] for k in whole.inputs)))
    return kept, tuple(places[i] for i in outputs)


def _waves(
    nodes: Sequence[Node], i: int, uses: Counter[int], sizes: Sequence[int]
) -> tuple[Node, set[int]] | None:
    """The waves of a gate that end in an operation, and what they are made of."""
    node = nodes[i]
    if node.kind != "add" or node.flat:
        return None
    parts, amplitudes, phases = set(node.inputs), {}, set()
    for k in node.inputs:
        if not _single(nodes[k], "scale", node.width, sizes) or uses[k] != 1:
            return None
        (at,) = nodes[k].inputs
        wave = nodes[at]
        if wave.function not in ("cos", "sin") or uses[at] != 1:
            return None
        amplitudes[wave.function] = nodes[k].tensors[0]
        phases |= set(wave.inputs)
        parts.add(at)
    if len(amplitudes) < 2 or len(phases) > 1:
        return None
    (shift,) = phases
    if not _single(nodes[shift], "shift", node.width, sizes) or uses[shift] != 2:
        return None
    (scale,) = nodes[shift].inputs
    if not _single(nodes[scale], "scale", node.width, sizes) or uses[scale] != 1:
        return None
    tensors = (
        *nodes[scale].tensors,
        *nodes[shift].tensors,
        amplitudes["cos"],
        amplitudes["sin"],
    )
    gate = node._replace(kind="gate", inputs=nodes[scale].inputs, tensors=tensors)
    return gate, parts | {shift, scale}


def _single(node: Node, kind: str, width: int, sizes: Sequence[int]) -> bool:
    """Whether an operation takes one number of a tensor for each channel."""
    return node.kind == kind and len(node.tensors) == 1 and sizes[node.tensors[0]] == width


def _with_base(
    nodes: Sequence[Node], node: Node, gates: dict[int, Node], uses: Counter[int]
) -> tuple[Node, set[int]] | None:
    """A gate with its base, where a function of the same jet is added to waves."""
    if node.kind != "add":
        return None
    for one, two in (node.inputs, node.inputs[::-1]):
        gate, base = gates.get(one), nodes[two]
        if gate is None or gate.function or base.function not in BASES:
            continue
        if base.inputs == gate.inputs and uses[one] == uses[two] == 1:
            whole = gate._replace(function=base.function, trains=node.trains)
            return whole, {one, two}
    return None
