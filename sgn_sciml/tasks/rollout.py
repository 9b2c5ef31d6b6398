"""Rolling out: what a step returns is put behind the window that it was given."""

from collections.abc import Callable
from contextlib import nullcontext

import torch
from torch import Tensor

__all__ = ["rollout"]


def rollout(
    step: Callable[[Tensor], Tensor],
    window: Tensor,
    frames: int,
    bundle: int = 1,
    pushforward: bool = False,
) -> Tensor:
    """Frames behind a window, by as many steps as it takes.

    Args:
        step: The next ``bundle`` frames of a window.
        window: First frames, shape ``(items, history, channels, *space)``.
        frames: Number of frames wanted.
        bundle: Frames that a step returns.
        pushforward: Let only the last step carry gradients, and return its frames alone.

    Returns:
        Frames, shape ``(items, frames, channels, *space)``; those of the last step with
        ``pushforward``.

    Raises:
        ValueError: If a step returns no frame.

    Example:
        >>> rollout(lambda w: 2 * w[:, -1:], torch.ones(1, 1, 1, 1), frames=3).flatten()
        tensor([2., 4., 8.])
    """
    if bundle < 1:
        raise ValueError("a step returns less than a frame: set out_channels to fit")
    found: list[Tensor] = []
    for begin in range(0, frames, bundle):
        last = begin + bundle >= frames
        with torch.no_grad() if pushforward and not last else nullcontext():
            found.append(step(window)[:, : frames - begin])
        window = torch.cat([window, found[-1]], 1)[:, -window.shape[1] :]
    return found[-1] if pushforward else torch.cat(found, 1)
