"""What a number was computed with: commit, versions, device. Every card says it."""

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

__all__ = ["describe_machine", "git_commit"]

PACKAGES = ("sgn-sciml", "torch", "lightning", "numpy", "scipy", "neuraloperator")


def git_commit() -> str | None:
    """The commit of the checkout that this package runs from, if it does and there is git."""
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return None
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() or None


def installed(package: str) -> str | None:
    """The version of a package, or None without it."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def describe_machine(device: torch.device) -> dict[str, Any]:
    """Versions and hardware."""
    gpu = torch.cuda.get_device_name(device) if device.type == "cuda" else None
    return {
        "git": git_commit(),
        "python": platform.python_version(),
        "packages": {name: found for name in PACKAGES if (found := installed(name))},
        "device": gpu or f"{device.type} ({platform.machine()}, {os.cpu_count()} cores)",
        "threads": torch.get_num_threads(),
    }
