"""One dialect: hyphens and underscores, options in files."""

import pytest

from sgn_sciml.app.dialect import settings_as_words


def test_options_of_a_file_come_before_those_of_the_line(tmp_path):
    path = tmp_path / "make.yaml"
    path.write_text("n: 100\nnum_frames: 3\nno_figure: true\nforce: false\nsizes: [1, 2]\n")
    found = settings_as_words(["make", "darcy", "--config", str(path), "--n", "7"])
    made = ["--n=100", "--num-frames=3", "--no-figure", "--sizes", "1", "2"]
    assert found == ["make", "darcy", *made, "--n", "7"]
    assert settings_as_words(["make", f"--config={path}"])[1] == "--n=100"


@pytest.mark.parametrize(
    ("content", "expected"),
    [("- a", "holds no options"), ("a: [", "is not YAML"), ("a: {b: 1}", "a must be a number")],
)
def test_a_file_without_options_is_named(content, expected, tmp_path):
    path = tmp_path / "make.yaml"
    path.write_text(content)
    with pytest.raises(ValueError, match=expected) as caught:
        settings_as_words(["make", "--config", str(path)])
    assert str(path) in str(caught.value)


def test_hyphens_and_underscores_are_one(config, sgn, tmp_path):
    words = ("--seed-everything", "3", "--trainer.max-steps", "1", "--runs", tmp_path / "there")
    code, _, err = sgn("fit", "--config", config, *words)
    assert code == 0, err
    text = (tmp_path / "there/tiny/version_0/config.yaml").read_text()
    assert "seed_everything: 3" in text
    assert "max_steps: 1" in text


def test_data_options_come_from_a_file(sgn, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text("n: 3\nres: 16\nworkers: 1\n")
    code, out, err = sgn("data", "make", "burgers-r10", "--config", "small.yaml", "-o", "a.h5")
    assert code == 0, err
    assert "3 samples" in out
    code, out, err = sgn("data", "inspect", "a.h5", "--no_figure", "--no-check")
    assert code == 0, err
    assert "figure" not in out
