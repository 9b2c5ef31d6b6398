"""What a process does with its groups, and after a pre-emption."""

import pickle

from sgn_sciml.studies import StudyFolder
from sgn_sciml.studies.engine.study import make_study
from sgn_sciml.studies.engine.work import Work


def test_work_that_is_queued_again_skips_what_is_done(tmp_path):
    cell = {"class_path": "tests.studies.cells.Power"}
    study = make_study({"name": "s", "cell": cell, "axes": {"base": [2.0, 3.0], "seed": [0, 1]}})
    folder = StudyFolder(tmp_path / "s")
    folder.create(study)
    Work(folder.path, study.groups[:1])()
    first = {path: path.stat().st_mtime_ns for path in folder.cells.iterdir()}
    assert len(first) == 4  # records and curves of two cells
    again = pickle.loads(pickle.dumps(Work(folder.path, study.groups)))
    again.checkpoint().result()
    assert {path: path.stat().st_mtime_ns for path in first} == first
    records = [folder.record(spec) for spec in study.cells]
    assert [r.scalars["power"] for r in records] == [2, 2, 3, 3]
    assert {r.about["ran_together"] for r in records} == {2}
    assert all(r.about["cpu_seconds"] >= 0 and r.about["machine"]["threads"] for r in records)
