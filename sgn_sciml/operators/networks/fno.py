r"""Fourier neural operators of the ``neuraloperator`` library.

.. math::
    v_0 = P(a, x), \qquad v_{l+1} = \sigma\bigl(K_l v_l + W_l v_l\bigr), \qquad u = Q(v_L)

:math:`K_l` multiplies the lowest Fourier modes by complex weights; what lies above them passes
through :math:`W_l` only. The arithmetic is real (:mod:`sgn_sciml.operators.networks.fourier`), the
weights go to and fro as the library's.

References:
    Li et al., *Fourier neural operator for parametric partial differential equations* (2021)

    Kossaifi et al., *Multi-grid tensorized Fourier neural operator* (2024)
"""

from typing import Any, Literal

import torch.nn.functional as F
from torch import nn

from sgn_sciml.layers import Function, as_function
from sgn_sciml.operators.networks.adapter import Adapter, check_modes
from sgn_sciml.operators.networks.convolution import spectral_convolution
from sgn_sciml.system.extras import needed_by

__all__ = ["FNO", "TFNO"]

Skip = Literal["linear", "identity", "soft-gating"] | None


class FNO(Adapter):
    """Fourier neural operator.

    Args:
        in_channels: Number of input functions.
        out_channels: Number of output functions.
        modes: Modes per space axis in the papers' meaning; their number is the number of axes.
        width: Channels.
        depth: Number of Fourier layers.
        channel_mlp: Whether each layer ends in a pointwise network over the channels.
        channel_mlp_expansion: Its hidden width over the width.
        channel_mlp_skip: The path around it: ``linear``, ``identity``, ``soft-gating`` or null.
        lifting_ratio: Hidden width of the lifting over the width; 0 for a linear lifting.
        projection_ratio: Hidden width of the projection over the width.
        periodic: Whether the axes are periodic; one flag for all, or one per axis.
        positional: Whether the network is given the positions.
        padding: Padding of the domain as a fraction of it, for axes that are not periodic.
        norm: Normalisation between layers: ``group_norm``, ``instance_norm`` or null.
        non_linearity: Activation between layers.
        factorization: Tensor factorisation of the weights (``tucker``, ``cp``, ``tt``) or null.
        rank: Rank of the factorisation, as a fraction of the dense weights.

    Raises:
        ValueError: For sizes out of range.

    Example:
        >>> import torch
        >>> fno = FNO(modes=(16,), width=32)
        >>> fno.n_modes
        (32,)
        >>> fno(torch.zeros(2, 1, 64)).shape
        torch.Size([2, 1, 64])
    """

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 1,
        modes: tuple[int, ...] = (16,),
        width: int = 64,
        depth: int = 4,
        channel_mlp: bool = True,
        channel_mlp_expansion: float = 0.5,
        channel_mlp_skip: Skip = "soft-gating",
        lifting_ratio: float = 2.0,
        projection_ratio: float = 2.0,
        periodic: bool | tuple[bool, ...] = True,
        positional: bool = True,
        padding: float = 0.0,
        norm: Literal["group_norm", "instance_norm"] | None = None,
        non_linearity: Function = F.gelu,
        factorization: Literal["tucker", "cp", "tt"] | None = None,
        rank: float = 1.0,
    ) -> None:
        if min(in_channels, out_channels, width, depth) < 1:
            raise ValueError("in_channels, out_channels, width and depth must be at least 1")
        n_modes = check_modes(modes)

        def build(channels: int) -> nn.Module:
            with needed_by("sgn_sciml.operators", "operators"):
                from neuralop.models import FNO as Model

            model: nn.Module = Model(
                n_modes=n_modes,
                in_channels=channels,
                out_channels=out_channels,
                hidden_channels=width,
                n_layers=depth,
                lifting_channel_ratio=lifting_ratio,
                projection_channel_ratio=projection_ratio,
                positional_embedding=None,
                non_linearity=as_function(non_linearity),
                norm=norm,
                use_channel_mlp=channel_mlp,
                channel_mlp_expansion=channel_mlp_expansion,
                channel_mlp_skip=channel_mlp_skip,
                domain_padding=padding or None,
                factorization=factorization,
                rank=rank,
                conv_module=spectral_convolution(),
            )
            return model

        super().__init__(build, in_channels, out_channels, len(modes), periodic, positional)
        self.n_modes, self.modes, self.padding = n_modes, tuple(modes), padding

    def extra_repr(self) -> str:
        return (
            f"modes={tuple(n // 2 for n in self.n_modes)} (the library's n_modes={self.n_modes})"
        )


class TFNO(FNO):
    """Tensorised Fourier neural operator: spectral weights in Tucker form.

    Args:
        rank: Rank, as a fraction of the dense weights.
        kwargs: As for :class:`FNO`.
    """

    def __init__(self, rank: float = 0.1, **kwargs: Any) -> None:
        super().__init__(factorization="tucker", rank=rank, **kwargs)
