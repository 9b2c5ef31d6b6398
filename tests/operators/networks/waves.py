"""Single waves, and a convolution that keeps some."""

import math

import torch
from torch import nn

from sgn_sciml.operators.networks.high_pass import high_pass


class Convolution(nn.Module):
    """Stands for a spectral convolution with unit weights on the grid of the input."""

    def __init__(self, channels, *n_modes):
        super().__init__()
        self.out_channels, self.n_modes, self.fft_norm = channels, list(n_modes), "forward"

    def transform(self, x, output_shape=None):
        return x

    def forward(self, x, output_shape=None):
        return x - high_pass(x, tuple(self.n_modes))


def wave(n, k, amplitude=1.0, phase=0.0, dtype=torch.float64):
    x = torch.arange(n, dtype=dtype) / n
    return amplitude * torch.cos(2 * math.pi * k * x + phase)


def plane(n, m, k, q):
    x, y = torch.arange(n).double() / n, torch.arange(m).double() / m
    return torch.cos(2 * math.pi * (k * x[:, None] + q * y) + 0.4)
