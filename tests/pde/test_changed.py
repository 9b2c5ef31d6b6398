"""Other conditions for a problem, from a configuration."""

from pathlib import Path

import pytest
import torch
import yaml

from sgn_sciml import solve
from sgn_sciml.pde import Burgers, Changed, Dirichlet, InitialValue, Neumann, Wave
from sgn_sciml.pde.problem import Problem
from sgn_sciml.system.classes import instantiate

WORDS = [
    {"class_path": "InitialValue", "init_args": {"value": "0.5*sin(2*pi*x)"}},
    {"class_path": "Neumann", "init_args": {"where": "right"}},
]
SETTINGS = {"class_path": "Changed", "init_args": {"problem": "Wave", "words": WORDS}}


def test_words_replace_conditions_of_their_names_and_the_others_stay():
    problem = Changed(Wave(), [InitialValue("0.5*sin(2*pi*x)"), Neumann("right")])
    own = {condition.name: condition for condition in problem.conditions}
    assert set(own) == {"initial", "velocity", "left", "right"}
    assert own["velocity"].residual is not None
    assert own["right"].order == 1
    assert problem.imposed == {"initial"}  # what its own impose builds in is left out
    raw = torch.rand(5, 1)
    assert not torch.equal(problem.impose(torch.rand(5, 2), raw), raw)


def test_a_configuration_names_them():
    problem = instantiate(Problem, SETTINGS, "problem")
    assert {c.name for c in problem.conditions} == {"initial", "velocity", "left", "right"}
    words = "InitialValue(value='0.5*sin(2*pi*x)'); Neumann(where='right', value=0.0)"
    assert problem.parameters == {"c": 2.0, "words": words}


def test_it_is_solved_with_them():
    problem = Changed(Wave(), [InitialValue("cos(pi*x)"), Neumann("left"), Neumann("right")])
    points = torch.rand(50, 2, generator=torch.Generator().manual_seed(0)).double()
    x, t = (torch.pi * points).split(1, -1)
    found = solve(problem, tolerance=1e-8)(points)
    assert (found - torch.cos(x) * torch.cos(2 * t)).abs().max() < 1e-7


def test_a_run_trains_with_them_and_knows_no_other_reference(config, sgn):
    settings = yaml.safe_load(config.read_text())
    words = [{"class_path": "InitialValue", "init_args": {"value": "sin(pi*x)"}}]
    changed = {"class_path": "Changed", "init_args": {"problem": "Burgers", "words": words}}
    settings["data"]["init_args"]["problem"] = changed
    config.write_text(yaml.dump(settings))
    code, _, err = sgn("fit", "--config", config)
    assert code != 0
    assert "holds burgers" in err  # the file of the settings is of Burgers' own conditions
    solved = {"class_path": "LocalLeastSquares", "init_args": {"tolerance": 0.01}}
    settings["data"]["init_args"] |= {"reference": solved}
    config.write_text(yaml.dump(settings))
    code, out, err = sgn("fit", "--config", config)
    assert code == 0, err
    assert "built in: initial; trained as terms: left, right" in out
    code, out, err = sgn("test", "--config", next(Path("runs").rglob("config.yaml")))
    assert code == 0, err
    assert "relative L2" in out


WRONG = {
    "name the conditions": [],
    "there is no side 'lft'": [Dirichlet("lft")],
    "two conditions are called 'a'": [Dirichlet("left", name="a"), Dirichlet("right", name="a")],
}


@pytest.mark.parametrize("message", WRONG)
def test_what_cannot_be_meant_is_refused(message):
    with pytest.raises(ValueError, match=message):
        Changed(Burgers(), WRONG[message])
