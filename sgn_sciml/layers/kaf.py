r"""The Kolmogorov-Arnold Fourier network's activation, the predecessor of the spectral gate.

.. math::
    T(u) = a \odot \mathrm{GELU}(\tilde u) + b \odot V z(\tilde u), \qquad
    z(u) = \tfrac{1}{\sqrt m} [\cos(\Omega u + \theta),\ \sin(\Omega u + \theta)]

a starts at 1, b at 0.01; :math:`\tilde u` is u, or u normalised over the channels. Paper and
published code differ: the paper has a and b per channel and the factor :math:`1/\sqrt m`, the code
one number each and no such factor, and normalises for the waves only. The code's form is
:meth:`SpectralGate.kaf <sgn_sciml.layers.SpectralGate.kaf>` and the default here. (The read-out of
the waves has a bias, as in the code.)

References:
    Zhang et al., *Kolmogorov-Arnold Fourier Networks* (2025), https://arxiv.org/abs/2502.06018
"""

from sgn_sciml.layers.gate import SpectralGate

__all__ = ["Kaf"]


class Kaf(SpectralGate):
    r"""KAF's activation: a spectral gate with a learnable base, by its parameters in the paper.

    It has :math:`3mn + m + n` parameters and two coefficients, or two per channel.

    Args:
        features: Number of channels n.
        num_frequencies: Number of frequencies m.
        per_channel: The paper's form instead of the code's: coefficients per channel and
            :math:`1/\sqrt m`.
        layer_norm: Normalise u over the channels before the waves.
    """

    def __init__(
        self,
        features: int,
        num_frequencies: int = 9,
        per_channel: bool = False,
        layer_norm: bool = False,
    ) -> None:
        super().__init__(
            features,
            gate="channel" if per_channel else "scalar",
            learnable_base=True,
            num_frequencies=num_frequencies,
            normalize=per_channel,
            layer_norm=layer_norm,
        )
