r"""The feed-forward block :math:`x \mapsto W_2\, T(W_1 x + c_1) + c_2`, where the gate lives."""

from torch import Tensor, nn

from sgn_sciml.layers.activations import ActivationLike, make_activation
from sgn_sciml.layers.gate import SpectralGate

__all__ = ["FeedForward"]


class FeedForward(nn.Module):
    """Linear, activation, Linear; shape ``(..., in_features) -> (..., out_features)``.

    Args:
        in_features: Input channels d.
        hidden_features: Hidden channels n.
        out_features: Output channels; ``in_features`` when None.
        activation: Activation, a class or a name; a dense, per-channel spectral gate by
            default.

    Example:
        >>> block = FeedForward(16, 64)
        >>> sum(p.numel() for p in block.parameters()) == 2048 + 80 + (27 * 64 + 9 + 128)
        True
    """

    def __init__(
        self,
        in_features: int,
        hidden_features: int,
        out_features: int | None = None,
        activation: ActivationLike = SpectralGate,
    ) -> None:
        super().__init__()
        self.fc1 = nn.Linear(in_features, hidden_features)
        self.act = make_activation(activation, hidden_features)
        self.fc2 = nn.Linear(hidden_features, out_features or in_features)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.fc2(self.act(self.fc1(x)))
        return y
