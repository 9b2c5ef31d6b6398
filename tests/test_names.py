"""One meaning a name: no type of the package, class or alias, shares its name with another."""

import ast
from collections import defaultdict

from tests.test_imports import PACKAGE


def types(tree):
    """Names of the types that a module defines: classes, and aliases such as ``Array = ...``.

    A name in capitals is a constant.
    """
    yield from (node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
        for target in targets:
            if isinstance(target, ast.Name) and target.id[0].isupper() and not target.id.isupper():
                yield target.id


def test_types_are_classes_and_capitalised_aliases():
    text = "Array = int\nRANGE = 3\nT = 4\nclass Gate:\n    Kind = 1\nKind: type = str"
    assert sorted(types(ast.parse(text))) == ["Array", "Gate", "Kind"]


def test_no_type_name_is_defined_twice():
    places = defaultdict(list)
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.parent.name == "starters":  # what users rename
            continue
        for name in types(ast.parse(path.read_text())):
            places[name].append(str(path.relative_to(PACKAGE)))
    assert {name: where for name, where in places.items() if len(where) > 1} == {}
