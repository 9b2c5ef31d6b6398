"""Reports: what is tuned, what is learned when, and a page that stands alone."""

import json
import re

import numpy as np
import pytest

from sgn_sciml.studies import Curve, Outcome, StudyFolder
from sgn_sciml.studies.engine.study import make_study
from sgn_sciml.studies.reports.learned import median, reached
from sgn_sciml.studies.reports.page import write_report
from sgn_sciml.studies.reports.results import Results

ABOUT = {"cpu_seconds": 30.0, "written": "2026-01-01T00:00:00+00:00", "machine": {"git": "abc"}}
SECTIONS = [
    {"class_path": "Scores", "init_args": {"metric": "error", "rows": "base", "ours": ["2.0"]}},
    {"class_path": "TimeToLearn", "init_args": {"rows": "base"}},
]
REPORT = {"tuned": "exponent", "score": "error", "sections": SECTIONS}


def study(**keys):
    axes = {"base": [2.0, 3.0], "exponent": [1, 2, 3], "seed": [0, 1]}
    cell = {"class_path": "tests.studies.cells.Power"}
    settings = {"name": "<s>", "about": "a & b", "cell": cell, "axes": axes, "report": REPORT}
    return make_study(settings | keys)


@pytest.fixture
def done(tmp_path):
    """A finished study: an error that is least at the second exponent, where base 2 is better."""
    made, folder = study(), StudyFolder(tmp_path / "s")
    folder.create(made)
    for spec in made.cells:
        args = spec.settings["init_args"]
        error = abs(args["exponent"] - 2) + 0.01 * args["base"] + 0.001 * args["seed"]
        if spec.labels == {"base": "3.0", "exponent": "3", "seed": "0"}:
            error = float("nan")
        steps = np.array([10.0, 20.0 + args["seed"], np.nan])
        curve = Curve({"frequency": [1, 2, 3]}, steps)
        outcome = Outcome({"error": error, "parameters": 99.0}, {"time_to_learn": curve})
        folder.write_outcome(spec, outcome, ABOUT)
    return made, folder


def test_the_tuned_value_has_the_smallest_mean(done):
    results = Results(*done, tuned="exponent", score="error")
    choice = results.choose({"base": "3.0"})
    assert choice.tuned == "2"
    assert not choice.at_edge
    assert choice.scores("error") == pytest.approx([0.03, 0.031])
    assert results.compared == ["base"]


@pytest.mark.parametrize("fault", ["not run", "partly run", "failed"])
def test_why_a_row_has_no_numbers(tmp_path, fault):
    made, folder = study(), StudyFolder(tmp_path / "s")
    folder.create(made)
    curve = Curve({"frequency": [1, 2]}, np.array([10.0, np.nan]))
    for spec in made.cells:
        if spec.labels["base"] == "2.0":
            folder.write_outcome(spec, Outcome({"error": 0.1}, {"time_to_learn": curve}), ABOUT)
        elif fault == "failed":
            folder.write_failure(spec, "ValueError: no", ABOUT)
        elif fault == "partly run" and spec.labels["seed"] == "0":
            folder.write_outcome(spec, Outcome({"error": 0.1}), ABOUT)
    page = write_report(made, folder, ["sgn"])[1].read_text()
    assert f"| 3.0 |  | {fault} | 1 |" in page
    assert f"| 3.0 | {fault} |" in page
    assert "end of those tried: 2.0." in page


def test_a_page_that_stands_alone(done):
    html, markdown = write_report(*done, ["sgn", "study", "run", "s.yaml"])
    page = html.read_text()
    assert "&lt;s&gt;" in page
    assert "a &amp; b" in page
    assert page.count("data:image/png;base64,") == 2
    assert not re.search(r'(?:src|href)="(?!data:)', page)
    assert "gain: 2.0 has 0.67" in page
    assert "sgn study run s.yaml" in page
    assert "<b>2.0</b>" in page
    assert "2 of 3; all to 2" in page
    text = markdown.read_text()
    assert "| **2.0** | 99 | **2.05e-02 (0.02, 0.021)** | 2 |" in text
    for name in re.findall(r"\(figures/(.*?)\)", text):
        assert (done[1].path / "figures" / name).is_file()
    card = json.loads((done[1].path / "card.json").read_text())
    assert card["done"] == card["cells"] == 12
    assert card["cpu_seconds"] == 360.0
    assert card["machines"] == [{"git": "abc"}]


WRONG = {
    "no such axis": ({"tuned": "colour"}, "axis colour"),
    "no such section": ({"sections": [{"class_path": "Nonesuch"}]}, "(?s)report: .*Nonesuch"),
    "unknown key": ({"sectoins": []}, "sectoins"),
    "rows of no axis": ({"sections": [{"class_path": "Scores"}]}, "axis activation"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_reports(case, done):
    keys, expected = WRONG[case]
    with pytest.raises(ValueError, match=expected):
        write_report(study(report=REPORT | keys), done[1], ["sgn"])


def test_nothing_to_report(tmp_path):
    folder = StudyFolder(tmp_path / "s")
    folder.create(study())
    with pytest.raises(ValueError, match="no cell of <s> is done"):
        write_report(study(), folder, ["sgn"])


def test_median_counts_never_as_late():
    steps = np.array([[1.0, 1.0], [np.nan, 3.0], [np.nan, 2.0]])
    np.testing.assert_array_equal(median(steps), [np.nan, 2.0])
    assert reached(np.array([1.0, np.nan, 2.0]), [1, 2, 3]) == "2 of 3; all to 1"
    assert reached(np.array([np.nan, 1.0]), [1, 2]) == "1 of 2; all to 0"
