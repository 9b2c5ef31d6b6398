"""A PINN measured against a reference that is solved for it."""

import json

import pytest
import yaml

SOLVED = {"class_path": "LocalLeastSquares", "init_args": {"tolerance": 1e-4, "grid": [33, 9]}}


@pytest.fixture
def solved(config):
    content = yaml.safe_load(config.read_text())
    data = content["data"]["init_args"]
    data["problem"] = {"class_path": "Burgers", "init_args": {"nu": 0.05}}
    data["reference"] = SOLVED
    config.write_text(yaml.safe_dump(content))
    return config


def test_table_card_and_figures_say_where_the_reference_comes_from(solved, sgn, tmp_path):
    code, out, err = sgn("fit", "--config", solved)
    assert code == 0, err
    assert out.count("solving burgers by local least squares") == 1
    code, out, err = sgn("test", "--config", "runs/tiny/version_0/config.yaml")
    assert code == 0, err
    assert "solving" not in out
    assert "reference             local least squares, estimated error" in out
    assert "relative L2" in out
    run = tmp_path / "runs/tiny/version_0"
    data = json.loads((run / "card.json").read_text())["test"]["data"]
    assert data["reference_solved_by"] == "local least squares"
    assert 0 < data["reference_estimated_error"] < 2e-4
    assert data["grid"] == {"x": 33, "t": 9}
    (file,) = (tmp_path / "data").iterdir()
    assert data["reference"] == f"data/{file.name}"
    assert data["files"][0]["sha256"]
    assert (run / "figures" / "u.png").is_file()
    kept = yaml.safe_load((run / "config.yaml").read_text())["data"]["init_args"]["reference"]
    assert kept["class_path"].endswith("LocalLeastSquares")
    # sgn solve reads the same file, and compares with what is exact
    code, out, err = sgn("solve", "--config", solved, "--tolerance", "1e-4")
    assert code == 0, err
    assert "relative L2" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--data.reference.tolerance 1e-20", "below the floor of rounding, 1e-13 (name a file"),
        ("--data.reference.tolernce 1e-5", "takes no tolernce; did you mean tolerance?"),
        ("--data.reference.grid [33]", "at least 2 points for each of 2 coordinates"),
    ],
)
def test_what_cannot_be_made_is_one_line(words, message, solved, sgn, tmp_path):
    code, _, err = sgn("fit", "--config", solved, *words.split())
    assert code == 1
    assert message in err.splitlines()[-1]
    assert not (tmp_path / "runs").exists()
