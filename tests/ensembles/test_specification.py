import pickle

import pytest
import torch

from sgn_sciml.ensembles import SolvedSamples, Specification
from sgn_sciml.ensembles.initial_state import initial_names

HERE = "tests.ensembles.problems"
BURGERS = {"class_path": "Burgers", "init_args": {"nu": 0.05}}


def test_a_sample_is_a_function_of_seed_and_number():
    said = Specification.of("Burgers", {"nu": {"log": [0.01, 0.1]}}, "GaussianField")
    more = Specification.of(
        "Burgers", {"nu": {"log": [0.01, 0.1]}}, {"u": {"class_path": "GaussianField"}}
    )
    x = torch.linspace(-1, 1, 7).double()
    one, again = said.draw(3, 5), more.draw(3, 5)
    assert one.numbers == again.numbers
    assert torch.equal(one.start["u"](x), again.start["u"](x))
    for other in (said.draw(3, 6), said.draw(4, 5), said.draw(3, 5, attempt=1)):
        assert one.numbers != other.numbers
        assert not torch.equal(one.start["u"](x), other.start["u"](x))
    assert 0.01 <= one.numbers["nu"] <= 0.1
    assert one.problem.problem.nu == one.numbers["nu"]


def test_lists_are_a_sweep():
    vary = {"nu": {"list": [1e-4, "2e-4"]}, "rho": {"list": [1, 2, 3]}}
    said = Specification.of("AllenCahn", vary)
    assert said.sweep == 6
    drawn = [said.draw(0, k).numbers for k in range(7)]
    assert [d["nu"] for d in drawn] == [1e-4, 2e-4] * 3 + [1e-4]
    assert [d["rho"] for d in drawn] == [1, 1, 2, 2, 3, 3, 1]
    assert Specification.of("AllenCahn", vary, "RandomWaves").sweep is None


def test_an_own_function_from_a_seed():
    said = Specification.of("Burgers", None, f"{HERE}.bump")
    x = torch.tensor([0.5]).double()
    assert {float(said.draw(0, k).start["u"](x).round()) for k in range(20)} == {-1.0, 0.0, 1.0}


def test_the_velocity_of_a_string_is_replaced_alone():
    said = Specification.of("Wave", None, {"u_t": "RandomWaves"})
    problem = said.draw(0, 0).problem
    assert [c.name for c in problem.conditions] == [c.name for c in said.problem.conditions]
    assert initial_names(problem) == {"u": "initial", "u_t": "velocity"}
    assert vars(problem)["_replaced"] == {"velocity": "u_t"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"problem": "Burgers"}, "every sample would be the same"),
        ({"problem": "Burgerz", "initial": "RandomWaves"}, "Burgerz"),
        ({"problem": "Burgers", "vary": {"mu": {"log": [1, 2]}}}, "no constant 'mu'"),
        ({"problem": "Burgers", "vary": {"nu": {"lgo": [1, 2]}}}, "takes linear: .*got lgo"),
        ({"problem": "Burgers", "vary": {"nu": {"log": [0, 1]}}}, "positive ends"),
        ({"problem": "Burgers", "vary": {"nu": {"linear": [2, 1]}}}, "is empty"),
        ({"problem": "Burgers", "vary": {"nu": {"linear": ["a", 1]}}}, "got linear"),
        ({"problem": "Burgers", "vary": {"nu": 3}}, "takes linear"),
        ({"problem": "Burgers", "vary": {"nu": {"linear": [-2, -1]}}}, "nu must be a positive"),
        ({"problem": "Burgers", "vary": 3}, "vary must map"),
        (
            {"problem": "Burgers", "initial": {"v": "RandomWaves"}},
            "no initial condition gives 'v'",
        ),
        ({"problem": "Burgers", "initial": "RandomWave"}, "RandomWave"),
        ({"problem": "Burgers", "initial": {"u": 3}}, r"initial\.u takes a class"),
        ({"problem": "Burgers", "initial": f"{HERE}.Membrane"}, r'(?s)"initial\.u":.*Membrane'),
        ({"problem": "Burgers", "initial": "tests.none.bump"}, "there is no tests.none.bump"),
        ({"problem": "Burgers", "initial": f"{HERE}.no_function"}, "returned int, expected"),
        ({"problem": "Poisson", "initial": "RandomWaves"}, "poisson is steady"),
        ({"problem": BURGERS, "initial": "RandomWaves", "frames": 1}, "frames must be at least 2"),
        ({"problem": BURGERS, "initial": "RandomWaves", "grid": [3, 4]}, "points along x, got"),
        ({"problem": BURGERS, "initial": "RandomWaves", "tolerance": 1e-20}, "tolerance must lie"),
        ({"problem": f"{HERE}.Membrane", "vary": {"load": f"{HERE}.bump"}}, "load|bump"),
    ],
)
def test_what_makes_no_sense_is_refused(settings, message):
    with pytest.raises((ValueError, TypeError), match=message):
        SolvedSamples(**settings)


def test_a_law_travels_to_other_processes():
    law = SolvedSamples("Burgers", initial="GaussianField")
    other = pickle.loads(pickle.dumps(law))
    assert other.equation == law.equation
    assert other.axes == law.axes


def test_an_edited_equation_has_another_fingerprint(monkeypatch):
    from sgn_sciml.pde import Burgers

    before = SolvedSamples("Burgers", initial="GaussianField").parameters()
    assert before == SolvedSamples("Burgers", initial="GaussianField").parameters()
    monkeypatch.setattr(Burgers, "residual", lambda self, d: d.u_t - self.nu * d.u_xx)
    after = SolvedSamples("Burgers", initial="GaussianField").parameters()
    assert {k for k in after if after[k] != before[k]} == {"equation"}
