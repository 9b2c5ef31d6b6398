"""Additions of shapes to a run: sizes of the network, a mesh, a table."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback

from sgn_sciml.inr.shapes.writer import MeshWriter
from sgn_sciml.runs.application import Application, Rows
from sgn_sciml.runs.description import DataDescription

__all__ = ["ShapeFitting"]


class ShapeFitting(Application):
    """Shapes as implicit neural representations."""

    def complete(self, model: Any, data: DataDescription | None) -> None:
        """Give the network three coordinates and one channel, where it takes their numbers."""
        network = model.init_args.network.get("init_args") or {}
        encoding = network.get("encoding")
        for settings in (network, encoding.init_args if encoding else {}):
            if "in_features" in settings:
                settings["in_features"] = 3
        if "out_features" in network:
            network["out_features"] = 1

    def writers(self, path: Path) -> Sequence[Callback]:
        return [MeshWriter(path)]

    def rows(self, card: Mapping[str, Any]) -> Rows:
        test = card.get("test", {})
        data = test.get("data", {})
        left = {k.removeprefix("test/"): v for k, v in test.items() if k.startswith("test/")}
        unit = data.get("unit", "")
        rows = [("shape", shape_text(data))]
        if (value := left.pop("iou", None)) is not None:
            rows.append(("IoU", f"{value:.4f} at {data.get('cells')}^3 points"))
        if (value := left.pop("chamfer", None)) is not None:
            share = left.pop("chamfer_of_diagonal", float("nan"))
            name = "" if unit == "that of the file" else f" {unit}"
            rows.append(("Chamfer", f"{value:.4g}{name}, {share:.2e} of the diagonal"))
        if (value := left.pop("normal_consistency", None)) is not None:
            rows.append(("normals", f"{value:.4f} consistent"))
        return rows + [(metric, f"{value:.2e}") for metric, value in left.items()]


def shape_text(data: Mapping[str, Any]) -> str:
    """A shape in a few words, from its card."""
    words = [str(data.get("name", "shape"))]
    if "triangles" in data:
        closed = "watertight" if data.get("watertight") else "not watertight"
        words += [f"{data['triangles']:,} triangles", closed]
    if "cloud_points" in data:
        words.append(f"{data['cloud_points']:,} points")
        words.append(f"normals {data.get('normals')}")
    return ", ".join(words)
