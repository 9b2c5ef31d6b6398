"""What modules of the package import, read from their source without importing any."""

import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tests.conftest import ROOT

PACKAGE = ROOT / "sgn_sciml"


@dataclass
class Imports:
    """Names that a module imports: when it is imported itself, and later, within functions."""

    eager: set[str] = field(default_factory=set)
    lazy: set[str] = field(default_factory=set)


class Reader(ast.NodeVisitor):
    """Collects the imports of one file; those for type checkers alone do not count."""

    def __init__(self) -> None:
        self.found = Imports()
        self.depth = 0

    def add(self, *names: str) -> None:
        (self.found.lazy if self.depth else self.found.eager).update(names)

    def visit_Import(self, node: ast.Import) -> None:
        self.add(*(alias.name for alias in node.names))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self.add(node.module, *(f"{node.module}.{alias.name}" for alias in node.names))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.depth += 1
        self.generic_visit(node)
        self.depth -= 1

    def visit_If(self, node: ast.If) -> None:
        if ast.unparse(node.test) != "TYPE_CHECKING":
            self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if ast.unparse(node.func) == "import_module" and isinstance(node.args[0], ast.Constant):
            self.add(node.args[0].value)
        self.generic_visit(node)


@cache
def modules() -> dict[str, Imports]:
    """All modules of the package by name."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        reader = Reader()
        reader.visit(ast.parse(path.read_text(encoding="utf-8")))
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts).removesuffix(".__init__")] = reader.found
    return found


def below(*names: str) -> set[str]:
    """The modules of some folders, or single modules, named below ``sgn_sciml``."""
    wanted = [f"sgn_sciml.{name}" for name in names]
    return {m for m in modules() if any(m == w or m.startswith(f"{w}.") for w in wanted)}


def reached(roots: Iterable[str], late: bool = True) -> set[str]:
    """All names that are imported by using some modules.

    Args:
        roots: The modules.
        late: Whether what they import within functions counts; of others it does not.
    """
    names: set[str] = set()
    waiting, seen = list(with_parents(roots)), set[str]()
    roots = set(roots) if late else set()
    while waiting:
        module = waiting.pop()
        if module in seen:
            continue
        seen.add(module)
        found = modules()[module]
        new = found.eager | (found.lazy if module in roots else set())
        names |= new
        waiting += with_parents(new & modules().keys())
    return names


def with_parents(names: Iterable[str]) -> Iterator[str]:
    """Modules and the packages that hold them, which an import runs before."""
    for name in names:
        parts = name.split(".")
        yield from (".".join(parts[: k + 1]) for k in range(len(parts)))


def foreign(names: Iterable[str]) -> set[str]:
    """The top-level names that are neither Python's own nor ours."""
    return {n.partition(".")[0] for n in names} - set(sys.stdlib_module_names) - {"sgn_sciml"}


def text_below(*folders: Path) -> str:
    """The text of all files in Python and Jupyter below some folders."""
    paths = [p for f in folders for end in ("*.py", "*.ipynb") for p in f.rglob(end)]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)
