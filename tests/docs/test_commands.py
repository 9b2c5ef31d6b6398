"""Every command of README and site is one that the command line accepts, every YAML one it reads.

Commands that train are read up to the whole configuration, others up to their options; files of a
user that they name are made first. What is new or listed runs.
"""

import argparse
import re
import shlex
import shutil
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT
from tests.docs.pages import PAGES, blocks, name

WITH_COMMANDS = [page for page in PAGES if any(blocks(page, "sh"))]
TRAINING = ("fit", "validate", "test", "predict")
OWN = {"own.yaml": "burgers_pinn", "own_pinn.yaml": "burgers_pinn", "mine.yaml": "burgers_pinn"}
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
TARGETS = re.findall(r"^(\w[\w-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE)
SCRIPT = re.compile(r"`python (benchmarks/\S+?\.py)")


INSIDE = []  # parsers that are at work


class Read(BaseException):
    """The options of a command were read."""


def stopping(method):
    """A parser's method that ends the command when the outermost parser has read its options."""

    def parse(self, *args, **kwargs):
        INSIDE.append(self)
        try:
            found = method(self, *args, **kwargs)
        finally:
            INSIDE.pop()
        if not INSIDE:
            raise Read
        return found

    return parse


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for shipped in ("data", "configs"):
        (tmp_path / shipped).symlink_to(ROOT / shipped)
    for own, config in OWN.items():
        shutil.copy(ROOT / "configs" / f"{config}.yaml", own)
    equations = ROOT / "docs" / "guides" / "equations.md"
    heat = next(blocks(equations, "python"))
    Path("heat.py").write_text(heat)
    Path("own.py").write_text(heat)
    Path("heat.yaml").write_text(next(blocks(equations, "yaml")))
    for word in re.findall(r"runs/(\w+)/version_0", "\n".join(map(Path.read_text, PAGES))):
        run = tmp_path / "runs" / word / "version_0"
        run.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "configs" / f"{word}.yaml", run / "config.yaml")
    yield tmp_path
    for module in ("heat", "own"):
        sys.modules.pop(module, None)


def commands(page):
    """The command lines of a page, as words."""
    for text in blocks(page, "sh"):
        for line in text.splitlines():
            if words := shlex.split(line, comments=True):
                yield line, words


def check_sgn(sgn, monkeypatch, line, words):
    """Whether the command line accepts these words."""
    if words[0] in TRAINING:
        with pytest.raises(SystemExit) as end:
            sgn(*words, "--print_config")
        assert end.value.code == 0, line
    elif words[0] in ("configs", "--version"):
        assert sgn(*words)[0] == 0, line
    elif words[0] == "new":
        for file in Path().glob(f"{words[2]}.*"):
            file.unlink()
        assert sgn(*words)[0] == 0, line
    else:
        with monkeypatch.context() as patch:
            for method in ("parse_args", "parse_known_args"):
                changed = stopping(getattr(argparse.ArgumentParser, method))
                patch.setattr(argparse.ArgumentParser, method, changed)
            with pytest.raises(Read):
                sgn(*words)


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=name)
def test_commands_of_a_page_are_accepted(page, folder, sgn, monkeypatch):
    for line, (program, *words) in commands(page):
        if program == "sgn":
            if "--help" not in words:
                check_sgn(sgn, monkeypatch, line, words)
        elif program == "make":
            assert set(words) <= set(TARGETS), line
        elif program == "pip":
            assert words[0] == "install", line
            assert set(re.findall(r"\[(\w+)\]", line)) <= set(EXTRAS), line
        elif program == ".venv/bin/python":
            assert (ROOT / words[2]).exists(), line
        else:
            assert program == "tensorboard", line


FRAGMENTS = {  # a page's YAML but whole files: what it changes, and where in it
    "docs/guides/equations.md": ("wave_pinn", "data.init_args"),
    "docs/guides/gate.md": ("burgers_pinn", "model.init_args.network.init_args"),
    "docs/guides/trackers.md": ("burgers_pinn", ""),
    "docs/guides/unknowns.md": ("burgers_inverse", ""),
}
SAMPLES = "docs/guides/operators.md"
WITH_YAML = [page for page in PAGES if any(blocks(page, "yaml"))]


@pytest.mark.parametrize("page", WITH_YAML, ids=name)
def test_yaml_of_a_page_is_read(page, folder, sgn):
    for text in blocks(page, "yaml"):
        if name(page) == SAMPLES:
            Path("samples.yaml").write_text(text + "tolerance: 1.0e-3\ngrid: [9]\n")
            code, _, err = sgn(*["data", "make", "samples", "--config", "samples.yaml", "-n", "1"])
            assert code == 0, err
            continue
        words = ["--config", "part.yaml"]
        if not text.startswith("# "):
            config, where = FRAGMENTS[name(page)]
            content = yaml.safe_load(text)
            for key in reversed(where.split(".") if where else []):
                content = {key: content}
            text = yaml.safe_dump(content)
            words = ["--config", config, *words]
        Path("part.yaml").write_text(text)
        with pytest.raises(SystemExit) as end:
            sgn("fit", *words, "--print_config")
        assert end.value.code == 0


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_scripts_named_on_a_page_exist(page):
    for script in SCRIPT.findall(page.read_text()):
        assert (ROOT / script).exists(), script


def test_the_readme_is_short_and_its_links_lead_somewhere():
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) <= 150
    for link in re.findall(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)", text):
        assert (ROOT / link).exists(), link
