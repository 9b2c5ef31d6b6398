"""Sections on bands and choices: they show the numbers that were put in."""

import numpy as np
import pytest

from sgn_sciml.studies import Curve, Outcome, StudyFolder
from sgn_sciml.studies.engine.study import make_study
from sgn_sciml.studies.reports.band_errors import BandErrors
from sgn_sciml.studies.reports.effects import Effects
from sgn_sciml.studies.reports.results import Results

ABOUT = {"cpu_seconds": 1.0, "written": "2026-01-01T00:00:00+00:00", "machine": {}}


@pytest.fixture
def results(tmp_path):
    """Base 2 has errors of 0.1 and less in higher bands, base 3 twice as much, base 4 diverged."""
    axes = {"base": [2.0, 3.0, 4.0], "seed": [0, 1, 2]}
    made = make_study(
        {"name": "s", "cell": {"class_path": "tests.studies.cells.Power"}, "axes": axes}
    )
    folder = StudyFolder(tmp_path / "s")
    folder.create(made)
    for spec in made.cells:
        base, seed = (spec.settings["init_args"][name] for name in ("base", "seed"))
        factor = {2.0: 1.0, 3.0: 2.0, 4.0: float("nan")}[base] * 1.01**seed
        values = factor * np.array([[1.0, 1.0, 1.0], [0.1, 0.2, 0.4]])
        curve = Curve({"step": [0, 10], "wavenumber": [0, 1, 2]}, values)
        scalars = {"val/relative_l2": 0.1 * factor, "width": 10.0 * base}
        folder.write_outcome(spec, Outcome(scalars, {"band_error": curve}), ABOUT)
    return Results(made, folder)


def test_errors_of_the_last_step_by_band(results):
    part = BandErrors("base").show(results)
    assert list(part.figures) == ["band_error"]
    (table,) = part.tables
    assert table.head == ["base", "0", "1", "2 up"]
    assert table.rows[0] == ["2.0", "**0.1**", "**0.2**", "**0.4**"]
    assert table.rows[1] == ["3.0", "0.2", "0.4", "0.81"]
    assert table.rows[2] == ["4.0", "diverged", "", ""]


def test_a_curve_that_is_missing(results):
    with pytest.raises(ValueError, match="no cell has the curve spectral_error"):
        BandErrors("base", curve="spectral_error").show(results)
    with pytest.raises(ValueError, match="curve is one of"):
        BandErrors("base", curve="amplitude")


def test_what_a_choice_costs(results):
    part = Effects("3.0", rows="base").show(results)
    (table,) = part.tables
    gain, reference, diverged = table.rows
    assert gain[0] == "2.0"
    assert gain[1] == "20"
    assert gain[3].startswith("0.5 (0.4")
    assert gain[4] == "gain"
    assert reference[0] == "**3.0**"
    assert reference[3:] == ["1", ""]
    assert diverged[2:] == ["diverged", "", "not comparable"]
    assert Effects("2.0", rows="base").show(results).tables[0].rows[1][4] == "cost"


def test_a_reference_that_is_missing(results):
    with pytest.raises(ValueError, match="has no 5"):
        Effects("5", rows="base").show(results)
