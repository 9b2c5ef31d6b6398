#!/bin/sh
# trimesh 5.2.0: a solid reads differently in other units. Vertices of an STL file nearer than an
# absolute 1e-8 are merged, so a ball of 5,120 triangles is whole at a radius of 1e-6, loses faces
# and 0.4 % of its volume at 1e-7, and 38 % at 1e-8; nothing is said, only is_watertight turns False.
# STL stores no unit and float32 holds such coordinates to seven digits, so one would guess a
# tolerance relative to the size. It matters for domains in metres of microfluidics and photonics;
# scale the mesh after process=False, then merge.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.3.5 trimesh==5.2.0
cat > "$folder/scaled.py" <<'PY'
import sys

import trimesh

for radius in (1.0, 1e-6, 1e-7, 1e-8):
    ball = trimesh.creation.icosphere(subdivisions=4, radius=1.0)
    ball.apply_scale(radius)
    ball.export(f"{sys.argv[1]}/ball.stl")
    read = trimesh.load_mesh(f"{sys.argv[1]}/ball.stl")
    volume = read.volume / radius**3
    print(f"{radius:.0e} watertight {read.is_watertight} volume {volume:.2f}")
read = trimesh.load_mesh(f"{sys.argv[1]}/ball.stl", process=False)
read.apply_scale(1e8)
read.merge_vertices()
print(f"scaled first: watertight {read.is_watertight} volume {read.volume:.2f}")
PY
seen=$("$folder/venv/bin/python" "$folder/scaled.py" "$folder")
echo "$seen"
[ "$seen" = "1e+00 watertight True volume 4.18
1e-06 watertight True volume 4.18
1e-07 watertight False volume 4.16
1e-08 watertight False volume 2.59
scaled first: watertight True volume 4.18" ]
