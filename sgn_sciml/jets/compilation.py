"""Compile the kernel on first use.

The kernel needs nothing of torch, so the compiler is called without torch's extension loader,
which would ask for ninja and compile torch's headers for half a minute; this takes some seconds.
"""

import ctypes
import hashlib
import logging
import os
import platform
import subprocess
import tempfile
from functools import cache
from pathlib import Path

__all__ = ["Unavailable", "library"]

logger = logging.getLogger(__name__)

SOURCES = Path(__file__).with_name("sources")
FLAGS = [
    *("-std=c++17", "-O3", "-march=native", "-fno-math-errno", "-fno-trapping-math"),
    *("-ffp-contract=fast", "-fopenmp-simd", "-shared", "-fPIC"),
]


class Unavailable(RuntimeError):
    """The kernel cannot be built here; the message says why."""


@cache
def library() -> ctypes.CDLL:
    """The kernel, compiled on first use and kept in the user's cache folder.

    ``CXX`` names the compiler (default ``c++``), ``XDG_CACHE_HOME`` the folder (``~/.cache``).

    Raises:
        Unavailable: Without a compiler that understands it, or a folder to keep it.
    """
    compiler = os.environ.get("CXX", "c++")
    vectors = platform.libc_ver()[0] == "glibc" and platform.machine() == "x86_64"
    libraries = ["-lmvec", "-lm"] if vectors else ["-lm"]
    if platform.machine() == "x86_64":  # compilers halve vectors for fear of a lower clock rate
        libraries.append("-mprefer-vector-width=512")
    # of one processor: a home folder may serve several machines
    texts = [path.read_text() for path in sorted(SOURCES.iterdir())]
    key = "\n".join([*texts, compiler, *FLAGS, *libraries, *_processor()])
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sgn_sciml"
    path = folder / f"jets_{hashlib.sha256(key.encode()).hexdigest()[:16]}.so"
    try:
        if not path.is_file():
            logger.info("compiling the kernel of jets, once (some seconds)")
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder) as scratch:
                built = Path(scratch) / path.name
                command = [
                    compiler,
                    *FLAGS,
                    str(SOURCES / "jets.cpp"),
                    "-o",
                    str(built),
                    *libraries,
                ]
                subprocess.run(command, check=True, capture_output=True, text=True)
                built.replace(path)  # whole, also where two processes build at once
        return ctypes.CDLL(str(path))
    except FileNotFoundError as error:
        raise Unavailable(f"no compiler {compiler} (set CXX)") from error
    except subprocess.CalledProcessError as error:
        reason = (error.stderr.strip().splitlines() or ["no message"])[0]
        raise Unavailable(f"{compiler} cannot compile the kernel of jets: {reason}") from error
    except OSError as error:
        raise Unavailable(f"the kernel of jets cannot be kept or loaded: {error}") from error


def _processor() -> list[str]:
    """What tells processors apart."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return [platform.processor()]
    return sorted({line for line in lines if line.startswith(("flags", "Features", "model name"))})
