"""The wheel, and installations of it; made once for all test processes."""

from pathlib import Path

import pytest

from tests.installation.environment import Installation, build


@pytest.fixture(scope="session")
def wheel(once) -> Path:
    """The wheel of this checkout."""
    return next(once("wheel", build).glob("*.whl"))


@pytest.fixture(scope="session")
def plain(once, wheel) -> Installation:
    """What ``pip install sgn-sciml`` brings: torch, NumPy and what they need."""
    made = Installation(once("plain", lambda folder: folder), wheel)
    once("plain-installed", lambda folder: made.install())
    return made


@pytest.fixture(scope="session")
def operators(once, wheel) -> Installation:
    """What ``pip install 'sgn-sciml[operators]'`` brings."""
    made = Installation(once("operators", lambda folder: folder), wheel, "operators")
    once("operators-installed", lambda folder: made.install())
    return made
