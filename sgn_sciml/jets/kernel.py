"""Hand programs to the kernel."""

import ctypes
from collections.abc import Sequence
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from torch import Tensor

from sgn_sciml.jets.merging import merged
from sgn_sciml.jets.plan import MAX_ORDER, Plan
from sgn_sciml.jets.program import FUNCTIONS, Node

__all__ = ["Aim", "Rounding", "address", "addresses", "encode"]

KINDS = (
    *("input", "linear", "function", "add", "product"),
    *("scale", "shift", "join", "columns", "stream", "gate"),
)
WORDS = (
    *("kind", "width", "flat", "trains", "function", "first", "second"),
    *("inputs", "input_count", "detail", "detail_count", "partner"),
)
NODE = np.dtype([(word, np.int64) for word in WORDS])
FACTORS = ("factors", np.int64, MAX_ORDER)
TERM = np.dtype(
    [
        ("c", np.float64),
        *((word, np.int64) for word in ("to", "stream", "order", "count")),
        FACTORS,
    ]
)
PAIR = np.dtype([("c", np.float64), ("stream", np.int64), ("left", np.int64), ("right", np.int64)])


class Aim(IntEnum):
    """What residuals are: outputs, what is missing to targets, or sums with given slopes."""

    VANISH, MEET, SLOPES = range(3)


class Rounding(IntEnum):
    """How numbers enter matrix products: whole, as one bfloat16 number or as two, their sum."""

    NONE, HALVES, SPLIT = range(3)


class Encoded(NamedTuple):
    """A program as the kernel takes it.

    Attributes:
        address: Address of its head.
        arrays: What the head points to, kept alive.
    """

    address: ctypes.Array[ctypes.c_int64]
    arrays: tuple[np.ndarray, ...]


@lru_cache(maxsize=64)
def encode(
    plan: Plan, operations: Sequence[Node], outputs: tuple[int, ...], sizes: tuple[int, ...]
) -> Encoded:
    """Lay a program out in memory; without its tensors, of which it takes the sizes."""
    operations, outputs = merged(operations, outputs, sizes)
    nodes = np.zeros(len(operations), NODE)
    inputs: list[int] = []
    detail: list[float] = []
    waves: dict[tuple[int, ...], int] = {}
    for i, (row, node) in enumerate(zip(nodes, operations, strict=True)):
        row["partner"] = -1
        if node.function in ("sin", "cos"):
            first = waves.setdefault(node.inputs, i)
            if operations[first].function != node.function:
                row["partner"] = first
        row["kind"], row["width"] = KINDS.index(node.kind), node.width
        row["flat"], row["trains"] = node.flat, node.trains
        row["function"] = FUNCTIONS.index(node.function) if node.function else -1
        row["first"], row["second"] = (*node.tensors, -1, -1)[:2]
        row["inputs"], row["input_count"] = len(inputs), len(node.inputs)
        constants = node.tensors if node.kind == "gate" else node.detail
        row["detail"], row["detail_count"] = len(detail), len(constants)
        inputs += node.inputs
        detail += constants
    forward, backward, pairs = _rules(plan)
    arrays = (
        nodes,
        np.array(inputs, np.int64),
        np.array(detail, np.float64),
        forward,
        backward,
        pairs,
        np.array(plan.first_order, np.float64),
        np.array(outputs, np.int64),
        np.array(sizes, np.int64),
    )
    order = int(forward["order"].max())
    rules = (len(forward), len(backward), len(pairs))
    counts = (plan.dimension, len(plan), order, len(nodes), *rules, len(outputs))
    head = (*counts, *(array.ctypes.data for array in arrays))
    return Encoded((ctypes.c_int64 * len(head))(*head), arrays)


def _rules(plan: Plan) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The rules of a plan: of functions, forward and back, and of products."""

    def padded(ids: tuple[int, ...]) -> tuple[int, ...]:
        return (*ids, *[0] * (MAX_ORDER - len(ids)))

    forward = [
        (c, to, -1, len(ids), len(ids), padded(ids))
        for to, rule in enumerate(plan.chain)
        for c, ids in rule
    ]
    backward = [
        (c, to, stream, order, len(ids), padded(ids))
        for c, to, stream, order, ids in plan.chain_back
    ]
    pairs = [(c, k, i, j) for k, rule in enumerate(plan.product) for c, i, j in rule]
    return np.array(forward, TERM), np.array(backward, TERM), np.array(pairs, PAIR)


def address(tensor: Tensor | None) -> ctypes.c_void_p:
    """Where a tensor lies."""
    return ctypes.c_void_p(None if tensor is None else tensor.data_ptr())


def addresses(tensors: Sequence[Tensor | None]) -> ctypes.Array[ctypes.c_void_p]:
    """Where tensors lie."""
    return (ctypes.c_void_p * max(1, len(tensors)))(*(address(t) for t in tensors))
