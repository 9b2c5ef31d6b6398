"""Which folder may import which: the map of CONTRIBUTING.md, for every module of the package."""

import ast
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "sgn_sciml"

CORE = ("layers", "networks", "jets", "optim")
LIBRARY = {"system", *CORE, "geometry", "pde", "metrics", "viz", "laws", "layouts"}
APPLICATIONS = ("pinn", "local_solver", "operators", "inr")
# What a folder may import besides itself. Nothing points upward, and no application at another.
ALLOWED = {
    "system": set(),
    "layers": {"jets"},  # splines run in the kernel
    "networks": {"layers", "system"},
    "jets": {"system"},  # how an exception is told
    "optim": set(),
    "metrics": set(),
    "viz": set(),
    "laws": {"system"},
    "layouts": {"system"},
    "geometry": {"system"},  # what to install for polygons
    "pde": {"jets", "laws", "geometry"},
    "runs": LIBRARY,
    "callbacks": LIBRARY | {"runs"},
    **dict.fromkeys(APPLICATIONS, LIBRARY | {"runs"}),
    "benchmark_data": {"system", "pde", "viz", "laws", "layouts"},
    "ensembles": {"system", "jets", "pde", "laws", "layouts", "local_solver"},
    "studies": LIBRARY | {"runs", "benchmark_data", *APPLICATIONS},
    "app": LIBRARY
    | {"runs", "callbacks", "benchmark_data", "studies", "ensembles", *APPLICATIONS},
}
# Packages that a folder may import besides Python's own.
VOLUMES = ("nibabel", "mrcfile", "nrrd", "pydicom", "tifffile")
FOREIGN = {
    "system": {"numpy", "torch", "filelock", "jsonargparse"},
    **{folder: {"torch", "numpy"} for folder in CORE},
    "geometry": {"torch", "numpy", "scipy", "shapely", "trimesh"},
    "pde": {"torch", "numpy"},
    "laws": {"numpy", "scipy"},
    "layouts": {"numpy", "scipy", "h5py", "torch", "zarr", "safetensors", "pyarrow", *VOLUMES},
    "local_solver": {"torch", "numpy"},
    "ensembles": {"torch", "numpy"},
    "metrics": {"torch", "torchmetrics"},
    "viz": {"torch", "matplotlib", "numpy"},
}
KERNEL = PACKAGE / "jets" / "sources"
FOLDERS = [*sorted(path.parent for path in PACKAGE.rglob("__init__.py")), KERNEL]


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module


def used(folder):
    """Folders of the package that the modules of one import, each with a module that does."""
    found = {}
    for path in sorted((PACKAGE / folder).rglob("*.py")):
        for name in imports(path):
            if name.startswith("sgn_sciml."):
                found.setdefault(name.split(".")[1], path)
    return {k: v for k, v in found.items() if k in ALLOWED and k != folder}


def test_every_module_is_in_a_folder_with_a_rule():
    assert {path.name for path in PACKAGE.iterdir() if path.is_dir()} - {"__pycache__"} == set(
        ALLOWED
    )
    assert {path.name for path in PACKAGE.glob("*.py")} == {"__init__.py", "__main__.py"}


@pytest.mark.parametrize("folder", ALLOWED)
def test_folders_import_only_what_lies_below(folder):
    assert used(folder).keys() <= ALLOWED[folder], used(folder)


def test_no_module_imports_the_package_itself():
    for path in PACKAGE.rglob("*.py"):
        assert path.parent == PACKAGE or "sgn_sciml" not in set(imports(path)), path


def test_there_is_no_circle():
    arrows, order = {folder: set(used(folder)) for folder in ALLOWED}, []
    while arrows:
        free = [folder for folder, others in arrows.items() if others <= set(order)]
        assert free, f"a circle among {arrows}"
        order += free
        for folder in free:
            del arrows[folder]


@pytest.mark.parametrize("folder", FOREIGN)
def test_the_library_knows_few_packages(folder):
    for path in (PACKAGE / folder).rglob("*.py"):
        names = {name.split(".")[0] for name in imports(path)}
        assert names - set(sys.stdlib_module_names) - {"sgn_sciml"} <= FOREIGN[folder], path


@pytest.mark.parametrize("part", ["engine", "experiments", "reports"])
def test_the_parts_of_studies_point_at_the_engine_only(part):
    for path in (PACKAGE / "studies" / part).glob("*.py"):
        parts = {n.split(".")[2] for n in imports(path) if n.startswith("sgn_sciml.studies.")}
        assert parts <= {part, "engine"}, path


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_folders_and_files_stay_small(folder):
    files = [path for path in folder.iterdir() if path.suffix in (".py", ".h", ".cpp")]
    assert 0 < len(files) <= 25
    assert {p.name: n for p in files if (n := len(p.read_text().splitlines())) > 300} == {}
