"""The pages of the API, made from what each package re-exports: no list is kept by hand.

A page is a package. Its sections are the modules that define its names: what the module says, then
the names, under the path that users import them from. The source is parsed, not imported.
"""

import ast
from pathlib import Path

__all__ = ["handed_on", "write_pages"]

PACKAGE = Path(__file__).parent.parent / "sgn_sciml"
LEFT_OUT = (
    "sgn_sciml",
    "sgn_sciml.app",
    "sgn_sciml.system",
)  # re-export nothing, or only others' names


def packages() -> dict[str, Path]:
    """Packages by name, the upper ones first."""
    found = {
        ".".join((PACKAGE.name, *path.parent.relative_to(PACKAGE).parts)): path
        for path in sorted(PACKAGE.rglob("__init__.py"))
    }
    return {name: path for name, path in found.items() if name not in LEFT_OUT}


def imports(path: Path) -> dict[str, list[str]]:
    """Names that a package imports from modules below it, by module, in the order of the file."""
    found: dict[str, list[str]] = {}
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.setdefault(node.module, []).extend(alias.name for alias in node.names)
    return found


def kind(module: str, name: str) -> str | None:
    """The directive for a name: by how its module defines it; None for another module's name."""
    path = PACKAGE.parent.joinpath(*module.split(".")).with_suffix(".py")
    if not path.exists():
        return None
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            return "autoclass"
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return "autofunction"
    return "autodata"


def handed_on() -> dict[str, str]:
    """Names as users import them, by where they are defined; each once, at the nearest package."""
    found: dict[str, str] = {}
    for package, path in packages().items():
        for module, names in imports(path).items():
            if module.startswith(f"{package}."):
                found |= {f"{module}.{name}": f"{package}.{name}" for name in names}
    return found


def page(package: str) -> str:
    """The page of a package."""
    nearest = handed_on()
    lines = [package, "=" * len(package), "", f".. automodule:: {package}", "   :no-members:", ""]
    for module, names in imports(packages()[package]).items():
        mine = [n for n in names if nearest.get(f"{module}.{n}") == f"{package}.{n}"]
        directives = [(kind(module, name), name) for name in mine]
        if not any(directive for directive, _ in directives):
            continue
        title = module.removeprefix(f"{package}.")
        lines += [title, "-" * len(title), "", f".. automodule:: {module}", "   :no-members:"]
        lines += (
            ["   :no-index:"] if module in nearest.values() else []
        )  # a name that is called alike
        lines += [""]
        for directive, name in directives:
            if directive:
                lines += [f".. {directive}:: {package}.{name}", ""]
    return "\n".join(lines)


def write_pages(folder: Path) -> None:
    """Write all pages and their index; a page that is the same keeps its time."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = {name: page(name) for name in packages()}
    pages = {name: text for name, text in pages.items() if "\n---" in text}
    lines = ["API", "===", "", ".. toctree::", "   :maxdepth: 1", ""]
    pages["index"] = "\n".join([*lines, *(f"   {name}" for name in pages), ""])
    for path in folder.glob("*.rst"):
        if path.stem not in pages:
            path.unlink()
    for name, text in pages.items():
        path = folder / f"{name}.rst"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
