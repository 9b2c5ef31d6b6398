"""Commit, versions and device that a number was computed with. Every card says it."""

import os
import platform
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

__all__ = ["describe_machine", "git_commit", "git_trees"]

PACKAGES = ("sgn-sciml", "torch", "lightning", "numpy", "scipy", "neuraloperator")


ROOT = Path(__file__).parents[2]
MEASURED = ("configs", "sgn_sciml")  # what a number depends on, besides versions and data


def _git(*words: str) -> str:
    """What git prints of the checkout that this package runs from; nothing without either."""
    if not (ROOT / ".git").exists():
        return ""
    try:
        done = subprocess.run(
            ["git", *words], cwd=ROOT, capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return done.stdout


def git_commit() -> str | None:
    """The commit of the checkout that this package runs from, if it does and there is git."""
    return _git("describe", "--always", "--dirty", "--abbrev=12").strip() or None


def git_trees() -> dict[str, Any]:
    """Hashes of the trees of package and configurations, which documentation does not change.

    Returns:
        ``trees``, by folder, as ``git ls-tree HEAD`` prints them; and ``changed``, files below
        them that differ from the commit or are not in it, where there are any: then the hashes are
        not those of what ran. Nothing outside a checkout.
    """
    listed = [line.split() for line in _git("ls-tree", "HEAD", *MEASURED).splitlines()]
    if not listed:
        return {}
    status = _git("status", "--porcelain", "--untracked-files=all", "--", *MEASURED)
    changed = sorted(line[3:] for line in status.splitlines())
    trees = {name: tree for _, _, tree, name in listed}
    return {"trees": trees} | ({"changed": changed} if changed else {})


@cache
def _checkout() -> dict[str, Any]:
    """What git says when a process first asks: later changes are not those that it imported."""
    return {"git": git_commit(), **git_trees()}


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
        **_checkout(),
        "python": platform.python_version(),
        "packages": {name: found for name in PACKAGES if (found := installed(name))},
        "device": gpu or f"{device.type} ({platform.machine()}, {os.cpu_count()} cores)",
        "threads": torch.get_num_threads(),
    }
