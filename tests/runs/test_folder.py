"""Where runs go, and which checkpoint a word means."""

from pathlib import Path

import pytest

from sgn_sciml.runs.folder import RunFolder, find_checkpoint, new_run


def checkpoint(run, name):
    run.checkpoints.mkdir(exist_ok=True)
    path = run.checkpoints / f"{name}.ckpt"
    path.write_bytes(b"")
    return path


def test_versions_count_up_and_leave_gaps_alone(tmp_path):
    assert new_run(tmp_path, "a").version == 0
    (tmp_path / "a" / "version_10").mkdir()
    assert new_run(tmp_path, "a").version == 11


def test_newest_version_with_such_a_checkpoint_is_meant(tmp_path):
    runs = [new_run(tmp_path, "a") for _ in range(3)]
    expected = checkpoint(runs[1], "best")
    checkpoint(runs[0], "best")
    assert find_checkpoint("best", tmp_path, "a", None) == (expected, runs[1])


def test_config_inside_a_run_folder_means_that_version(tmp_path):
    runs = [new_run(tmp_path, "a") for _ in range(2)]
    paths = [checkpoint(run, "last") for run in runs]
    config = runs[0].path / "config.yaml"
    assert find_checkpoint("last", tmp_path, "a", RunFolder.holding(config)) == (paths[0], runs[0])


def test_a_path_belongs_to_the_run_it_lies_in(tmp_path):
    run = new_run(tmp_path, "a")
    path = checkpoint(run, "best")
    assert find_checkpoint(str(path), tmp_path, "elsewhere", None) == (path, run)


@pytest.mark.parametrize("word", ["best", "last", "no/such.ckpt"])
def test_missing_checkpoint(word, tmp_path):
    with pytest.raises(FileNotFoundError, match="checkpoint"):
        find_checkpoint(word, tmp_path, "a", None)


def test_a_checkpoint_outside_of_runs_has_no_folder(tmp_path):
    path = tmp_path / "a.ckpt"
    path.write_bytes(b"")
    assert find_checkpoint(str(path), tmp_path, "a", None) == (path, None)


def test_an_empty_run_is_discarded_and_a_used_one_is_not(tmp_path):
    used, empty = new_run(tmp_path / "runs", "a"), new_run(tmp_path / "runs", "b")
    checkpoint(used, "last")
    for run in (used, empty):
        run.discard()
    assert used.path.exists()
    assert not (tmp_path / "runs" / "b").exists()


def test_a_relative_path_inside_a_run_finds_it(tmp_path, monkeypatch):
    run = new_run(tmp_path, "a")
    monkeypatch.chdir(run.path)
    assert RunFolder.holding(Path("config.yaml")) == run


def test_a_file_outside_of_runs_has_no_folder(tmp_path):
    assert RunFolder.holding(tmp_path / "config.yaml") is None
