"""The wheel: what it holds and says, and that what it ships runs outside a checkout."""

import json
import zipfile
from email.message import Message

import pytest
import yaml

from sgn_sciml import __version__
from tests.conftest import ROOT
from tests.installation.environment import about

SHIPPED = "sgn_sciml/shipped/"
ABOUT = f"sgn_sciml-{__version__}.dist-info"


@pytest.fixture(scope="module")
def names(wheel) -> set[str]:
    """The files in the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def says(wheel) -> Message:
    """Its metadata."""
    return about(wheel).metadata


def under(folder, *endings):
    """Files of the checkout, relative to it."""
    files = (path for path in (ROOT / folder).rglob("*") if path.is_file())
    return {p.relative_to(ROOT).as_posix() for p in files if p.suffix in endings or not endings}


def test_the_wheel_holds_the_package_and_its_types(names):
    assert under("sgn_sciml", ".py", ".typed", ".cpp", ".h") <= names
    assert "sgn_sciml/py.typed" in names


def test_the_wheel_holds_configurations_and_small_data(names):
    wanted = under("configs") | under("data/small") | {"data/README.md"}
    assert {n.removeprefix(SHIPPED) for n in names if n.startswith(SHIPPED)} == wanted


def test_the_wheel_holds_nothing_else(names):
    assert {name.split("/")[0] for name in names} == {"sgn_sciml", ABOUT}
    assert not [name for name in names if "__pycache__" in name]


def test_the_wheel_is_small(wheel):
    assert wheel.stat().st_size < 3_500_000  # of which 2.1 MB are data


def test_the_wheel_says_what_it_is(says, names):
    assert "Typing :: Typed" in says.get_all("Classifier")
    assert "Paper, https://arxiv.org/abs/2602.07679" in says.get_all("Project-URL")
    licences = {f"{ABOUT}/licenses/{n}" for n in says.get_all("License-File")}
    assert len(licences) == 2
    assert licences <= names


def test_a_plain_installation_asks_for_torch_and_numpy_alone(wheel):
    lines = about(wheel).requires
    assert sorted(x.partition(">")[0] for x in lines if "extra" not in x) == ["numpy", "torch"]


def test_shipped_configurations_and_data_run_anywhere(operators, tmp_path):
    listed = operators.sgn("configs", folder=tmp_path)
    assert listed.returncode == 0
    shipped = {p.removeprefix("configs/").removesuffix(".yaml") for p in under("configs")}
    assert {line.split()[0] for line in listed.stdout.splitlines()} == shipped
    done = operators.sgn(
        *("fit", "--config", "burgers_fno", "--config=small/burgers_fno"),
        *("--trainer.max_steps", 2, "--trainer.val_check_interval", 1),
        *("--trainer.accelerator", "cpu", "--trainer.limit_val_batches", 1),
        *("--data.batch_size", 2, "--trainer.callbacks", "null"),
        folder=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    run = tmp_path / "runs" / "burgers_fno" / "version_0"
    card = json.loads((run / "card.json").read_text())
    assert card["steps"] == 2
    shipped = operators.site / SHIPPED / "data" / "small" / "burgers_r10_64.h5"
    assert [about["path"] for about in card["data"]["files"]] == [str(shipped)]
    config = yaml.safe_load((run / "config.yaml").read_text())
    assert config["data"]["init_args"]["path"] == "data/small/burgers_r10_64.h5"


def test_an_installation_is_not_the_checkout(operators, tmp_path):
    code = "import sgn_sciml, sys; print(sgn_sciml.__file__, *sys.path, sep='\\n')"
    first, *path = operators.run("-c", code, folder=tmp_path).stdout.splitlines()
    assert first == str(operators.site / "sgn_sciml" / "__init__.py")
    assert str(ROOT) not in path
