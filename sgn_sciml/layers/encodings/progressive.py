r"""An encoding that lets its frequencies in one after another.

.. math::
    e_i(s; p) = \mathrm{clip}(p\, m - r_i,\ 0,\ 1)\; e_i(s)

r_i is the rank of the frequency of feature i among the m different magnitudes, that of the lowest
being 0 but for features without a frequency, which are always there. Progress p goes from 0 to 1
while training, moved by the callback :class:`~sgn_sciml.callbacks.ProgressiveFrequencies`; at 1
nothing is masked. A network that sees low frequencies first does not fit noise of the high ones
into what is smooth.

The paper's masks also differ from place to place, by the error of each; ours are those of its
temporal part, the same everywhere.

References:
    Hertz et al., *SAPE: spatially-adaptive progressive encoding for neural optimization* (2021),
    https://arxiv.org/abs/2104.09125
"""

import torch
from torch import Tensor, nn

from sgn_sciml.layers.encodings.fourier import Encoding

__all__ = ["Progressive"]


class Progressive(Encoding):
    """Another encoding with a mask on its features, all ones until progress is set.

    Args:
        encoding: The encoding, which must know its frequencies.

    Raises:
        NotImplementedError: If it does not.
    """

    mask: Tensor
    rank: Tensor

    def __init__(self, encoding: Encoding) -> None:
        super().__init__(encoding.in_features, encoding.out_features)
        self.encoding = encoding
        magnitudes = encoding.magnitudes()
        different = torch.unique(magnitudes[magnitudes > 0])
        rank = torch.searchsorted(different, magnitudes).to(magnitudes)
        self.steps = len(different)
        self.register_buffer("rank", torch.where(magnitudes > 0, rank, -torch.inf))
        self.register_buffer("mask", torch.ones_like(rank))

    def set_progress(self, progress: float) -> None:
        """Let in the frequencies of a progress between 0 and 1."""
        self.mask.copy_((progress * self.steps - self.rank).clamp(0, 1))

    def init_behind(self, linear: nn.Linear) -> None:
        self.encoding.init_behind(linear)

    def forward(self, s: Tensor) -> Tensor:
        y: Tensor = self.encoding(s) * self.mask
        return y
