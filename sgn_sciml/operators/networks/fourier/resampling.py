"""The library's interpolation between grids, as products with matrices.

It interpolates linearly on a line and by cubic convolution in the plane, from end to end. Both
work along one axis after the other, so an axis needs one matrix; in more axes it goes through
Fourier space, and is called as it is.
"""

import math
from functools import lru_cache
from operator import index

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["resample"]


def resample(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Bring fields to another grid, ``(*space, batch, channels)``."""
    space = tuple(x.shape[:-2])
    if space == shape:
        return x
    if len(space) > 2:
        from neuralop.layers.resample import resample as through_modes

        axes = len(space)
        fields = x.permute(-2, -1, *range(axes))
        y: Tensor = through_modes(fields, 1.0, list(range(2, axes + 2)), output_shape=shape)
        return y.permute(*range(2, axes + 2), 0, 1).contiguous()
    columns = x.shape[-2] * x.shape[-1]
    z = x
    for axis, (n, new) in enumerate(zip(space, shape, strict=True)):
        if n != new:
            matrix = _interpolation(index(n), index(new), len(space), x.dtype, x.device)
            z = z.reshape(math.prod(shape[:axis]), n, math.prod(space[axis + 1 :]) * columns)
            z = torch.bmm(matrix.expand(len(z), -1, -1), z)
    return z.view(*shape, *x.shape[-2:])


@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
def _interpolation(
    points: int, new: int, axes: int, dtype: torch.dtype, device: torch.device
) -> Tensor:
    """The matrix of an axis, from unit vectors."""
    return _made(points, new, axes, dtype, device)


@lru_cache(maxsize=64)
def _made(points: int, new: int, axes: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    with torch.inference_mode(False), torch.no_grad():
        units = torch.eye(points, dtype=torch.float64)[:, None]
        if axes == 1:
            rows = F.interpolate(units, size=new, mode="linear", align_corners=True)
        else:
            units = units[..., None]
            rows = F.interpolate(units, size=(new, 1), mode="bicubic", align_corners=True)[..., 0]
        return rows[:, 0].mT.contiguous().to(device, dtype)
