"""What inference costs: equal sizes, a clock that is put in, and maps of made-up ratios."""

import sys
from functools import partial

import pytest
import torch

from sgn_sciml.networks import count_parameters
from sgn_sciml.studies import (
    InferenceCost,
    InKan,
    Ordinary,
    Outcome,
    PyKan,
    SplineKan,
    StudyFolder,
)
from sgn_sciml.studies.engine.study import make_study
from sgn_sciml.studies.experiments.blocks import hidden_for
from sgn_sciml.studies.experiments.cost import LEAST, MOST, take_turns
from sgn_sciml.studies.reports.cost_maps import CostMaps
from sgn_sciml.studies.reports.results import Results

ABOUT = {"cpu_seconds": 1.0, "written": "2026-01-01T00:00:00+00:00", "machine": {}}


class Clock:
    """A clock that stands still but for what is called."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def takes(self, seconds):
        def call():
            self.now += seconds

        return call


def test_calls_take_turns():
    clock = Clock()
    slow, fast = take_turns([clock.takes(3.0), clock.takes(1.0)], 20.0, clock)
    assert slow == [3.0] * 5
    assert fast == [1.0] * 5


def test_the_number_of_calls_is_bounded():
    clock = Clock()
    assert len(take_turns([clock.takes(9.0)], 0.0, clock)[0]) == LEAST
    assert len(take_turns([clock.takes(1e-6)], 9.0, clock)[0]) == MOST


@pytest.mark.parametrize("block", [Ordinary(), SplineKan(5)], ids=["gate", "splines"])
def test_equal_parameters(block):
    wanted = 2 * 96 * 96 + 2 * 96
    hidden = hidden_for(block, 96, wanted)
    sizes = [count_parameters(block.make(96, h)) for h in (hidden - 1, hidden, hidden + 1)]
    assert min(sizes, key=lambda size: abs(size - wanted)) == sizes[1]


def test_splines_are_two_layers_of_edges():
    made = SplineKan(5).make(6, 4)
    edges = 2 * 6 * 4
    assert count_parameters(made) == edges * (5 + 3 + 1) + 4 + 6
    assert made(torch.rand(3, 6)).shape == (3, 6)


def test_sizes_are_told():
    outcome = InferenceCost(SplineKan(5), width=64, batch=2, match="parameters", seconds=0).run()
    assert outcome.scalars["hidden"] == 7
    assert outcome.scalars["parameters"] == 2 * 64 * 7 * 9 + 7 + 64
    assert outcome.scalars["over_parameters"] == pytest.approx(8135 / 8320)
    assert outcome.scalars["calls"] == LEAST


@pytest.mark.parametrize(
    ("block", "module", "package"), [(PyKan(), "kan", "pykan"), (InKan(), "inkan", "inkan")]
)
def test_without_a_rival(monkeypatch, block, module, package):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ValueError, match=f"pip install {package}"):
        InferenceCost(block, width=4, batch=2, seconds=0).run()


def test_what_does_not_fit_in_memory_is_refused():
    with pytest.raises(ValueError, match="10000000 rows would hold 3 GB"):
        InferenceCost(PyKan(), width=4, batch=10**7, memory_limit=2e9).run()


@pytest.mark.parametrize("keys", [{"width": 0}, {"batch": 0}, {"seconds": -1.0}])
def test_wrong_arguments(keys):
    with pytest.raises(ValueError, match="must be at least"):
        InferenceCost(**keys)


BLOCKS = {"gate": 2.0, "kan": 40.0, "broken": float("nan")}


@pytest.fixture
def results(tmp_path):
    """A block of twice GELU's time, and one that is 20 times slower, or 10 on batches of 8."""
    cell = {"class_path": "InferenceCost"}
    blocks = {n: {"block": {"class_path": "Ordinary"}, "seconds": c} for n, c in BLOCKS.items()}
    blocks["broken"]["seconds"] = 0.5
    axes = {"block": blocks, "match": ["width"], "width": [4, 5], "batch": [2, 8], "seed": [0, 1]}
    made = make_study({"name": "s", "cell": cell, "axes": axes})
    folder = StudyFolder(tmp_path / "s")
    folder.create(made)
    for spec in made.cells:
        cost = BLOCKS[spec.labels["block"]]
        if spec.labels["block"] == "kan" and spec.labels["batch"] == "8":
            cost /= 2
        folder.write_outcome(spec, Outcome({"over_gelu": cost}), ABOUT)
    return Results(made, folder, score="over_gelu")


def test_where_a_block_is_slower(results):
    part = CostMaps(["kan"], over="gate").show(results)
    assert part.tables[0].rows == [["kan", "width", "10", "15", "20", "2 of 4"]]
    assert "kan at 2 of 4 places" in part.text[1]
    part = CostMaps(["gate", "broken"], threshold=2.5, wanted="below").show(results)
    assert part.tables[0].rows[0] == ["gate", "width", "2", "2", "2", "4 of 4"]
    assert part.tables[0].rows[1][2] == "not measured"
    assert "gate everywhere; broken was not measured" in part.text[1]
    assert list(part.figures) == ["cost_gelu"]


def test_wrong_sections(results):
    with pytest.raises(ValueError, match="no block nonesuch"):
        CostMaps(["nonesuch"]).show(results)
    with pytest.raises(ValueError, match="'above' or 'below'"):
        CostMaps(["gate"], wanted="aside")


def test_each_block_of_a_process_is_compiled(monkeypatch):
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager"))
    with torch._dynamo.config.patch(recompile_limit=2, fail_on_recompile_limit_hit=True):
        for width in (2, 3):
            InferenceCost(width=width, batch=4, compiled=True, seconds=0.0).run()
