"""DeepXDE's Burgers example for so many CPU seconds; run by its Python, prints JSON.

Arguments: dtype, CPU seconds, reference file. As shipped: 3 hidden layers of 20 tanh, 2,540 points
in the domain, 80 on the walls, 160 at the start, Adam at 1e-3 for 15,000 iterations, then L-BFGS.
What is added: the end after that time, of which Adam gets half at most.
"""

import json
import os
import sys
import time
from typing import Any

os.environ["DDE_BACKEND"] = "pytorch"

import deepxde as dde
import h5py
import numpy as np
import torch

DTYPE, SECONDS, REFERENCE = sys.argv[1], float(sys.argv[2]), sys.argv[3]
torch.set_num_threads(1)
dde.config.set_default_float(DTYPE)
dde.config.set_random_seed(0)


class CpuLimit(dde.callbacks.Callback):
    """Stop when the process has used so many CPU seconds."""

    def __init__(self, limit: float) -> None:
        super().__init__()
        self.limit = limit

    def on_epoch_end(self) -> None:
        if time.process_time() > self.limit:
            self.model.stop_training = True


def pde(x: Any, y: Any) -> Any:
    """Burgers' equation."""
    dy_x = dde.grad.jacobian(y, x, i=0, j=0)
    dy_t = dde.grad.jacobian(y, x, i=0, j=1)
    dy_xx = dde.grad.hessian(y, x, i=0, j=0)
    return dy_t + y * dy_x - 0.01 / np.pi * dy_xx


space, interval = dde.geometry.Interval(-1, 1), dde.geometry.TimeDomain(0, 0.99)
domain = dde.geometry.GeometryXTime(space, interval)
bc = dde.icbc.DirichletBC(domain, lambda x: 0, lambda _, on_boundary: on_boundary)
ic = dde.icbc.IC(domain, lambda x: -np.sin(np.pi * x[:, 0:1]), lambda _, on_initial: on_initial)
data = dde.data.TimePDE(domain, pde, [bc, ic], num_domain=2540, num_boundary=80, num_initial=160)
net = dde.nn.FNN([2] + [20] * 3 + [1], "tanh", "Glorot normal")
model = dde.Model(data, net)
start = time.process_time()
model.compile("adam", lr=1e-3, verbose=0)
limit = CpuLimit(start + SECONDS / 2)
model.train(iterations=15000, verbose=0, display_every=100_000, callbacks=[limit])
adam = model.train_state.step
model.compile("L-BFGS", verbose=0)
while time.process_time() < start + SECONDS:
    before = model.train_state.step
    limit = CpuLimit(start + SECONDS)
    model.train(verbose=0, display_every=100_000, callbacks=[limit])
    if model.train_state.step - before < 10:  # it stops by itself
        break
seconds = time.process_time() - start
with h5py.File(REFERENCE) as file:
    x, t, u = file["x"][()], file["t"][()], file["u"][()]
points = np.stack(np.meshgrid(x, t, indexing="ij"), -1).reshape(-1, 2)
found = model.predict(points.astype(DTYPE)).reshape(u.shape)
inside = t <= 0.99
error = np.linalg.norm((found - u)[:, inside]) / np.linalg.norm(u[:, inside])
steps = {"adam": adam, "lbfgs": model.train_state.step - adam}
print(json.dumps({"relative_l2": float(error), "cpu_seconds": seconds, "steps": steps}))
