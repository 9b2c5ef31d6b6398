"""What each choice of a spectral gate is worth: tones learned with some of its parameters fixed.

A choice that freezes parameters is not charged for them: networks have equally many that train, so
that a frozen one is the wider.
"""

from collections.abc import Sequence
from typing import Any

from sgn_sciml.networks import CoordinateNetwork, freeze_parameters
from sgn_sciml.studies.experiments.tones import Tones

__all__ = ["FrozenTones"]


class FrozenTones(Tones):
    """Tones learned while parameters of some names keep their initial values.

    Args:
        frozen: Patterns of parameter names that do not train, for example ``*.frequencies``.
        kwargs: Arguments of :class:`Tones`.

    Raises:
        ValueError: If nothing is called so, or for what :class:`Tones` refuses.
    """

    def __init__(self, frozen: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.frozen = tuple(frozen)

    def make_network(self, width: int, first_width: int) -> CoordinateNetwork:
        made = super().make_network(width, first_width)
        freeze_parameters(made, self.frozen)
        return made
