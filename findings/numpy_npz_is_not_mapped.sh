#!/bin/sh
# numpy 2.3.5: asked to map an archive, np.load reads it. With mmap_mode="r" an .npy file gives a
# memmap, but a member of an .npz gives an array in memory, though np.savez stored it without
# compression, and nothing is said. It is read whole at each access, so that a loop over
# archive["u"][k] reads the file once for each sample. One would guess that what was asked for is
# done, or refused. It matters for operator data of DeepONet's kind, gigabytes in one .npz.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.3.5
cat > "$folder/mapped.py" <<'PY'
import sys
import tracemalloc
import warnings

import numpy as np

warnings.simplefilter("error")
folder = sys.argv[1]
u = np.zeros((500, 2000))  # 8 MB
np.save(f"{folder}/u.npy", u)
np.savez(f"{folder}/u.npz", u=u)
for name in ("u.npy", "u.npz"):
    opened = np.load(f"{folder}/{name}", mmap_mode="r")
    tracemalloc.start()
    sample = (opened if name == "u.npy" else opened["u"])[3]
    read = "whole" if tracemalloc.get_traced_memory()[1] >= u.nbytes else "in part"
    tracemalloc.stop()
    print(name, type(sample).__name__, "read", read)
print("the same array at each access:", opened["u"] is opened["u"])
PY
seen=$("$folder/venv/bin/python" "$folder/mapped.py" "$folder")
echo "$seen"
[ "$seen" = "u.npy memmap read in part
u.npz ndarray read whole
the same array at each access: False" ]
