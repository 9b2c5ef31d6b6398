"""The extra to install when a package is missing.

The lists of packages are those of ``pyproject.toml``, read from the installed package.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

__all__ = ["MissingExtra", "extras_with", "needed_by"]

DISTRIBUTIONS = {  # of modules that have another name
    "PIL": "pillow",
    "neuralop": "neuraloperator",
    "nrrd": "pynrrd",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
MAIN = "lightning"  # named where it is missing among others: it is what makes an extra large
COLLECTIONS = ("all", "dev", "docs", "runs")  # extras that name no application


class MissingExtra(ModuleNotFoundError):
    """An application is used without its packages; the message is the command that brings them."""


def distribution_of(module: str) -> str:
    """The distribution that holds a module, as ``pip`` spells it."""
    top = module.partition(".")[0]
    return DISTRIBUTIONS.get(top, top).replace("_", "-").lower()


def extras_with(module: str) -> list[str]:
    """The extras that bring a module; none for what this package does not ask for."""
    from importlib.metadata import PackageNotFoundError, requires  # slow

    try:
        lines = requires("sgn-sciml") or []
    except PackageNotFoundError:  # run from its folder, not installed
        return []
    wanted = distribution_of(module)
    found = set()
    for line in lines:
        name = re.match(r"[\w.-]+", line)
        extra = re.search(r"extra == ['\"]([\w-]+)['\"]", line)
        if name and extra and name[0].replace("_", "-").lower() == wanted:
            found.add(extra[1])
    return sorted(found - set(COLLECTIONS))


@contextmanager
def needed_by(user: str, extra: str) -> Iterator[None]:
    """Say what to install if an import within the block finds a package missing.

    The outermost block speaks: it knows what the user asked for.

    Args:
        user: What needs the packages, such as ``sgn_sciml.pinn`` or ``sgn fit``.
        extra: The extra it belongs to, which is named if it brings the package.

    Raises:
        MissingExtra: If a package of one of our extras is missing.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        known = extras_with(error.name) if error.name else []
        if not known:
            raise
        brings = extra if extra in known else known[0]
        name = MAIN if brings in extras_with(MAIN) and find_spec(MAIN) is None else error.name
        text = f"{user} needs {distribution_of(name or '')}: pip install 'sgn-sciml[{brings}]'"
        raise MissingExtra(text, name=name) from error
