"""Which room may import which: the map in README.md, enforced."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "sgn_sciml"

ALLOWED = {
    "layers": set(),
    "metrics": set(),
    "viz": set(),
    "optim": set(),
    "jets": set(),
    "pde": {"jets", "laws"},
    "laws": set(),
    "layouts": set(),
    "commands": {"laws", "layouts", "viz", "data", "pde", "networks", "tasks", "runs"},
    "networks": {"layers"},
    "data": {"pde", "layouts"},
    "tasks": {"layers", "jets", "networks", "pde", "metrics", "optim"},
    "callbacks": {"layers", "networks", "data", "viz", "machine"},
    "studies": {
        "layers",
        "networks",
        "data",
        "pde",
        "tasks",
        "metrics",
        "optim",
        "viz",
        "machine",
    },
}
FOREIGN = {
    "layers": {"torch"},
    "networks": {"torch", "neuralop"},
    "jets": {"torch", "numpy"},
    "pde": {"torch", "numpy"},
    "laws": {"numpy", "scipy"},
    "layouts": {"numpy", "scipy", "h5py", "torch"},
    "metrics": {"torch", "torchmetrics"},
    "viz": {"torch", "matplotlib", "numpy"},
    "optim": {"torch"},
}


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            if node.module == "sgn_sciml":
                yield from (f"sgn_sciml.{alias.name}" for alias in node.names)
            else:
                yield node.module


def modules(room):
    return sorted((PACKAGE / room).rglob("*.py"))


def test_every_room_has_a_rule():
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
    assert rooms == set(ALLOWED)


@pytest.mark.parametrize("room", ALLOWED)
def test_rooms_import_only_their_neighbours(room):
    for path in modules(room):
        used = {n.split(".")[1] for n in imports(path) if n.startswith("sgn_sciml.")}
        assert used - {room, "__version__"} <= ALLOWED[room], path


@pytest.mark.parametrize("room", FOREIGN)
def test_leaves_know_few_packages(room):
    import sys

    for path in modules(room):
        used = {n.split(".")[0] for n in imports(path)}
        assert used - set(sys.stdlib_module_names) - {"sgn_sciml"} <= FOREIGN[room], path


def test_the_package_itself_imports_nothing():
    assert list(imports(PACKAGE / "__init__.py")) == []
