"""The files of a folder that a data module reads."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

__all__ = ["files_of"]

PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".gif", ".bmp", ".webp", ".ppm", ".pgm")
VOLUMES = (".npy", ".h5", ".hdf5")
ENDINGS = {
    "ImageData": (*PICTURES, ".npy"),
    "LargeImageData": (*PICTURES, ".npy"),
    "AudioData": (".wav", ".flac", ".ogg", ".mp3", ".aiff", ".aif"),
    "VolumeData": VOLUMES,
    "LargeVolumeData": VOLUMES,
}


def files_of(
    folder: Path, configs: Sequence[str], words: Sequence[str]
) -> tuple[list[Path], list[str]]:
    """The files to fit, and the names of those that are left out, hidden ones apart.

    Args:
        folder: The folder; those within it are not entered.
        configs: Configurations, the later one winning.
        words: Further words of the command line.

    Raises:
        FileNotFoundError: If there is no such folder.
        ValueError: If it is a file, or nothing in it is read by the configuration's data module.
    """
    if folder.is_file():
        raise ValueError(f"{folder} is a file, not a folder: sgn fit fits one")
    if not folder.is_dir():
        raise FileNotFoundError(f"no folder {folder}")
    name = data_name(configs, words)
    inside = [p for p in sorted(folder.iterdir()) if p.is_file() and not p.name.startswith(".")]
    endings = ENDINGS.get(name)
    chosen = [p for p in inside if endings is None or p.suffix.lower() in endings]
    if not chosen:
        kinds = "" if endings is None else f" ({', '.join(e[1:] for e in endings)})"
        raise ValueError(f"{folder} holds no file that {name} reads{kinds}")
    return chosen, [p.name for p in inside if p not in chosen]


def data_name(configs: Sequence[str], words: Sequence[str]) -> str:
    """The name of the data module's class; empty if nothing names one."""
    found: Any = ""
    for config in configs:
        content = yaml.safe_load(Path(config).read_text(encoding="utf-8"))
        data = content.get("data") if isinstance(content, dict) else None
        found = (data.get("class_path") if isinstance(data, dict) else data) or found
    for k, word in enumerate(words):
        flag, equals, value = word.partition("=")
        if flag in ("--data", "--data.class_path", "--data.class-path"):
            found = value if equals else words[k + 1] if k + 1 < len(words) else found
    return str(found).rpartition(".")[2]
