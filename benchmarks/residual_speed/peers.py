"""Seconds of a step of DeepXDE and of PINA; run by their Python, prints JSON.

Arguments: width, depth, dtype, points, threads, repeats. The solution is that of our problem,
-sin(pi x) + t (1 - x^2) N(x, t), so that the loss is the mean squared residual alone.
"""

import itertools
import json
import math
import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

os.environ["DDE_BACKEND"] = "pytorch"

import deepxde
import torch
from pina import LabelTensor
from pina.equation.zoo import BurgersEquation
from pina.operator import grad
from torch import nn

WIDTH, DEPTH, DTYPE, POINTS, THREADS, REPEATS = sys.argv[1:]
NU = 0.01 / math.pi


def median(step: Callable[[], Any], clock: Callable[[], float]) -> float:
    """Median seconds of a step, the first two left out."""
    times = []
    for _ in range(int(REPEATS) + 2):
        start = clock()
        step()
        times.append(clock() - start)
    return statistics.median(times[2:])


def mlp() -> nn.Sequential:
    """The network."""
    sizes = [2, *[int(WIDTH)] * int(DEPTH)]
    layers = [m for a, b in itertools.pairwise(sizes) for m in (nn.Linear(a, b), nn.Tanh())]
    return nn.Sequential(*layers, nn.Linear(sizes[-1], 1))


def imposed(x: Any, t: Any, raw: Any) -> Any:
    """The solution, with its conditions built in."""
    return -torch.sin(math.pi * x) + t * (1 - x**2) * raw


def deepxde_step() -> Callable[[], Any]:
    """A step of DeepXDE's loop, without its tests."""

    def pde(x: Any, u: Any) -> Any:
        u_x = deepxde.grad.jacobian(u, x, i=0, j=0)
        u_t = deepxde.grad.jacobian(u, x, i=0, j=1)
        return u_t + u * u_x - NU * deepxde.grad.hessian(u, x, i=0, j=0)

    space = deepxde.geometry.Interval(-1, 1)
    domain = deepxde.geometry.GeometryXTime(space, deepxde.geometry.TimeDomain(0, 1))
    data = deepxde.data.TimePDE(domain, pde, [], num_domain=int(POINTS))
    net = deepxde.nn.FNN([2, *[int(WIDTH)] * int(DEPTH), 1], "tanh", "Glorot normal")
    net.apply_output_transform(lambda x, y: imposed(x[:, :1], x[:, 1:], y))
    model = deepxde.Model(data, net)
    model.compile("adam", lr=1e-3, verbose=0)
    model.train(iterations=1, verbose=0)  # draws the points
    state = model.train_state
    return lambda: model._train_step(state.X_train, state.y_train, state.train_aux_vars)


class Imposed(nn.Module):
    """The solution as a model of PINA."""

    def __init__(self) -> None:
        super().__init__()
        self.net = mlp()

    def forward(self, points: Any) -> Any:
        """Labelled points to labelled fields."""
        x, t = points.extract(["x"]), points.extract(["t"])
        u = imposed(x, t, self.net(points.as_subclass(torch.Tensor)))
        u = u.as_subclass(LabelTensor)
        u.labels = ["u"]
        return u


def pina_step(residual: Callable[[Any, Any], Any]) -> Callable[[], Any]:
    """A step of Adam on PINA's residual, without its trainer."""
    model = Imposed()
    points = LabelTensor(torch.rand(int(POINTS), 2), ["x", "t"])
    points.requires_grad_()
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)

    def step() -> None:
        optimizer.zero_grad()
        loss = residual(points, model(points)).as_subclass(torch.Tensor).square().mean()
        loss.backward()
        optimizer.step()

    return step


def by_hand(points: Any, u: Any) -> Any:
    """The residual with the derivatives it needs and no others."""
    du = grad(u, points)
    second = grad(du, points, components=["dudx"], d=["x"])
    u_xx = second.extract(["ddudxdx"])
    return du.extract(["dudt"]) + u * du.extract(["dudx"]) - NU * u_xx


if __name__ == "__main__":
    torch.set_num_threads(int(THREADS))
    torch.set_default_dtype(getattr(torch, DTYPE))
    deepxde.config.set_default_float(DTYPE)
    clock = time.process_time if THREADS == "1" else time.perf_counter
    zoo = BurgersEquation(NU)
    steps = {
        "DeepXDE": deepxde_step(),
        "PINA, residual by hand": pina_step(by_hand),
        "PINA, its Burgers equation": pina_step(zoo.residual),
    }
    print(json.dumps({name: median(step, clock) for name, step in steps.items()}))
