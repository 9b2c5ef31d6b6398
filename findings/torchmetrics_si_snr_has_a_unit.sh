#!/bin/sh
# torchmetrics 1.8.2: the scale-invariant signal-to-noise ratio is not invariant under scaling. It
# adds the rounding step of the dtype to both energies, so that quiet signals are scored as if they
# were wrong: the same pair of signals, both times 1e-5, falls from 40 dB to 2. One would
# guess that a measure with "scale-invariant" in its name gives one figure for one pair of shapes.
# It matters for sounds in pascals, seismograms, and any field in small units in single precision.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.3.5
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torchmetrics==1.8.2
cat > "$folder/scales.py" <<'PY'
import torch
from torchmetrics.functional.audio import scale_invariant_signal_noise_ratio as si_snr

t = torch.linspace(0, 1, 1001)[:-1]
truth = torch.sin(2 * torch.pi * 5 * t)
guess = truth + 0.01 * torch.cos(2 * torch.pi * 50 * t)
print(*(f"{scale:.0e}:{float(si_snr(scale * guess, scale * truth)):.0f}" for scale in (1.0, 1e-5)))
PY
seen=$("$folder/venv/bin/python" "$folder/scales.py")
echo "$seen"
[ "$seen" = "1e+00:40 1e-05:2" ]
