"""Two ways to one solution: the references, exact or spectral, and local least squares.

They share no code but the residual, so that an error in either shows.
"""

import pytest
import torch

from sgn_sciml.local_solver import solve
from sgn_sciml.pde import (
    AllenCahn,
    Burgers,
    Cavity,
    KdV,
    KuramotoSivashinsky,
    ReactionDiffusion,
    Window,
)

CASES = {  # problem, tolerance, and how good the reference is
    "Burgers, thin shock": (Burgers(nu=2e-3), 1e-5, 1e-13),
    "Fisher's front, steep": (ReactionDiffusion(nu=2e-3), 1e-5, 1e-14),
    "Allen-Cahn": (Window(AllenCahn(), 0.0, 0.05), 1e-4, 1e-9),
    "Allen-Cahn, thin walls": (Window(AllenCahn(nu=2.5e-5), 0.0, 0.05), 1e-4, 1e-9),
    "Korteweg-de Vries": (Window(KdV(), 0.0, 0.2), 1e-5, 1e-10),
    "Korteweg-de Vries, narrow": (Window(KdV(delta=0.01), 0.0, 0.2), 1e-4, 1e-10),
    "Kuramoto-Sivashinsky": (Window(KuramotoSivashinsky(), 0.0, 0.05), 1e-5, 1e-10),
    "Kuramoto-Sivashinsky, short": (
        Window(KuramotoSivashinsky(gamma=50 / 16**4), 0.0, 0.02),
        1e-4,
        1e-6,
    ),
    "cavity": (Cavity(), 1e-4, 1e-8),
}


@pytest.mark.parametrize("name", CASES)
def test_references_agree_within_both_accuracies(name):
    problem, tolerance, accuracy = CASES[name]
    solution = solve(problem, tolerance)
    axes = problem.axes((24, 3) if problem.evolving else (9, 9))
    if problem.evolving:  # kinks at the beginning are fitted to the tolerance, no better
        axes["t"] = axes["t"][1:]
    points = torch.stack(torch.meshgrid(*axes.values(), indexing="ij"), -1).flatten(0, 1)
    truth = problem.exact(points)
    difference = (solution(points) - truth).norm() / truth.norm()
    assert difference < 2 * solution.estimate + accuracy < 3 * tolerance
