"""The command line says what is in a file of every layout, and draws it."""

import h5py
import numpy as np
import pytest

from .files import one_of_each, values
from .test_source import LAYOUT_NAMES


@pytest.mark.parametrize("layout", LAYOUT_NAMES)
def test_inspect(sgn, tmp_path, layout):
    path = one_of_each(tmp_path)[layout][0]
    code, out, err = sgn("data", "inspect", path)
    assert (code, err) == (0, "")
    assert f"figure     {path}.png" in out


def test_axes_are_asked_for_and_named(sgn, tmp_path):
    path = tmp_path / "run.h5"
    with h5py.File(path, "w") as file:
        file["out/u"], file["nu"] = values(6, 8, 7), np.linspace(0, 1, 6)
    inspect = ("data", "inspect", path, "--no-figure")
    code, _, err = sgn(*inspect)
    assert code != 0
    assert "may have the axes (sample, time, x) or" in err
    code, out, _ = sgn(*inspect, "--axes", "u=sample x y", "--fields", "u=out/u")
    assert code == 0
    assert "(sample 6, x 8, y 7)" in out
    assert 'schema: {"axes": {"u": "sample x y"}, "fields": {"u": "out/u"}}' in out
    code, out, _ = sgn(*inspect, "--axes", "out/u=sample, x, y")
    assert "by sample  nu: from 0 to 1" in out
