"""What begins from the checkpoint of a shipped configuration: that one, then each of these."""

import pytest
import torch

from sgn_sciml.runs import BaseTask
from tests.conftest import ROOT

FIRST = ROOT / "configs" / "burgers_fno.yaml"
SMALL = ROOT / "configs" / "small" / FIRST.name
SECOND = sorted((ROOT / "configs" / "second_stage").glob("*.yaml"))
CHECKPOINT = "runs/{}/version_0/checkpoints/best.ckpt"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").symlink_to(ROOT / "data")


def short(path):
    """Words of a run of two steps with the shipped data."""
    quick = {"trainer.max_steps": 2, "trainer.val_check_interval": 1, "trainer.accelerator": "cpu"}
    quick["data.init_args.batch_size"] = 4
    quick["data.init_args.resolution"] = 64  # the second network of the boost has 32 modes
    quick |= {f"trainer.limit_{part}_batches": 2 for part in ("val", "test")}
    words = ["--config", path, "--config", SMALL]
    return [*words, *(word for k, v in quick.items() for word in (f"--{k}", v))]


def weights(path):
    return torch.load(CHECKPOINT.format(path.stem), weights_only=True)["state_dict"]


def test_a_second_stage_follows_the_first(sgn):
    assert SECOND
    code, _, err = sgn("fit", *short(FIRST))
    assert code == 0, err
    before = weights(FIRST)["network.model.lifting.fcs.0.weight"]
    for path in SECOND:
        for command in ("fit", "test"):
            code, _, err = sgn(command, *short(path))
            assert code == 0, err
        network = BaseTask.load_from_checkpoint(CHECKPOINT.format(path.stem)).network
        assert any(p.requires_grad for p in network.parameters())
        frozen = [p for p in network.parameters() if not p.requires_grad]
        assert any(torch.equal(p, before) for p in frozen), path


@pytest.mark.parametrize("path", SECOND, ids=lambda p: p.stem)
def test_a_second_stage_without_the_first_is_told(path, sgn):
    code, _, err = sgn("fit", *short(path))
    assert code == 1
    assert CHECKPOINT.format(FIRST.stem) in err
