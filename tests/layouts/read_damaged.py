"""The child process of the fuzz test: reads damaged files, reports on each."""

import base64
import faulthandler
import json
import os
from pathlib import Path

import numpy as np

from sgn_sciml.layouts import open_source

PATIENCE = 20  # seconds for one file, before the process counts as hung


def outcome(path, genuine):
    """Open and read everything; what happened, in a word.

    A file with checksums must give what was written, which ``genuine`` collects.
    """
    try:
        source = open_source(path)
        if source.layout == "sgn-samples-1":
            held = [source.read(name).tobytes() for name in source.fields]
            held += [repr(source.parameters), repr(source.coordinates)]
            if genuine.setdefault("held", held) != held:
                return "read wrong values"
        for name, field in source.fields.items():
            values = source.read(name)
            assert (values.shape, values.dtype) == (field.shape, field.dtype)
            assert values.dtype.kind != "f" or np.isfinite(values).all()
        source.close()
    except ValueError as error:
        return "refused" if len(str(error).splitlines()) == 1 else f"many lines: {error}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "read"


def read_damaged(file, output):
    """In the child: take cases from a file, print an outcome per case."""
    printed = os.open(output, os.O_WRONLY | os.O_CREAT)
    os.dup2(printed, 1)
    os.dup2(printed, 2)
    job = json.loads(Path(file).read_text())
    content, path = base64.b64decode(job["content"]), Path(job["path"])
    genuine = {}
    for flips, kept in job["cases"]:
        faulthandler.dump_traceback_later(PATIENCE, exit=True)
        changed = bytearray(content)
        for place, value in flips:
            changed[place] = value
        path.unlink(missing_ok=True)
        path.write_bytes(changed[:kept])
        print(json.dumps([flips, kept, outcome(path, genuine)]), flush=True)
