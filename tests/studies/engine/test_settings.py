"""Dotted keys, overlays and words of the command line."""

import pytest

from sgn_sciml.studies.engine.settings import expand, merge, read_settings, words_as_settings


def test_arguments_of_another_class_do_not_merge():
    under = {"net": {"class_path": "A", "init_args": {"width": 3}}}
    over = {"net": {"class_path": "B", "init_args": {"depth": 2}}}
    assert merge(under, over) == over
    assert merge(under, {"net": {"init_args": {"depth": 2}}}) == {
        "net": {"class_path": "A", "init_args": {"width": 3, "depth": 2}}
    }
    assert under == {"net": {"class_path": "A", "init_args": {"width": 3}}}


def test_later_dotted_keys_reach_into_earlier_ones():
    assert expand({"a": {"b": 1}, "a.c": 2}) == {"a": {"b": 1, "c": 2}}


def test_words_are_yaml():
    words = ["--cell.init_args.steps=7", "--axes.seed", "[0, 1]"]
    assert words_as_settings(words) == {
        "cell": {"init_args": {"steps": 7}},
        "axes": {"seed": [0, 1]},
    }


@pytest.mark.parametrize("words", [["steps", "3"], ["--steps"], ["--steps", "[1"]])
def test_bad_words(words):
    with pytest.raises(ValueError, match="steps"):
        words_as_settings(words)


@pytest.mark.parametrize("text", ["a: [1", "- 1\n", "", "a: \x00"])
def test_files_without_settings(text, tmp_path):
    path = tmp_path / "s.yaml"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"s\.yaml"):
        read_settings(str(path))
