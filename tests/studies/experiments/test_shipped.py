"""Every shipped study is run in its tiny form, and its small overlay is one."""

import pytest
import yaml
from matplotlib.figure import Figure

from sgn_sciml.studies import StudyFolder, read_study
from sgn_sciml.studies.engine.work import run_group
from sgn_sciml.studies.reports.page import write_report
from tests.conftest import ROOT, blank

FOLDER = ROOT / "configs" / "studies"
STUDIES = sorted(FOLDER.glob("*.yaml"))
DRAWN = ("leaving", "cost")  # the quickest; figures have tests of their own
TINY = {  # what makes its cells take no time
    "ablation": {
        "cell": {"init_args": {"steps": 2, "num_tones": 3, "points": 8}},
        "axes": {"seed": [0]},
    },
    "cost": {"cell": {"init_args": {"seconds": 0.0}}, "axes": {"width": [8], "batch": [2, 4]}},
    "equations": {
        "axes": {
            "equation": {
                "poisson": {"points": 20, "adam_steps": 2, "steps": 1},
                "burgers": {"points": 20, "adam_steps": 2, "steps": 1},
            }
        },
    },
    "extrapolation": {
        "cell": {"init_args": {"steps": 2}},
        "axes": {"lr": [0.01], "seed": [0]},
    },
    "images": {"cell": {"init_args": {"steps": 2, "size": 8, "num_snapshots": 3}}},
    "leaving": {"cell": {"init_args": {"steps": 2, "follow_until": 0, "parameters": 700}}},
    "ntk": {
        "cell": {"init_args": {"steps": 2, "num_tones": 3, "points": 8}},
        "axes": {"seed": [0]},
    },
    "tones": {
        "cell": {"init_args": {"steps": 2, "num_tones": 3, "points": 8}},
        "axes": {"lr": [0.01], "seed": [0]},
    },
}


def test_every_study_has_a_small_overlay_and_a_tiny_form():
    names = {path.name for path in STUDIES}
    assert names
    assert names == {path.name for path in (FOLDER / "small").glob("*.yaml")}
    assert names == {f"{name}.yaml" for name in TINY}


@pytest.mark.parametrize("path", STUDIES, ids=lambda p: p.stem)
def test_a_study_runs_and_is_reported(path, tmp_path, monkeypatch):
    if path.stem not in DRAWN:
        monkeypatch.setattr(Figure, "savefig", blank)
    overlay = tmp_path / "tiny.yaml"
    overlay.write_text(yaml.safe_dump(TINY[path.stem]))
    study = read_study([str(p) for p in (path, FOLDER / "small" / path.name, overlay)])
    folder = StudyFolder(tmp_path / "s")
    folder.create(study)
    for group in study.groups:
        run_group(folder, group)
    errors = {" ".join(spec.labels.values()): folder.record(spec).error for spec in study.cells}
    assert {name: error for name, error in errors.items() if error} == {}
    html, _ = write_report(study, folder, ["sgn", "study", "run", path.name])
    assert "data:image/png" in html.read_text()
