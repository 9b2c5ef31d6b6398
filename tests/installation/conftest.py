"""The wheel, and installations of it."""

from pathlib import Path

import pytest

from tests.installation.environment import Installation, build


@pytest.fixture(scope="session")
def wheel(tmp_path_factory) -> Path:
    """The wheel of this checkout."""
    return build(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def plain(tmp_path_factory, wheel) -> Installation:
    """What ``pip install sgn-sciml`` brings: torch, NumPy and what they need."""
    return Installation(tmp_path_factory.mktemp("plain") / "venv", wheel)


@pytest.fixture(scope="session")
def operators(tmp_path_factory, wheel) -> Installation:
    """What ``pip install 'sgn-sciml[operators]'`` brings."""
    return Installation(tmp_path_factory.mktemp("operators") / "venv", wheel, "operators")
