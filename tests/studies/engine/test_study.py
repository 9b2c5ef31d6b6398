"""Study files: the product of axes, stable ids, groups, and what is wrong with a file."""

import json

import pytest
import yaml

from sgn_sciml.studies import read_study
from sgn_sciml.studies.engine.study import make_study

POWER = {"class_path": "tests.studies.cells.Power"}


def study(**keys):
    settings = {"name": "s", "cell": POWER, "axes": {"base": [2.0, 3.0], "seed": [0, 1]}}
    return make_study(settings | keys)


def test_cells_are_the_product_of_the_axes():
    made = study()
    assert [list(c.labels.values()) for c in made.cells] == [
        ["2.0", "0"],
        ["2.0", "1"],
        ["3.0", "0"],
        ["3.0", "1"],
    ]
    assert made.cells[2].settings == {
        "class_path": "tests.studies.cells.Power",
        "init_args": {"base": 3.0, "exponent": 1, "seed": 0, "wait": None},
    }


def test_cells_that_differ_in_seeds_only_run_together():
    assert [[c.labels["seed"] for c in group] for group in study().groups] == [["0", "1"]] * 2


def test_functions_are_known_by_their_names():
    """Or ids would change from process to process."""
    relu = "torch.nn.functional.relu"
    act = {"class_path": "Elementwise", "init_args": {"function": relu}}
    axes = {"activation": {"relu": {"network.init_args.activation": act}}, "seed": [0]}
    network = {"class_path": "CoordinateMLP"}
    cell = {"class_path": "Tones", "init_args": {"network": network}}
    (spec,) = study(cell=cell, axes=axes).cells
    found = spec.settings["init_args"]["network"]["init_args"]["activation"]
    assert found["init_args"]["function"] == relu
    assert json.loads(json.dumps(spec.settings)) == spec.settings


def test_ids_stay_when_axes_grow_and_labels_change():
    before = {c.id for c in study().cells}
    grown = study(axes={"seed": [0, 1, 2], "b": {"two": {"base": 2.0}, "three": {"base": 3}}})
    assert before < {c.id for c in grown.cells}
    moved = study(cell=POWER | {"init_args": {"exponent": 2}})
    assert before.isdisjoint(c.id for c in moved.cells)


def test_a_value_may_set_several_keys():
    made = study(axes={"size": {"small": {"base": 1.0, "exponent": 2}, "large": {"exponent": 9}}})
    found = [
        (c.settings["init_args"]["base"], c.settings["init_args"]["exponent"]) for c in made.cells
    ]
    assert found == [(1.0, 2), (2.0, 9)]


def test_plain_axes_are_resolved_as_the_parser_would():
    made = study(axes={"base": ["1e-3", 2], "seed": ["0"]})
    assert [c.settings["init_args"]["base"] for c in made.cells] == [1e-3, 2.0]
    assert made.cells[0].settings["init_args"]["seed"] == 0


def test_overlays_shrink_a_study(tmp_path):
    base = {"cell": POWER, "axes": {"base": [2.0, 3.0], "seed": [0, 1]}}
    (tmp_path / "s.yaml").write_text(yaml.safe_dump(base))
    (tmp_path / "small").mkdir()
    over = {"cell": {"init_args": {"exponent": 5}}, "axes": {"seed": [7]}, "only": {"base": [3.0]}}
    (tmp_path / "small" / "s.yaml").write_text(yaml.safe_dump(over))
    made = read_study([str(tmp_path / "s.yaml"), str(tmp_path / "small" / "s.yaml")])
    assert made.name == "s-small"
    assert [dict(c.labels) for c in made.cells] == [{"base": "3.0", "seed": "7"}]
    assert made.cells[0].settings["init_args"]["exponent"] == 5


WRONG = {
    "unknown key": ({"axis": {}}, "axis"),
    "no cell": ({"cell": None}, "class_path"),
    "unknown class": ({"cell": {"class_path": "Nonesuch"}}, "Nonesuch"),
    "unknown module": ({"cell": {"class_path": "no.such.Cell"}}, r"no\.such"),
    "no cell class": ({"cell": {"class_path": "torch.nn.Linear"}}, "Linear"),
    "unknown argument": ({"cell": POWER | {"init_args": {"widht": 1}}}, "widht"),
    "wrong type": ({"axes": {"exponent": ["many"]}}, "many"),
    "no axes": ({"axes": {}}, "axes"),
    "empty axis": ({"axes": {"seed": []}}, "seed is empty"),
    "axis of one word": ({"axes": {"seed": "abc"}}, "seed needs a list"),
    "value without settings": ({"axes": {"seed": {"one": 1}}}, "one must set"),
    "value twice": ({"axes": {"seed": [1, 1]}}, "1 twice"),
    "same settings twice": (
        {"axes": {"a": {"x": {"seed": 1}, "y": {"seed": 1}}}},
        "same settings",
    ),
    "unknown axis in only": ({"only": {"colour": [1]}}, "no axis colour"),
    "unknown value in only": ({"only": {"seed": [5]}}, "no 5"),
    "nothing in only": ({"only": {"seed": []}}, "seed is empty"),
    "a path as name": ({"name": "../s"}, "name"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_studies(case):
    keys, expected = WRONG[case]
    with pytest.raises(ValueError, match=expected):
        study(**keys)
