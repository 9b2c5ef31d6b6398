"""``sgn configs``: the list, one of it, a copy."""

from pathlib import Path

import pytest
import yaml

from sgn_sciml.system.shipped import configs
from tests.conftest import ROOT

PINN = ROOT / "configs" / "burgers_pinn.yaml"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)


def test_the_list_says_what_each_is(sgn):
    code, out, err = sgn("configs")
    assert (code, err) == (0, "")
    lines = dict(line.split(maxsplit=1) for line in out.splitlines())  # each has a comment
    assert list(lines) == list(configs())
    assert lines["wave_pinn"] == "The wave equation of a string in two modes"
    assert lines["presets/inr/siren"].startswith("SIREN: sines of one fixed frequency for each")
    assert lines["presets/inr/siren"].endswith("after it")  # a sentence of two lines


def test_one_is_printed(sgn):
    code, out, _ = sgn("configs", "show", "burgers_pinn")
    assert (code, out) == (0, PINN.read_text())


@pytest.mark.parametrize(
    ("to", "found"),
    [
        ([], "burgers_pinn.yaml"),
        (["mine.yaml"], "mine.yaml"),
        (["there"], "there/burgers_pinn.yaml"),
        (["new/mine.yaml"], "new/mine.yaml"),
    ],
)
def test_one_is_copied(to, found, sgn):
    Path("there").mkdir()
    code, out, _ = sgn("configs", "copy", "burgers_pinn", *to)
    assert (code, out) == (0, f"{found}\n")
    assert Path(found).read_bytes() == PINN.read_bytes()


def test_a_copy_replaces_nothing_unless_told_to(sgn):
    Path("burgers_pinn.yaml").write_text("mine: 1")
    code, _, err = sgn("configs", "copy", "burgers_pinn")
    assert code == 1
    assert err == (
        "sgn: error: burgers_pinn.yaml is there already: give another name, or --force\n"
    )
    assert yaml.safe_load(Path("burgers_pinn.yaml").read_text()) == {"mine": 1}
    assert sgn("configs", "copy", "burgers_pinn", "--force")[0] == 0
    assert Path("burgers_pinn.yaml").read_bytes() == PINN.read_bytes()


@pytest.mark.parametrize("verb", ["show", "copy"])
def test_an_unknown_name_is_one_line(verb, sgn):
    code, _, err = sgn("configs", verb, "burgers_pin")
    assert code == 1
    assert err.startswith("sgn: error: no configuration burgers_pin; did you mean burgers_pinn")
    assert len(err.splitlines()) == 1


def test_a_copy_that_cannot_be_written_is_one_line(sgn):
    Path("file").touch()
    code, _, err = sgn("configs", "copy", "burgers_pinn", "file/mine.yaml")
    assert code == 1
    assert err.startswith("sgn: error: ")
    assert len(err.splitlines()) == 1
