"""Names for the arrays of a file that does not say what they are.

Which axis is which, which array is a field, a coordinate or a constant, and where it lies. What
is not named is told from the file itself, as the layouts do.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sgn_sciml.layouts.contents import AXES, SPACE, LayoutError

__all__ = ["HOW", "Schema", "axes_from_labels", "names_from_text", "words_of"]

OTHER = {"t": "time", "times": "time", "lon": "x", "longitude": "x", "lat": "y", "latitude": "y"}
OTHER |= dict.fromkeys(("samples", "batch", "member", "trajectory", "realization"), "sample")
OTHER |= dict.fromkeys(("channel", "channels", "components", "variable", "c"), "component")
SKIPPED = "-"  # an axis of length 1 that is left out
HOW = "sgn data inspect FILE --axes '{}'; to train, data.init_args.schema.axes"


@dataclass(frozen=True)
class Schema:
    """What the arrays of a file are.

    Args:
        axes: Field to the names of its axes in the order of storage, such as ``"sample time x"``:
            sample, time, x, y, z, component; ``-`` leaves out an axis of length 1. One run has no
            sample axis, a field that all samples share neither.
        fields: Field to the path of its data set in the file, where that is another.
        coordinates: ``x``, ``y``, ``z`` or ``t`` to the array that holds it.
        parameters: Constant to the array that holds it: one number, or one for each sample.

    Raises:
        ValueError: If an axis has an unknown name, or is named twice.
    """

    axes: dict[str, str] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    coordinates: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, text in self.axes.items():
            words_of(name, text)
        for axis in self.coordinates:
            if axis not in (*SPACE, "t"):
                raise LayoutError(f"schema: coordinates are x, y, z and t, not {axis!r}")

    def __bool__(self) -> bool:
        return bool(self.axes or self.fields or self.coordinates or self.parameters)

    def axes_of(self, name: str, shape: tuple[int, ...]) -> tuple[str, ...] | None:
        """The axes of a field as named, ``""`` for one to leave out; None if they are not.

        Raises:
            ValueError: If there are more or fewer names than axes, or one to leave out is longer
                than 1.
        """
        if name not in self.axes:
            return None
        words = words_of(name, self.axes[name])
        wrong = len(words) != len(shape)
        if wrong or any(n != 1 for n, word in zip(shape, words, strict=True) if not word):
            raise LayoutError(
                f"{name} has shape {shape}, which the axes '{self.axes[name]}' do not fit"
            )
        return words

    def check_names(self, path: object, known: Mapping[str, object] | set[str]) -> None:
        """Refuse names that the file does not have.

        Raises:
            ValueError: If an array is named that is not in the file.
        """
        told = {self.fields.get(name, name) for name in self.axes} | {*self.fields.values()}
        told |= {*self.coordinates.values(), *self.parameters.values()}
        for name in sorted(told):
            if name not in known:
                have = ", ".join(sorted(known)) or "none"
                raise LayoutError(f"{path} has no array {name!r}; it has {have}")


def words_of(name: str, text: str) -> tuple[str, ...]:
    """Axis names in a text, separated by spaces or commas.

    Raises:
        ValueError: If one is unknown or stands twice.
    """
    words = tuple(OTHER.get(word, word) for word in text.replace(",", " ").split())
    for word in words:
        if word not in (*AXES, SKIPPED):
            known = ", ".join(AXES)
            raise LayoutError(f"axes of {name}: {word!r} is not one of {known}, {SKIPPED}")
    named = [word for word in words if word != SKIPPED]
    if not set(named) & set(SPACE) or len(named) != len(set(named)):
        raise LayoutError(f"axes of {name}: '{text}' needs an x, and each axis once")
    space = [word for word in SPACE if word in named]
    if space != list(SPACE[: len(space)]):
        raise LayoutError(f"axes of {name}: '{text}' needs x, then y, then z")
    return tuple("" if word == SKIPPED else word for word in words)


def axes_from_labels(labels: Iterable[object]) -> str:
    """Axes as the labels of dimensions name them, if they name all; else nothing.

    >>> axes_from_labels(["member", "time", "lon"]), axes_from_labels(["dim_0", "x"])
    ('sample time x', '')
    """
    words = [OTHER.get(str(label).lower(), str(label).lower()) for label in labels]
    named = {*words} <= {*AXES} and "x" in words
    return " ".join(words) if named and len({*words}) == len(words) else ""


def names_from_text(entries: Iterable[str]) -> dict[str, str]:
    """Names as the command line gives them, ``u=sample time x``.

    Raises:
        ValueError: If one has no ``=``.
    """
    found = {}
    for entry in entries:
        name, mark, text = entry.partition("=")
        if not mark:
            raise LayoutError(f"{entry!r} names nothing: write it like 'u=sample time x'")
        found[name.strip()] = text.strip()
    return found
