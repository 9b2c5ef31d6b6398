#!/bin/sh
# libsndfile 1.2.2 (soundfile 0.13.1): a mono AIFF of 8 bits with an odd number of frames comes back
# one frame longer than it was written. IFF pads chunks to even length; the pad byte is counted into
# the sound. One would guess that what a library writes it reads back with the same length, as it
# does for 16 bits, for an even number, and for WAV. Seen: 101 frames written, 102 read.
# It matters wherever a part of a sound is found by its frame, or two channels are compared.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check soundfile==0.13.1 numpy==2.3.5
cat > "$folder/lengths.py" <<'PY'
import io

import numpy as np
import soundfile

print(soundfile.__libsndfile_version__, end="")
for kind, coding, frames in (
    ("AIFF", "PCM_S8", 101),
    ("AIFF", "PCM_S8", 100),
    ("AIFF", "PCM_16", 101),
    ("WAV", "PCM_U8", 101),
):
    file = io.BytesIO()
    soundfile.write(file, np.full(frames, 0.5), 8000, format=kind, subtype=coding)
    file.seek(0)
    found, _ = soundfile.read(file)
    print(f" {kind} {coding} {frames}->{len(found)}", end="")
PY
seen=$("$folder/venv/bin/python" "$folder/lengths.py")
echo "$seen"
[ "$seen" = "1.2.2 AIFF PCM_S8 101->102 AIFF PCM_S8 100->100 AIFF PCM_16 101->101 WAV PCM_U8 101->101" ]
