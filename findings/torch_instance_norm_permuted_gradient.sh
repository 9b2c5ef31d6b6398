#!/bin/sh
# torch 2.13.0 on the CPU: the backward pass of F.instance_norm in two axes reads an incoming gradient
# as if it were contiguous. The same numbers with permuted strides, as a permute after the norm makes
# them, give another input gradient, off by its own size, and nothing is said. Differences of the
# loss side with the contiguous one. One would guess that strides do not matter.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.3.5
cat > "$folder/norm.py" <<'PY'
import torch
from torch.nn.functional import instance_norm

torch.manual_seed(0)
x, g, v = (torch.randn(2, 8, 8, 8, dtype=torch.float64) for _ in range(3))
x.requires_grad_()
permuted = g.permute(2, 3, 0, 1).contiguous().permute(2, 3, 0, 1)
assert torch.equal(g, permuted)
with torch.no_grad():
    difference = ((instance_norm(x + 1e-6 * v) - instance_norm(x - 1e-6 * v)) * g).sum() / 2e-6
for name, each in {"contiguous": g, "permuted": permuted}.items():
    (gradient,) = torch.autograd.grad(instance_norm(x), x, each)
    print(name, "right" if abs((gradient * v).sum() - difference) < 1e-4 else "wrong")
PY
seen=$("$folder/venv/bin/python" "$folder/norm.py")
echo "$seen"
[ "$seen" = "contiguous right
permuted wrong" ]
