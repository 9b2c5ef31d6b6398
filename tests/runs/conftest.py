"""Fixtures of runs: the card of a tested run."""

import pytest

from tests.runs.cards import FIRST, FURTHER


@pytest.fixture
def card():
    grids = {"burgers@64": 64, "burgers@512": 512, "burgers@16": 16}
    sets = [{"name": k, "samples": 200, "grid": {"x": n}} for k, n in grids.items()]
    return {
        "run": "burgers/version_0",
        "steps": 1234,
        "parameters": 4321,
        "precision": "32-true",
        "training": {"wall_seconds": 12.3},
        "test": {
            "checkpoint": "best.ckpt of step 1200",
            "data": {"grid": {"x": 64}, "test_sets": sets},
            **FIRST,
            **FURTHER,
        },
    }
