#!/bin/sh
# safetensors 0.8.0: safetensors.numpy.save_file writes an array in Fortran order as if it were in C
# order. Shape and dtype come back, the numbers in other places, and nothing is said;
# safetensors.torch refuses such a tensor. One would guess that both refuse, or both copy. MATLAB's
# files are read in Fortran order by scipy.io.loadmat, so an operator's training set, `a` and `u`
# from .mat to .safetensors, comes out scrambled; transposed and strided arrays do, too.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    numpy==2.3.5 scipy==1.16.3 safetensors==0.8.0
cat > "$folder/saved.py" <<'PY'
import sys
import warnings

import numpy as np
from safetensors.numpy import load_file, save_file
from scipy.io import loadmat, savemat

warnings.simplefilter("error")
folder = sys.argv[1]
savemat(f"{folder}/u.mat", {"u": np.arange(6.0).reshape(2, 3)})
u = loadmat(f"{folder}/u.mat")["u"]
for name, array in {"loadmat": u, "transposed": u.copy("C").T, "every other": u[:, ::2]}.items():
    save_file({"u": array}, f"{folder}/u.safetensors")
    again = load_file(f"{folder}/u.safetensors")["u"]
    print(name, array.tolist(), "comes back as", again.tolist())
PY
seen=$("$folder/venv/bin/python" "$folder/saved.py" "$folder")
echo "$seen"
[ "$seen" = "loadmat [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]] comes back as [[0.0, 3.0, 1.0], [4.0, 2.0, 5.0]]
transposed [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]] comes back as [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]
every other [[0.0, 2.0], [3.0, 5.0]] comes back as [[0.0, 3.0], [1.0, 4.0]]" ]
