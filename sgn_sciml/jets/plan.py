r"""The plan of derivatives that travel through a network together, and of how they mix.

A network is differentiated by sending *streams* through it: its value and linear combinations of
its derivatives. Derivatives that an equation only adds up, with constant coefficients, travel as
one stream (they are *collapsed*). Burgers' equation needs three:

.. math::
    u, \quad u_x, \quad (\partial_t - \nu\,\partial_{xx})\,u

A derivative is an index, the sorted tuple of its coordinates: :math:`u_{xxt}` is ``(0, 0, 1)``
for coordinates (x, t), and the value is ``()``. An operator maps indices to coefficients.

Through a function, Faà di Bruno's formula mixes the streams, through a product Leibniz's rule:

.. math::
    f(z)_\alpha = \sum_{\pi} f^{(|\pi|)}(z) \prod_{\beta \in \pi} z_\beta, \qquad
    (f g)_\alpha = \sum_{\beta \subseteq \alpha} f_\beta\, g_{\alpha \setminus \beta}

over the partitions :math:`\pi`, and the subsets :math:`\beta`, of the places of :math:`\alpha`.
Both are linear in :math:`\alpha` but for products of lower derivatives, so that a combination of
derivatives travels alone, beside these.

References:
    Griewank and Walther, *Evaluating Derivatives* (2008), chapter 13

    Dangel, Siebert, Zeinhofer and Walther, *Collapsing Taylor mode automatic differentiation*
    (2025), https://arxiv.org/abs/2505.13644
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

__all__ = ["MAX_ORDER", "VALUE", "DifferentialOperator", "MultiIndex", "Plan", "operator"]

MAX_ORDER = 4

MultiIndex = tuple[int, ...]
DifferentialOperator = tuple[tuple[MultiIndex, float], ...]
VALUE: DifferentialOperator = (((), 1.0),)


def operator(terms: Mapping[MultiIndex, float]) -> DifferentialOperator:
    """An operator from indices and coefficients, in one order, without zeros."""
    return tuple(sorted((index, c) for index, c in terms.items() if c))


def lower(index: MultiIndex) -> Iterator[MultiIndex]:
    """Derivatives of lower order, but for the value, that an index needs beside it."""
    for size in range(1, len(index)):
        yield from combinations(index, size)


def partitions(places: tuple[int, ...]) -> Iterator[list[list[int]]]:
    """The partitions of a set into blocks."""
    if not places:
        yield []
        return
    first, rest = places[0], places[1:]
    for blocks in partitions(rest):
        yield [[first], *blocks]
        for i, block in enumerate(blocks):
            yield [*blocks[:i], [first, *block], *blocks[i + 1 :]]


@dataclass(frozen=True)
class Plan:
    """The streams of one evaluation.

    Attributes:
        dimension: Number of coordinates.
        streams: What each stream carries; the first carries the value.
    """

    dimension: int
    streams: tuple[DifferentialOperator, ...]

    @classmethod
    def fewest(cls, dimension: int, wanted: Iterable[DifferentialOperator]) -> "Plan":
        """The fewest streams that carry the wanted operators.

        Args:
            dimension: Number of coordinates.
            wanted: Operators that a residual asks for.

        Raises:
            NotImplementedError: For a derivative of an order above ``MAX_ORDER``.
        """
        wanted = list(dict.fromkeys(wanted))
        indices = {index for op in wanted for index, _ in op}
        if (order := max(map(len, indices), default=0)) > MAX_ORDER:
            raise NotImplementedError(f"a derivative of order {order}, above {MAX_ORDER}")
        single = {(), *(beta for index in indices for beta in lower(index))}
        while True:
            # what an operator needs beside the single derivatives; one more of them is as good
            rests = [operator({i: c for i, c in op if i not in single}) for op in wanted]
            if not (alone := {rest[0][0] for rest in rests if len(rest) == 1}):
                break
            single |= alone
        scaled = (tuple((i, c / rest[0][1]) for i, c in rest) for rest in rests if rest)
        collapsed = list(dict.fromkeys(scaled))
        if len(parts := {index for op in collapsed for index, _ in op}) <= len(collapsed):
            single, collapsed = single | parts, []
        alone_streams = sorted(single, key=lambda index: (len(index), index))
        return cls(dimension, (*(((i, 1.0),) for i in alone_streams), *collapsed))

    def __len__(self) -> int:
        return len(self.streams)

    @cached_property
    def place(self) -> dict[MultiIndex, int]:
        """The stream of each single derivative."""
        return {op[0][0]: k for k, op in enumerate(self.streams) if len(op) == 1}

    def combination(self, wanted: DifferentialOperator) -> tuple[float, ...]:
        """An operator as a combination of streams, one coefficient for each.

        Raises:
            KeyError: If the streams do not carry it.
        """
        found = [0.0] * len(self)
        rest = {}
        for index, c in wanted:
            if index in self.place:
                found[self.place[index]] = c
            else:
                rest[index] = c
        if rest:
            op = operator(rest)
            scale = op[0][1]
            stream = tuple((i, c / scale) for i, c in op)
            if stream not in self.streams:
                raise KeyError(op)
            found[self.streams.index(stream)] = scale
        return tuple(found)

    @cached_property
    def first_order(self) -> tuple[tuple[float, ...], ...]:
        """What each stream holds of each coordinate, differentiated by itself."""
        known = [dict(op) for op in self.streams]
        return tuple(tuple(op.get((i,), 0.0) for i in range(self.dimension)) for op in known)

    @cached_property
    def chain(self) -> tuple[tuple[tuple[float, tuple[int, ...]], ...], ...]:
        """Faà di Bruno: for each stream, coefficients and the streams that are multiplied.

        A product of k streams comes with the k-th derivative of the function.
        """
        rules = []
        for k, op in enumerate(self.streams):
            terms: dict[tuple[int, ...], float] = defaultdict(float)
            for index, c in op:
                for blocks in partitions(tuple(range(len(index)))):
                    if len(blocks) == 1:
                        continue  # linear: the stream itself
                    parts = (tuple(index[i] for i in block) for block in blocks)
                    terms[tuple(sorted(self.place[tuple(sorted(p))] for p in parts))] += c
            if op != VALUE:
                terms[k,] += 1.0
            rules.append(tuple((c, ids) for ids, c in terms.items()))
        return tuple(rules)

    def fill(self) -> None:
        """Compute all tables, for a compiler that cannot trace how they are kept."""
        for name, kept in vars(type(self)).items():
            if isinstance(kept, cached_property):
                getattr(self, name)

    @cached_property
    def chain_back(self) -> tuple[tuple[float, int, int, int, tuple[int, ...]], ...]:
        """What Faà di Bruno's formula gives back to each stream of its argument.

        Each entry (c, to, stream, order, factors) adds c times the adjoint of ``stream``, the
        derivative of that order and the streams ``factors`` to the adjoint of the stream ``to``.
        """
        terms: dict[tuple[int, int, int, tuple[int, ...]], float] = defaultdict(float)
        for stream, rule in enumerate(self.chain):
            for c, ids in rule:
                terms[0, stream, len(ids) + 1, ids] += c
                for place, to in enumerate(ids):
                    terms[to, stream, len(ids), (*ids[:place], *ids[place + 1 :])] += c
        return tuple((c, *key) for key, c in sorted(terms.items()))

    @cached_property
    def product(self) -> tuple[tuple[tuple[float, int, int], ...], ...]:
        """Leibniz: for each stream, coefficients and the streams of the two factors."""
        rules = []
        for k, op in enumerate(self.streams):
            terms: dict[tuple[int, int], float] = defaultdict(float)
            for index, c in op:
                places = range(len(index))
                for size in range(1, len(index)):
                    for chosen in combinations(places, size):
                        left = tuple(index[i] for i in chosen)
                        right = tuple(index[i] for i in places if i not in chosen)
                        terms[self.place[left], self.place[right]] += c
            terms[0, k] += 1.0
            if k:
                terms[k, 0] += 1.0
            rules.append(tuple((c, *ids) for ids, c in terms.items()))
        return tuple(rules)
