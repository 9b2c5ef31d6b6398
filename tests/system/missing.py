"""Which of Unix's own calls a process lacks. It imports little, so that workers start soon."""

import os
import sys

__all__ = ["missing"]


def missing() -> dict[str, bool]:
    """Whether this process lacks each of the calls."""
    calls = ("register_at_fork", "sched_getaffinity")
    return {"fcntl": sys.modules.get("fcntl", 0) is None} | {c: not hasattr(os, c) for c in calls}
