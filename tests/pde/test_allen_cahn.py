"""What is built in of the Allen-Cahn equation's kink."""

from functools import partial

import torch
from scipy.integrate import quad
from scipy.stats import norm

from sgn_sciml.jets import Equation, Nested
from sgn_sciml.pde import AllenCahn
from sgn_sciml.pde.allen_cahn import folded_normal


def test_moments_of_a_folded_normal():
    for mean, deviation in ((0.0, 0.3), (0.4, 0.2), (0.7, 0.05)):
        found = folded_normal(*torch.tensor([mean, deviation], dtype=torch.float64))
        for power, value in zip((1, 3), found, strict=True):
            pdf = norm(mean, deviation).pdf
            moment = partial(lambda z, power, pdf: abs(z) ** power * pdf(z), power=power, pdf=pdf)
            wanted, _ = quad(moment, -3, 3, points=[0, mean])
            assert abs(float(value) - wanted) < 1e-10


def test_what_is_built_in_solves_the_equation_at_the_seam():
    problem = AllenCahn()
    t = 10 ** torch.linspace(-8, -4, 40, dtype=torch.float64)
    width = (2 * problem.nu * t).sqrt()
    for deviations in (0.0, 0.5, 1.0, 2.0):  # a kink alone would leave 4 nu / width
        points = torch.stack([1 - deviations * width, t], 1)
        built_in = Equation(lambda p: problem.impose(p, 0 * p[:, :1]), problem.residual, "xt", "u")
        assert Nested().residuals(built_in, points).abs().max() < 1e-2
