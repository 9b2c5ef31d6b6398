"""The child process of the fuzz test: reads damaged files, reports on each.

Imports little, for it is started once for every layout.
"""

import base64
import faulthandler
import json
import sys
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


def main():
    """In the child: take file and cases from standard input, print an outcome per case."""
    job = json.loads(sys.stdin.read())
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


if __name__ == "__main__":
    main()
