"""Networks that were trained before and go on as a part of a later one."""

from pathlib import Path

import torch
from torch import nn

from sgn_sciml.system.archives import refuse_damaged_archive

__all__ = ["take_earlier"]


def take_earlier(before: nn.ModuleList, checkpoint: str, what: str) -> None:
    """Take the weights of earlier networks from the checkpoint of the last of them.

    Args:
        before: The networks, in their order. The last was the ``network`` of its task, or of the
            one in its task if that held others in its own ``before``.
        checkpoint: The checkpoint.
        what: What each network is for: ``window`` or ``stage``.

    Raises:
        FileNotFoundError: If there is no such checkpoint.
        ValueError: If it is damaged, or of other networks.
    """
    if not Path(checkpoint).is_file():
        raise FileNotFoundError(f"no checkpoint {checkpoint} of the {what} before")
    refuse_damaged_archive(checkpoint)
    saved = torch.load(checkpoint, weights_only=True, map_location="cpu")["state_dict"]
    start = "network."
    found = {k.removeprefix(start): v for k, v in saved.items() if k.startswith(start)}
    last = len(before) - 1
    if last:  # the one before went on from others
        renamed = {k.removeprefix("before."): v for k, v in found.items() if "before." in k}
        own = {k: v for k, v in found.items() if k.startswith(start)}
        found = renamed | {f"{last}.{k.removeprefix(start)}": v for k, v in own.items()}
    else:
        found = {f"0.{k}": v for k, v in found.items()}
    try:
        before.load_state_dict(found, assign=True)  # in the precision of the checkpoint
    except RuntimeError as error:
        raise ValueError(f"{checkpoint} is of another network: {error}") from error
