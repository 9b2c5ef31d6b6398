"""The network as an ONNX file, for programs without PyTorch."""

import io
import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor, nn

from sgn_sciml.networks import CoordinateNetwork

__all__ = ["require_onnx", "write_onnx"]

TOLERANCE = 1e-3  # of the range of values, between PyTorch and another program
CHECKED = (1, 1000, 20000)  # numbers of points at which both are compared
TALKERS = ("torch.onnx", "torch.fx", "torch.export", "onnxscript", "onnx_ir")
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")  # colours of a terminal


class InOwnUnits(nn.Module):
    """A network whose values are scaled from [-1, 1] to a range, and kept within it."""

    def __init__(self, network: CoordinateNetwork, low: float, high: float) -> None:
        super().__init__()
        self.network = network
        self.low = low
        self.high = high

    def forward(self, points: Tensor) -> Tensor:
        """Values at points, shape ``(N, axes) -> (N, channels)``."""
        raw: Tensor = self.network(points)
        values = self.low + (raw + 1) / 2 * (self.high - self.low)
        return values.clamp(self.low, self.high)


def require_onnx() -> None:
    """Refuse to begin what cannot end.

    Raises:
        ValueError: If a package is missing.
    """
    missing = [name for name in ("onnx", "onnxscript") if find_spec(name) is None]
    if missing:
        raise ValueError(f"--onnx needs {' and '.join(missing)}: pip install 'sgn-sciml[export]'")


def write_onnx(network: CoordinateNetwork, low: float, high: float) -> tuple[bytes, float | None]:
    """An ONNX model from ``points`` of [-1, 1], float32 ``(count, axes)``, to ``values``.

    The model takes any number of points.

    Args:
        network: The network.
        low: Least value of the signal.
        high: Greatest value.

    Returns:
        The content of the file, and by how much onnxruntime's values differ at most from
        PyTorch's at random points; None if it is not installed.

    Raises:
        ValueError: If a package is missing, the network cannot be written, or only for a fixed
            number of points, or the values differ.
    """
    require_onnx()
    onnx: Any = import_module("onnx")
    axes = network.in_features
    module = InOwnUnits(network, low, high).float().eval()
    try:
        with _quiet():
            program = torch.onnx.export(
                module,
                (torch.zeros(2, axes),),
                dynamo=True,
                input_names=["points"],
                output_names=["values"],
                dynamic_shapes=({0: torch.export.Dim("count")},),
                verbose=False,
            )
        assert program is not None
        model = program.model_proto
        _forget_sources(model)
        onnx.checker.check_model(model, full_check=True)
    except Exception as error:  # torch's exporter and onnx have errors of many types
        raise ValueError(f"the network cannot be written as ONNX: {_reason(error)}") from error
    for entry in (*model.graph.input, *model.graph.output):
        if not entry.type.tensor_type.shape.dim[0].dim_param:
            raise ValueError(
                "the network cannot be written as ONNX for any number of points: it asks for "
                "their number while it computes"
            )
    content: bytes = model.SerializeToString()
    difference = _compare(content, module, axes)
    if difference is not None and not difference <= TOLERANCE * (high - low):
        raise ValueError(f"onnxruntime's values differ from PyTorch's by {difference:.2g}")
    return content, difference


def _reason(error: BaseException) -> str:
    """What a chain of errors began with, on one line."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return ESCAPES.sub("", lines[0])


def _forget_sources(model: Any) -> None:
    """Drop what the exporter notes of the Python code: paths of this machine."""
    del model.metadata_props[:]
    for part in (model.graph, *model.functions):
        del part.metadata_props[:]
        for entry in (*part.node, *part.value_info):
            del entry.metadata_props[:]
    for entry in (*model.graph.initializer, *model.graph.input, *model.graph.output):
        del entry.metadata_props[:]


def _compare(content: bytes, module: nn.Module, axes: int) -> float | None:
    """The greatest difference between onnxruntime and PyTorch."""
    if find_spec("onnxruntime") is None:
        return None
    onnxruntime: Any = import_module("onnxruntime")
    generator = torch.Generator().manual_seed(0)
    points = 2 * torch.rand(max(CHECKED), axes, generator=generator) - 1
    try:
        session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
        found = [session.run(["values"], {"points": points[:n].numpy()})[0] for n in CHECKED]
    except Exception as error:  # its errors have no common type
        raise ValueError(f"onnxruntime cannot compute the network: {_reason(error)}") from error
    with torch.no_grad():
        right = [module(points[:n]) for n in CHECKED]
    pairs = zip(found, right, strict=True)
    gaps = [(torch.from_numpy(values) - own).abs().max() for values, own in pairs]
    return float(torch.stack(gaps).max())


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep PyTorch's exporter from telling of its own insides and of torchvision."""
    loggers = [logging.getLogger(name) for name in TALKERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
