"""Helmholtz' equation in a bracket from a mesh file: values at its foot, a flow elsewhere."""

from dataclasses import dataclass
from pathlib import Path

from torch import cos, exp, sin

from sgn_sciml.geometry import Mesh
from sgn_sciml.pde import Condition, Problem


@dataclass(frozen=True)
class Bracket(Problem):
    """u_xx + u_yy + u_zz + u = 0, solved by u = sin(x) cos(y) exp(z)."""

    law, coordinates, grid = "bracket", ("x", "y", "z"), (33, 17, 33)
    geometry = Mesh(Path(__file__).with_name("bracket.obj"), scale=0.1)  # centimetres

    def residual(self, d):
        return d.u_xx + d.u_yy + d.u_zz + d.u

    @property
    def conditions(self):
        return (  # the parts are groups of the file
            Condition("held", on="foot", residual=lambda d: d.u - solution(d.x, d.y, d.z)),
            Condition("flow", on=("arm", "skin"), residual=lambda d: d.normal("u") - flow(d)),
        )

    def exact(self, points):
        return solution(*points.double().unbind(-1))[:, None]


def solution(x, y, z):
    return sin(x) * cos(y) * exp(z)


def flow(d):
    slope = d.n_x * cos(d.x) * cos(d.y) - d.n_y * sin(d.x) * sin(d.y)
    return (slope + d.n_z * sin(d.x) * cos(d.y)) * exp(d.z)
