"""Weights and a field that need no random numbers: what other codes were given, too."""

import torch


def waves(network, amplitude=0.3):
    """Fill the parameters of a network with sines, in their order."""
    network = network.double()
    with torch.no_grad():
        for k, p in enumerate(network.parameters()):
            p.copy_(amplitude * torch.sin(torch.arange(p.numel()) + k).view_as(p))
    return network


def field(*shape):
    """Cosines of the numbers of the values."""
    n = torch.Size(shape).numel()
    return torch.cos(torch.arange(n, dtype=torch.float64)).view(shape)


def told(y, *at):
    """What is compared of an output: its sum, that of its absolute values, and one value."""
    return torch.stack([y.sum(), y.abs().sum(), y[at]])
