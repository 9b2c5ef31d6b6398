"""The kernel is compiled once, and what prevents it is said."""

import subprocess

import pytest

from sgn_sciml.jets import compilation


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    yield tmp_path / "sgn_sciml"
    compilation.library.cache_clear()


def fresh():
    compilation.library.cache_clear()
    return compilation.library()


def test_it_is_compiled_once(elsewhere, monkeypatch):
    assert fresh().jets_double
    assert [path.suffix for path in elsewhere.iterdir()] == [".so"]
    monkeypatch.setattr(subprocess, "run", None)
    assert fresh().jets_float


def test_a_missing_compiler_is_named(elsewhere, monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(compilation.Unavailable, match="no compiler no-such-compiler"):
        fresh()


def test_a_compiler_that_fails_is_quoted_and_leaves_nothing(elsewhere, monkeypatch):
    monkeypatch.setattr(compilation, "FLAGS", ["-no-such-flag"])
    with pytest.raises(
        compilation.Unavailable, match=r"cannot compile the kernel of jets: .*no-such-flag"
    ):
        fresh()
    assert list(elsewhere.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(compilation.Unavailable, match="cannot be kept"):
        fresh()
    compilation.library.cache_clear()
