"""Faults in code that is not ours, in one line with their place."""

import linecache
import re
import sysconfig
import traceback
from pathlib import Path
from types import FrameType

__all__ = ["explained", "first_cause", "is_out_of_memory", "lack_of_memory"]

PACKAGE = str(Path(__file__).parents[1])
LIBRARIES = tuple({sysconfig.get_path(name) for name in ("purelib", "platlib", "stdlib")})


def explained(error: BaseException) -> str:
    """An exception as one line: the place in the user's own code, if it passed there, and why.

    Args:
        error: An exception that was raised.

    Example:
        >>> try:
        ...     {}["nu"]
        ... except KeyError as error:
        ...     print(explained(error).partition(": ")[2])
        KeyError: 'nu'
    """
    whole = traceback.TracebackException.from_exception(error, lookup_lines=False)
    lines = [line.strip() for line in "".join(whole.format_exception_only()).splitlines()]
    said = lines[0].removeprefix(f"{type(error).__module__}.")
    if said.endswith(":") and len(lines) > 1:  # a message that begins with a line break
        said = f"{said} {lines[1]}"
    if type(error) is ValueError or type(error).__module__.startswith("sgn_sciml."):
        said = said.removeprefix(f"{type(error).__name__}: ")  # the message says it all
    place = own_place(error)
    return f"{place}: {said}" if place else said


def first_cause(error: BaseException) -> str:
    """The message of an exception, or the error in the user's own code that it tells of.

    So a parser's word on a class that cannot be imported becomes a line with file and number.
    """
    inner: BaseException | None = error
    while inner is not None and not own_place(inner):
        inner = inner.__cause__ or inner.__context__
    return str(error) if inner is None else explained(inner)


def own_place(error: BaseException) -> str:
    """File and line of the last call in code of neither this package nor a library, or nothing."""
    place = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        if is_own(frame):
            place = f"{Path(frame.f_code.co_filename).name}, line {line}"
    return place


def is_own(frame: FrameType) -> bool:
    """Whether code is that of the user."""
    path = frame.f_code.co_filename
    generated = path.startswith("<") and not linecache.getlines(path)
    return not generated and not path.startswith((PACKAGE, *LIBRARIES))


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception speaks of the machine and not of what was asked for."""
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"


def lack_of_memory(error: BaseException) -> str | None:
    """Says that there is not enough memory; None if an exception does not speak of that.

    Torch has an ordinary RuntimeError for memory that the machine does not give.
    """
    if not is_out_of_memory(error) and "can't allocate memory" not in str(error):
        return None
    found = re.search(r"allocate (\d+) bytes", str(error))
    size = f": {int(found[1]) / 1e9:,.1f} GB more were asked for" if found else ""
    return f"there is not enough memory{size}"
