"""Former paths and names."""

import warnings
from importlib import import_module

import pytest

import sgn_sciml.laws
from sgn_sciml.system import moved


@pytest.fixture(autouse=True)
def silent(monkeypatch):
    """As in a process that was told nothing yet."""
    monkeypatch.setattr(moved, "_told", [])


@pytest.mark.parametrize("path", moved.FORMER)
def test_the_homes_of_former_modules_are_there(path):
    for home in moved.FORMER[path]:
        import_module(f"sgn_sciml.{home}")


@pytest.mark.parametrize(
    ("path", "name", "home"),
    [
        ("commands.make", "make", "benchmark_data.make"),
        ("commands.resolve", "ResolvedDarcy", "benchmark_data.steady_darcy"),
        ("commands.part", "hash_of", "benchmark_data.partial_file"),
        ("commands.fetch", "fetch", "benchmark_data.fetch"),
        ("commands.data", "data_command", "app.data_command"),
        ("viz.pictures", "line_figure", "viz.images"),
    ],
)
def test_names_are_found_at_their_former_paths(path, name, home):
    former, now = import_module(f"sgn_sciml.{path}"), import_module(f"sgn_sciml.{home}")
    with pytest.warns(DeprecationWarning, match=rf"{path}\.{name} is sgn_sciml\.{home}\.{name}"):
        assert getattr(former, name) is getattr(now, name)


@pytest.mark.parametrize("module", ["laws", "laws.darcy"])
def test_a_renamed_class_is_found_and_said_once(module):
    former = import_module(f"sgn_sciml.{module}")
    with pytest.warns(
        DeprecationWarning, match=rf"{module}\.Darcy is sgn_sciml\.{module}\.DarcyF"
    ):
        assert former.Darcy is sgn_sciml.laws.DarcyFlow
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert former.Darcy is sgn_sciml.laws.DarcyFlow


def test_what_never_was_is_not_found():
    with pytest.raises(AttributeError, match=r"'sgn_sciml\.laws' has no attribute 'Nonesuch'"):
        sgn_sciml.laws.Nonesuch  # noqa: B018
    with pytest.raises(ImportError):
        from sgn_sciml.commands.make import Nonesuch  # noqa: F401
