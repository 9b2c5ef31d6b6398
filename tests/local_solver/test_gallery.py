"""Problems as users state them: solved to the tolerance, and the estimate says so."""

import importlib

import pytest
import torch

from sgn_sciml.local_solver import Unsolvable, solve

QUICK = {  # of each kind some that take well under a second; benchmarks solve all
    "dispersive": ["BenjaminBonaMahony"],
    "elliptic": ["HalfZeroPlane", "HugePlane", "NoValue", "Variable"],
    "flows": ["Poiseuille"],
    "heat": ["Cooling", "LateStart", "RobinBoth"],
    "initial_values": ["Absolute", "LotkaVolterra", "Root"],
    "reactions": ["Nagumo", "PorousMedium"],
    "rough": ["JumpInside", "JumpOnEdge"],
    "steady": ["InterfaceOnEdge", "MongeAmpere", "PLaplace"],
    "transport": ["Acoustics"],
    "two_points": ["Bolza"],
    "uneven": ["Flux", "Huge", "Spike", "TinyBratu"],
}


def made(file, name):
    return getattr(importlib.import_module(f"tests.local_solver.gallery.{file}"), name)()


@pytest.mark.parametrize(("file", "name"), [(f, n) for f, names in QUICK.items() for n in names])
def test_solved_to_the_tolerance_and_the_estimate_says_so(file, name):
    problem = made(file, name)
    solution = solve(problem, 1e-6)
    generator = torch.Generator().manual_seed(0)
    unit = torch.rand(1000, len(problem.coordinates), generator=generator, dtype=torch.float64)
    points = problem.box_points(unit)
    truth = problem.exact(points)
    norm = truth.norm(dim=0)
    norm = torch.where(norm > 1e-11 * norm.max(), norm, norm.max())  # of a field that is 0
    error = float(((solution(points) - truth).norm(dim=0) / norm).max())
    assert error < 1e-6
    assert error < max(3 * solution.estimate, 1e-13)
    assert solution.estimate < 3e-6


@pytest.mark.parametrize(
    ("file", "name", "said"),
    [
        ("helmholtz", "Resonance", "singular or nearly so, as at an eigenvalue"),
        ("initial_values", "BlowUp", "t = 0.99.*does it end"),
    ],
)
def test_what_has_no_solution_or_more_than_one_is_refused(file, name, said):
    with pytest.raises(Unsolvable, match=said):
        solve(made(file, name), 1e-6)
