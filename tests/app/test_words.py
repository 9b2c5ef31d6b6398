"""Names of configurations on the command line, before anything is imported."""

import subprocess
import sys
from pathlib import Path

import pytest

from sgn_sciml.app.words import extra_of, resolve_words
from tests.conftest import ROOT

CONFIGS = ROOT / "configs"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("words", ["--config NAME", "-c NAME", "--config=NAME", "-c=NAME"])
def test_a_name_becomes_the_shipped_file(words):
    given = ["fit", *words.replace("NAME", "small/burgers_fno").split(), "--name", "small"]
    file = str(CONFIGS / "small" / "burgers_fno.yaml")
    assert resolve_words(given) == ["fit", *words.replace("NAME", file).split(), "--name", "small"]


def test_each_of_several_names_is_found():
    found = resolve_words(["0,1", "--config", "burgers_fno", "--config", "presets/fno_2020"])
    assert found[2::2] == [str(CONFIGS / f"{n}.yaml") for n in ("burgers_fno", "presets/fno_2020")]


def test_a_file_stays_and_so_does_what_is_no_path():
    Path("burgers_pinn").mkdir()  # a folder is not a configuration
    Path("burgers_pinn.yaml").touch()
    Path("empty").mkdir()
    for word in ("burgers_pinn.yaml", "-", "", "{seed_everything: 1}", "a: 1\n" * 200, "empty"):
        assert resolve_words(["fit", "--config", word]) == ["fit", "--config", word]
    found = resolve_words(["fit", "--config", "burgers_pinn"])
    assert found[2] == str(CONFIGS / "burgers_pinn.yaml")


def test_words_without_a_configuration_stay():
    for words in (["fit"], ["fit", "--config"], ["fit", "--help", "--config", "none.yaml"]):
        assert resolve_words(words) == words


def test_what_is_missing_is_one_line(sgn):
    code, _, err = sgn("fit", "--config", "burgers_pin.yaml")
    assert code == 1
    assert err.startswith("sgn: error: no configuration burgers_pin.yaml; did you mean burgers_pi")
    assert len(err.splitlines()) == 1


def test_what_is_missing_is_said_before_torch_is_imported():
    code = (
        "import sys; from sgn_sciml.app.cli import main; main(['fit', '--config', 'none.yaml']); "
        "print({'torch', 'lightning', 'yaml'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
    assert "no configuration none.yaml" in done.stderr


@pytest.mark.parametrize(
    ("words", "extra"),
    [
        ("fit --config burgers_pinn", "pinn"),
        ("fit --config=burgers_fno --config small/burgers_fno", "operators"),
        ("test -c image_inr", "inr"),
        ("ensemble 0,1 --config burgers_inverse", "pinn"),
        ("march --windows 2 --config burgers_pinn", "pinn"),
        ("export runs/x", "inr"),
        ("study run studies/tones", "studies"),
        ("data make darcy", "data"),
        ("fit", "pinn"),
    ],
)
def test_a_command_needs_an_extra(words, extra):
    assert extra_of(resolve_words(words.split())) == extra
