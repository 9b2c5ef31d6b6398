"""The lists of packages in pyproject.toml against what is imported, both ways."""

import tomllib

import pytest
from packaging.requirements import Requirement

from sgn_sciml.system.extras import distribution_of
from tests.conftest import ROOT
from tests.installation.imports import PACKAGE, below, foreign, reached, text_below

WHOLE = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT, TOOLS = WHOLE["project"], WHOLE["tool"]
LISTED = PROJECT["optional-dependencies"]
CORE = ("layers", "networks", "jets", "optim")
LIGHT = {"sgn_sciml.app.cli", "sgn_sciml.__main__"}
TRAINING = ("app.training", "app.training_cli", "app.registry", "callbacks", "runs", "metrics")
SOLVE = ("solve_command", "solve_options", "solve_progress", "solve_report")
SOLVING = ("ensemble", "march", "reference_command", *SOLVE, "stages", "workflow")
# What is used with an extra: folders or modules. Their late imports count, those of others do not.
USES = {
    "data": ("benchmark_data", "layouts", "laws", "pde", "viz", "app.data_command"),
    "geometry": ("geometry",),
    "formats": ("layouts",),
    "runs": TRAINING,
    "pinn": (*TRAINING, "pinn", "local_solver", "ensembles", *(f"app.{name}" for name in SOLVING)),
    "operators": (*TRAINING, "operators"),
    "inr": (*TRAINING, "inr", "app.export_command"),
    "media": ("layouts.volumes",),
    "studies": ("studies", "app.study_command"),
    "export": ("inr.export",),
}
SAID = {
    "kan",
    "inkan",
    "onnx",
    "onnxruntime",
    "hdf5plugin",
    *("zarr", "safetensors", "pyarrow"),
    *("nibabel", "mrcfile", "nrrd", "pydicom", "tifffile"),
}  # what needs them checks, and says what to install
NAMED = {  # what is not imported by name
    "tensorboard": "TensorBoardLogger",  # of lightning, which imports it
    "pytorch-optimizer": "pytorch_optimizer.SOAP",  # a class path
    "onnxscript": "onnxscript",  # torch's exporter imports it
}


def own(extra):
    """The distributions that an extra lists itself."""
    wanted = [Requirement(line) for line in LISTED[extra]]
    return {w.name.lower().replace("_", "-") for w in wanted} - {"sgn-sciml"}


def brought(*extras):
    """The distributions that extras bring, those of extras within them included."""
    found = {Requirement(line).name for line in PROJECT["dependencies"]}
    for extra in extras:
        inner = [Requirement(line).extras for line in LISTED[extra] if "sgn-sciml[" in line]
        found |= own(extra) | brought(*set().union(*inner))
    return found


def used(extra):
    """The distributions that are imported where an extra is used."""
    return {distribution_of(name) for name in foreign(reached(below(*USES[extra])))}


def test_the_core_imports_torch_and_numpy_alone():
    assert foreign(reached(below(*CORE) | {"sgn_sciml"})) == {"torch", "numpy"} == brought()


def test_the_command_itself_needs_no_package():
    assert foreign(reached(LIGHT, late=False)) == set()
    assert foreign(reached(below("app.configs_command"))) == set()


@pytest.mark.parametrize("extra", USES)
def test_an_extra_brings_what_its_folders_import(extra):
    assert used(extra) - {distribution_of(name) for name in SAID} <= brought(extra)


@pytest.mark.parametrize("extra", USES)
def test_nothing_is_listed_that_nothing_uses(extra):
    text = text_below(PACKAGE)
    named = {name for name, how in NAMED.items() if how in text}
    assert own(extra) <= used(extra) | named


def test_every_folder_belongs_to_the_core_or_an_extra():
    parts = {use.split(".")[0] for uses in USES.values() for use in uses}
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert folders - parts - set(CORE) == {"system"}  # each file of which is imported by others


def test_all_is_everything_but_other_peoples_networks():
    names = set(LISTED) - {"all", "dev", "docs", "models"}
    assert brought("all") == brought(*names)
    assert brought("dev") >= brought("all")


@pytest.mark.parametrize("extra", ["models", "dev", "docs"])
def test_packages_of_the_tests_are_used(extra):
    text = text_below(ROOT / "tests", ROOT / "notebooks", ROOT / "docs", PACKAGE)
    text += (ROOT / "Makefile").read_text(encoding="utf-8") + str(TOOLS)
    text = text.lower().replace("_", "-")
    other = {"scikit-learn": "sklearn", "pytest-xdist": "-n 2", "ipykernel": "kernelspec"}
    other["hatchling"] = "no-build-isolation"
    assert [name for name in own(extra) if other.get(name, name) not in text] == []


def test_every_package_has_a_comment():
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    bare = [
        x for x in lines if x.startswith('    "') and ("==" in x or ">=" in x) and "#" not in x
    ]
    assert [x.strip() for x in bare] == ['"pytest>=8",', '"ruff>=0.9",', '"mypy>=1.14",']
