"""One network for a decade of viscosities: the logarithm of nu is a coordinate."""

from dataclasses import dataclass

from sgn_sciml.pde import Burgers, Dirichlet, InitialValue, Problem


@dataclass(frozen=True)
class AllBurgers(Problem):
    law = "burgers_of_nu"
    coordinates = ("x", "n", "t")  # nu = 10^n
    grid = (101, 6, 21)
    domain = (-1.0, -2.0, 0.0), (1.0, -1.0, 1.0)
    conditions = InitialValue("-sin(pi*x)"), Dirichlet(("left", "right"))

    def residual(self, d):
        return d.u_t + d.u * d.u_x - 10**d.n * d.u_xx

    def exact(self, points):
        u = points.new_empty(len(points), 1)
        for n in points[:, 1].unique():
            rows = points[:, 1] == n
            u[rows] = Burgers(nu=10 ** n.item()).exact(points[rows][:, [0, 2]])
        return u
