"""What is said when a package is missing."""

import sys

import pytest

from sgn_sciml.system.extras import MissingExtra, distribution_of, extras_with, needed_by


@pytest.fixture
def no(monkeypatch):
    """Make an import of a module fail."""

    def absent(name):
        monkeypatch.setitem(sys.modules, name, None)

    return absent


def missing(module):
    """The error of Python where a module is missing."""
    return ModuleNotFoundError(f"No module named {module!r}", name=module)


@pytest.mark.parametrize(
    ("module", "distribution"),
    [
        ("skimage.data", "scikit-image"),
        ("PIL", "pillow"),
        ("lightning.pytorch", "lightning"),
        ("docstring_parser", "docstring-parser"),
        ("neuralop.models", "neuraloperator"),
    ],
)
def test_a_module_has_a_distribution(module, distribution):
    assert distribution_of(module) == distribution


def test_extras_that_bring_a_module():
    assert extras_with("neuralop") == ["operators"]
    assert extras_with("soundfile") == ["export", "inr", "media", "studies"]
    assert {"pinn", "operators", "inr"} <= set(extras_with("lightning"))
    assert extras_with("torch") == extras_with("antigravity") == []


@pytest.mark.parametrize(
    ("module", "extra", "says"),
    [
        ("h5py", "pinn", "sgn fit needs h5py: pip install 'sgn-sciml[pinn]'"),
        ("neuralop.models", "pinn", "needs neuraloperator: pip install 'sgn-sciml[operators]'"),
        ("submitit", "studies", "needs submitit: pip install 'sgn-sciml[studies]'"),
    ],
)
def test_the_extra_is_named_that_brings_what_is_missing(module, extra, says):
    with pytest.raises(MissingExtra, match="sgn fit needs") as error, needed_by("sgn fit", extra):
        raise missing(module)
    assert says in str(error.value)
    assert isinstance(error.value, ImportError)


def test_lightning_is_named_where_it_is_missing_among_others(no):
    no("lightning")
    with pytest.raises(MissingExtra, match=r"x needs lightning: .*\[inr\]"), needed_by("x", "inr"):
        raise missing("h5py")
    with pytest.raises(MissingExtra, match=r"x needs h5py: .*\[data\]"), needed_by("x", "data"):
        raise missing("h5py")


def test_the_outermost_speaks():
    with (
        pytest.raises(MissingExtra, match=r"sgn_sciml.pinn needs h5py: .*\[pinn\]"),
        needed_by("sgn_sciml.pinn", "pinn"),
        needed_by("sgn_sciml.layouts", "data"),
    ):
        raise missing("h5py")


@pytest.mark.parametrize("module", ["antigravity", "torch", "sgn_sciml.nothing"])
def test_what_is_not_ours_stays_as_it_is(module):
    with pytest.raises(ModuleNotFoundError) as error, needed_by("sgn fit", "pinn"):
        raise missing(module)
    assert not isinstance(error.value, MissingExtra)
