"""Damaged files give values of the right shape or one ValueError, never anything else.

Foreign layouts have no checksum, so a flipped bit among the values cannot be noticed; what is
read must still have the shape and type that were declared and be finite. The files are read in a
child process with a watchdog: a parser in C that crashed or hung would not take pytest along.
``SGN_FUZZ=10000`` tries so many.
"""

import base64
import json
import os

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.processes import CONTEXT

from .files import one_of_each
from .read_damaged import read_damaged
from .test_source import LAYOUT_NAMES

FILES = [name for name in LAYOUT_NAMES if name not in ("zarr", "arrow")]  # which are folders
CASES = int(os.environ.get("SGN_FUZZ", "660")) // len(FILES)  # a layout


def damaged(size):
    """Flips (place, new value) and the length that is kept."""
    flip = st.tuples(
        st.integers(0, size - 1), st.integers(0, 255) | st.sampled_from([0, 128, 255])
    )
    cut = st.just(size) | st.integers(0, size)
    return st.tuples(st.lists(flip, max_size=12), cut)


def batch(size):
    """The cases for a file of this size, the same at every run."""
    cases = []

    @settings(
        max_examples=CASES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(damaged(size))
    def collect(case):
        cases.append(case)

    collect()
    return cases


@pytest.mark.parametrize("layout", FILES)
def test_damaged_files(layout, tmp_path):
    valid = one_of_each(tmp_path)[layout][0]
    content = valid.read_bytes()
    job = {
        "content": base64.b64encode(content).decode(),
        "path": str(tmp_path / "damaged"),
        "cases": [([], len(content)), *batch(len(content))],
    }
    (tmp_path / "job.json").write_text(json.dumps(job))
    output = tmp_path / "output.txt"
    child = CONTEXT.Process(target=read_damaged, args=(tmp_path / "job.json", output))
    child.start()
    child.join(120 + CASES)
    child.kill()
    printed = output.read_text()
    results = [json.loads(line) for line in printed.splitlines() if line.startswith("[")]
    tried = job["cases"][: len(results) + 1]
    assert child.exitcode == 0, f"died over {tried[-1]}\n{printed}"
    assert len(results) == len(job["cases"])
    assert results[0][2] == "read"
    assert [r for r in results if r[2] not in ("read", "refused")] == []
    assert sum(r[2] == "refused" for r in results) >= CASES // 5
