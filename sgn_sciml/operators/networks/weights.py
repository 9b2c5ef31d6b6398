"""Weights of a trained network, out of the checkpoint of its task."""

from pathlib import Path
from pickle import UnpicklingError

import torch

from sgn_sciml.networks.base import Network
from sgn_sciml.system.archives import refuse_damaged_archive

__all__ = ["load_network_weights"]

PREFIX = "network."  # a task calls its network so


def load_network_weights(network: Network, path: str | Path) -> tuple[int, ...]:
    """Give a network the weights that a task's checkpoint holds, in place.

    Args:
        network: A network built like the one that was trained.
        path: The checkpoint.

    Returns:
        The grid it was trained on, points per axis; empty if the checkpoint does not say.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is not a checkpoint of a task, or holds another network.
    """
    refuse_damaged_archive(path)
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
        state = {
            name.removeprefix(PREFIX): tensor
            for name, tensor in checkpoint["state_dict"].items()
            if name.startswith(PREFIX)
        }
    except (RuntimeError, EOFError, KeyError, TypeError, UnpicklingError) as error:
        raise ValueError(f"{path} is damaged or no checkpoint of ours") from error
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise ValueError(f"{path} holds weights of another network") from error
    return tuple(checkpoint.get("training_grid", ()))
