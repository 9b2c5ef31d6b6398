"""Forks of this process, where the platform has them."""

import os
from collections.abc import Callable

__all__ = ["around_forks"]


def around_forks(before: Callable[[], object], after: Callable[[], object]) -> None:
    """Call one function before every fork and another after it, in parent and child.

    Nothing is called where processes do not fork (Windows).
    """
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=before, after_in_parent=after, after_in_child=after)
