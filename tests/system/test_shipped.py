"""Configurations and data that are found from any folder."""

from pathlib import Path

import pytest

from sgn_sciml.layouts import find_source, open_source
from sgn_sciml.system import shipped
from sgn_sciml.system.shipped import configs, find_config, find_data, shipped_config
from tests.conftest import ROOT

NAME = "data/small/burgers_r10_64.h5"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)


def test_all_configurations_are_listed_and_those_to_start_with_come_first():
    known = configs()
    assert sorted(known.values()) == sorted((ROOT / "configs").rglob("*.yaml"))
    assert next(iter(known)) == "advection_pinn"
    assert known["presets/inr/siren"] == ROOT / "configs" / "presets" / "inr" / "siren.yaml"


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("burgers_pinn", "burgers_pinn.yaml"),
        ("burgers_pinn.yaml", "burgers_pinn.yaml"),
        ("configs/burgers_pinn.yaml", "burgers_pinn.yaml"),
        ("./configs/burgers_pinn", "burgers_pinn.yaml"),
        ("small/burgers_fno", "small/burgers_fno.yaml"),
        ("presets/inr/siren.yaml", "presets/inr/siren.yaml"),
        ("studies/small/tones", "studies/small/tones.yaml"),
    ],
)
def test_a_configuration_is_found_by_name(name, file):
    assert find_config(name) == ROOT / "configs" / file


def test_a_file_of_the_working_folder_goes_first():
    own = Path("configs/burgers_pinn.yaml")
    own.parent.mkdir()
    own.write_text("mine: 1")
    assert find_config("configs/burgers_pinn.yaml") == own
    assert find_config("burgers_pinn") == shipped_config("configs/burgers_pinn.yaml")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("burgers_pin", "no configuration burgers_pin; did you mean burgers_pinn"),
        ("burger_fno.yaml", r"no configuration burger_fno.yaml; did you mean burgers_fno"),
        ("siren", "no configuration siren; did you mean presets/inr/siren?"),
        ("small/burgers_fn", "did you mean small/burgers_fno"),
        ("../pyproject.toml", r"no configuration ../pyproject.toml; `sgn configs` lists"),
        ("", "no configuration ; `sgn configs` lists"),
    ],
)
def test_an_unknown_name_is_answered_by_those_that_are_close(name, says):
    with pytest.raises(FileNotFoundError) as error:
        find_config(name)
    assert says in str(error.value)
    assert str(error.value).endswith("`sgn configs` lists those that are shipped")


def test_shipped_data_stand_in_for_what_is_missing():
    assert find_data(NAME) == ROOT / NAME
    assert find_data(f"./{NAME}") == ROOT / NAME
    assert find_data(ROOT / NAME) == ROOT / NAME
    own = Path(NAME)
    own.parent.mkdir(parents=True)
    own.touch()
    assert find_data(NAME) == own


@pytest.mark.parametrize(
    "name", ["data/small/none.h5", "data/README.md", "data/small/../../pyproject.toml", "x.h5"]
)
def test_nothing_else_is_found(name):
    assert find_data(name) == Path(name)


def test_shipped_data_are_opened_from_any_folder_and_say_where_they_are():
    for source in (open_source(NAME), find_source(NAME)):
        assert source.path == ROOT / NAME
        assert source.num_samples == 1200


def test_a_wheel_has_them_inside_the_package(tmp_path, monkeypatch):
    inside = tmp_path / "sgn_sciml" / "shipped" / "configs"
    inside.mkdir(parents=True)
    (inside / "mine.yaml").touch()
    monkeypatch.setattr(shipped, "__file__", str(tmp_path / "sgn_sciml" / "system" / "shipped.py"))
    assert configs() == {"mine": inside / "mine.yaml"}
