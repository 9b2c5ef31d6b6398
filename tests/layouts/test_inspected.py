"""The command line says what is in a file of every layout, and draws it."""

import pytest

from .files import one_of_each
from .test_source import LAYOUT_NAMES


@pytest.mark.parametrize("layout", LAYOUT_NAMES)
def test_inspect(sgn, tmp_path, layout):
    path = one_of_each(tmp_path)[layout][0]
    code, out, err = sgn("data", "inspect", path)
    assert (code, err) == (0, "")
    assert f"figure     {path}.png" in out
