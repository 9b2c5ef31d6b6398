"""The families of operators: each preset trains on the problem that its first lines name."""

import json
import re

import pytest
import yaml

from tests.conftest import ROOT
from tests.test_configs import elsewhere, short  # noqa: F401  a fixture

PRESETS = sorted((ROOT / "configs" / "presets" / "operators").glob("*.yaml"))
# weights after a norm; statistics of batches in the checkpoint; training of single instances
TESTED = ("ffno", "unet", "pino")


def test_there_are_presets():
    assert PRESETS


@pytest.mark.parametrize("path", PRESETS, ids=lambda p: p.stem)
def test_a_family_runs(path, sgn, tmp_path):
    (base,) = re.findall(r"Give it\s+(?:# )?after configs/(\w+)\.yaml", path.read_text())
    words = short(ROOT / "configs" / f"{base}.yaml", path)
    if path.stem == "pino":
        words += ["--model.init_args.tuning.steps", "1"]
    for command in ("fit", *(("test",) if path.stem in TESTED else ())):
        code, _, err = sgn(command, *words, "--trainer.callbacks", "[]")
        assert code == 0, err
    card = json.loads((tmp_path / "runs" / base / "version_0" / "card.json").read_text())
    given = yaml.safe_load(path.read_text())["model"]["init_args"].get("network")
    assert given is None or given["class_path"] in json.dumps(card["network"])
