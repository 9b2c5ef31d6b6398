"""Calls of an operator; rolling out puts what a call returns after the window it was given."""

from collections.abc import Callable
from contextlib import nullcontext

import torch
from torch import Tensor

from sgn_sciml.networks import OperatorNetwork

__all__ = ["call", "misfit", "rollout"]


def call(
    network: OperatorNetwork,
    window: Tensor,
    conditions: Tensor | None = None,
    difference: bool = False,
    channels: int | None = None,
    rescale: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """One call of an operator: frames, channels and conditions become its input channels.

    Args:
        network: The operator.
        window: ``(items, channels, *space)`` or ``(items, frames, channels, *space)``.
        conditions: Constants that it is given, ``(items, k)``.
        difference: Whether it returns the change from the last frame.
        channels: Channels of a frame that it returns; those of the window when None.
        rescale: Takes that frame to the scaling of what is returned, where it differs.

    Returns:
        Channels, or frames of channels after the window.

    Raises:
        ValueError: If the channels are not those of the network, or there is a difference between
            other numbers of channels.
    """
    axes = network.axes
    if window.ndim not in (axes + 2, axes + 3):
        raise ValueError(
            f"the network has {axes} space axes, one for each of its modes; "
            f"fields of shape {tuple(window.shape[1:])} do not fit"
        )
    frames = window.ndim == axes + 3
    x = window.flatten(1, 2) if frames else window
    if conditions is not None:
        k = conditions.to(x)[(...,) + (None,) * axes]
        x = torch.cat([x, k.expand(*k.shape[:2], *x.shape[2:])], 1)
    if x.shape[1] != network.in_channels:
        raise ValueError(
            f"the data has {x.shape[1]} input channels (frames, fields and conditions), "
            f"the network in_channels={network.in_channels}"
        )
    y: Tensor = network(x)
    if frames:
        channels = channels or window.shape[2]
        if network.out_channels % channels:
            raise ValueError(
                f"a frame has {channels} channels, the network "
                f"out_channels={network.out_channels}, which is not a whole frame"
            )
        y = y.reshape(len(y), -1, channels, *y.shape[2:])
    if difference:
        last = window[:, -1:] if frames else window
        if last.shape[2:] != y.shape[2:] or (not frames and last.shape[1] != y.shape[1]):
            raise ValueError(
                f"difference: true adds what the network returns, {tuple(y.shape[1:])} per item, "
                f"to the input of {tuple(last.shape[1:])}: set out_channels to fit, or "
                "difference: false"
            )
        y = y + (last if rescale is None else rescale(last))
    return y


def rollout(
    step: Callable[[Tensor], Tensor],
    window: Tensor,
    frames: int,
    bundle: int = 1,
    pushforward: bool = False,
    again: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """Frames after a window, by as many steps as it takes.

    Args:
        step: The next ``bundle`` frames of a window.
        window: First frames, shape ``(items, history, channels, *space)``.
        frames: Number of frames wanted.
        bundle: Frames that a step returns.
        pushforward: Let only the last step carry gradients, and return its frames alone.
        again: Takes frames that were returned to the scaling of the window, where it differs.

    Returns:
        Frames, shape ``(items, frames, channels, *space)``; those of the last step with
        ``pushforward``.

    Raises:
        ValueError: If a step returns no frame, or frames of other channels must be taken up again.

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
        if last:
            break
        if (channels := found[-1].shape[2]) != window.shape[2]:
            raise ValueError(
                f"{window.shape[2]} channels cannot be rolled out to {channels}: set out_channels "
                f"to {frames * channels}, all {frames} times at once"
            )
        next_frames = found[-1] if again is None else again(found[-1])
        window = torch.cat([window, next_frames], 1)[:, -window.shape[1] :]
    return found[-1] if pushforward else torch.cat(found, 1)


def misfit(pred: Tensor, target: Tensor, axes: int) -> str:
    """What to do where the network returns another shape than the target has."""
    shown = f"the network returns {tuple(pred.shape[1:])} per item, the target is "
    shown += f"{tuple(target.shape[1:])}"
    if pred.shape[-axes:] == target.shape[-axes:]:
        return f"{shown}: set out_channels to fit"
    return (
        f"{shown}: their grids differ, and this network returns the grid of its input; take a "
        "network of your own that goes from one grid to the other, or bring both to one grid"
    )
