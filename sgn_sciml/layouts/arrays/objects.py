"""Arrays of NumPy that hold arrays, which are pickles; nothing but arrays is unpickled.

A pickle may name any function of any package and have it called. Here it may name the three that
NumPy puts an array together with, under their names of NumPy 1 and 2, and what turns text into
bytes, as which Python 3 has bytes in pickles that Python 2 reads; anything else is refused.

Source: https://docs.python.org/3/library/pickle.html#restricting-globals
"""

import pickle
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["arrays_in"]


def _as_bytes(text: str, encoding: str) -> bytes:
    """Text as bytes, one each.

    Raises:
        pickle.UnpicklingError: For any other encoding.
    """
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"holds more than arrays (text in {encoding})")
    return str(text).encode("latin1")


RECONSTRUCT = np.empty(0).__reduce__()[0]  # moved between NumPy 1 and 2
ALLOWED: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("numpy.core.multiarray", "_reconstruct"): RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): RECONSTRUCT,
    ("_codecs", "encode"): _as_bytes,
}


class _ArraysOnly(pickle.Unpickler):
    """Builds arrays, lists and tuples of them, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        """One of those.

        Raises:
            pickle.UnpicklingError: For any other.
        """
        if (module, name) not in ALLOWED:
            raise pickle.UnpicklingError(f"holds more than arrays ({module}.{name})")
        return ALLOWED[module, name]

    def persistent_load(self, pid: Any) -> Any:
        """Nothing.

        Raises:
            pickle.UnpicklingError: Always.
        """
        raise pickle.UnpicklingError("holds more than arrays (a persistent object)")


def arrays_in(stream: IO[bytes]) -> list[NDArray[Any]]:
    """The arrays in an array of objects, from behind its head on.

    Raises:
        ValueError: If it holds anything else; the message begins with a verb.
    """
    try:
        loaded = _ArraysOnly(stream).load()
    except pickle.UnpicklingError as error:
        raise ValueError(str(error)) from error
    if isinstance(loaded, np.ndarray) and loaded.dtype == object:
        loaded = loaded.ravel().tolist()
    found = [each for each in loaded if isinstance(each, np.ndarray) and each.dtype.kind in "biuf"]
    if len(found) != len(loaded):
        raise ValueError("holds objects that are not arrays of numbers")
    return found
