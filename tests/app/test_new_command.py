"""``sgn new``: what it writes runs as it is."""

import sys
from pathlib import Path

import pytest

from sgn_sciml.app.new_command import KINDS

SMALLER = {
    "trainer.max_steps": 3,
    "trainer.val_check_interval": 1,
    "trainer.enable_progress_bar": "false",
}
POINTS = {"data.num_points": 30, "data.reference.init_args.tolerance": 1e-3}
PINN = POINTS | {"model.optimizer.init_args.phases": "[{optimizer: LevenbergMarquardt, steps: 9}]"}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """An empty working folder, whose modules are forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    for name in ("first_try", "heat"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize("kind", KINDS)
def test_each_pair_runs_at_once(kind, sgn):
    code, out, err = sgn("new", kind, "first_try")
    assert (code, err) == (0, "")
    assert out.splitlines()[:2] == ["wrote first_try.py", "wrote first_try.yaml"]
    assert "class FirstTry" in Path("first_try.py").read_text()
    assert "own" not in Path("first_try.yaml").read_text().lower().replace("your own", "")
    options = SMALLER | ({} if kind == "dataset" else PINN)
    words = [word for key, value in options.items() for word in (f"--{key}", value)]
    code, _, err = sgn("fit", "--config", "first_try.yaml", *words)
    assert code == 0, err
    code, out, err = sgn("test", "--config", "runs/first_try/version_0/config.yaml")
    assert code == 0, err
    assert "relative L2" in out
    assert list(Path("runs/first_try/version_0/figures").glob("*.png"))


def test_the_equation_is_solved_without_training(sgn):
    sgn("new", "equation", "heat")
    code, out, err = sgn("solve", "--config", "heat.yaml", "--tolerance", "1e-6")
    assert code == 0, err
    assert "estimated error" in out


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("my-heat", "'my-heat' cannot be the name of a Python module"),
        ("my heat.py", "such as my_heat"),
        ("2d", "a letter first"),
        ("", "cannot be the name"),
        ("../there", "cannot be the name of a Python module"),
        ("class", "is a word of Python's"),
        ("random", "is the name of an installed package, which would be found first"),
        ("torch", "is the name of an installed package"),
    ],
)
def test_a_bad_name_is_one_line(name, message, sgn, tmp_path):
    code, _, err = sgn("new", "equation", name)
    assert code == 1
    assert message in err
    assert len(err.splitlines()) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("there", ["heat.py", "heat.yaml"])
def test_nothing_is_written_over(there, sgn, tmp_path):
    Path(there).write_text("mine")
    code, _, err = sgn("new", "network", "heat")
    assert (code, err) == (1, f"sgn: error: {there} is there already: give another name\n")
    assert [path.name for path in tmp_path.iterdir()] == [there]
    assert Path(there).read_text() == "mine"


def test_help_says_what_there_is(sgn):
    assert "sgn new equation NAME" in sgn("--help")[1]
    with pytest.raises(SystemExit) as end:
        sgn("new", "--help")
    assert end.value.code == 0


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("@dataclass(", "@dataclas(", "line 15: NameError: name 'dataclas' is not defined"),
        (
            "import torch\n",
            "import troch\n",
            "line 8: ModuleNotFoundError: No module named 'troch'",
        ),
        ("import Condition,", "import Conditon,", "line 12: ImportError: cannot import name"),
        ("-> Tensor:", "-> Tensor", "expected ':' (heat.py, line 35)"),
    ],
)
def test_a_slip_in_the_equation_is_told_with_its_line(old, new, line, sgn):
    sgn("new", "equation", "heat")
    text = Path("heat.py").read_text()
    Path("heat.py").write_text(text.replace(old, new, 1))
    for command in ("fit", "solve"):
        code, _, err = sgn(command, "--config", "heat.yaml")
        assert code == 1
        assert line in err.splitlines()[-1]
        assert "expected" in line or "sgn: error: heat.py, line" in err
        assert not Path("runs").exists()
        sys.modules.pop("heat", None)
