"""The scalings of input and target, as a task uses them between physical units and its network."""

from collections.abc import Mapping

import torch
from torch import Tensor

from sgn_sciml.metrics.base import accumulator
from sgn_sciml.operators.normalizers import Normalizer

__all__ = ["Units"]


class Units:
    """Scalings of ``input`` and ``target``, either of which may be missing.

    Args:
        scaling: The scalings by name, which follow the device of what they are given.
    """

    def __init__(self, scaling: Mapping[str, Normalizer]) -> None:
        self.scaling = scaling

    @property
    def alike(self) -> bool:
        """Whether input and target are scaled by the same numbers."""
        return self.scaling.get("input") is self.scaling.get("target")

    def scaled(self, which: str, x: Tensor) -> Tensor:
        """Physical values in scaled units."""
        found = self._of(which, x)
        return x if found is None else found(x)

    def physical(self, which: str, x: Tensor) -> Tensor:
        """Scaled values in physical units."""
        found = self._of(which, x)
        return x if found is None else found.inverse(x)

    def as_target(self, x: Tensor) -> Tensor:
        """A field in the units of the input in those of the target."""
        return x if self.alike else self.scaled("target", self.physical("input", x))

    def without_constants(self, y: Tensor) -> Tensor:
        """An output whose constant channels are as they were in training."""
        found = self._of("target", y)
        return y if found is None else found.without_constants(y)

    def deviation(self, like: Tensor) -> Tensor:
        """Deviation of the target over all channels; 1 where nobody told."""
        found = self._of("target", like)
        if found is None or not found.std.numel():
            return like.new_ones(())
        square = found.std.to(like).square().mean()
        return torch.where(square == 0, 1.0, square).sqrt()

    def _of(self, which: str, like: Tensor) -> Normalizer | None:
        found = self.scaling.get(which)
        if found is not None and found.mean.device != like.device:
            found.to(like.device, accumulator(like.device))
        return found
