"""A command reads its checkpoint once, and each file of its data once."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import sgn_sciml.inr.images
import sgn_sciml.operators.data
import sgn_sciml.pinn.collocation
from sgn_sciml.inr import ImageData

ONCE = {"checkpoint": 1, "data": 1, "file": 1}
READS = {  # of each command; a fit of a new run has no checkpoint to read
    "fit": ONCE | {"checkpoint": 0},
    "validate": ONCE,
    "test": ONCE,
    "predict": ONCE,
    "export": ONCE,
    "resume": ONCE,
}


@pytest.fixture
def counts(monkeypatch):
    """How often what was read since it was last cleared."""
    found = Counter(checkpoint=0, data=0, file=0)

    def count(owner, name, key, matters=lambda source: True):
        original = getattr(owner, name)

        def counting(source, *args, **kwargs):
            found[key] += matters(source)
            return original(source, *args, **kwargs)

        monkeypatch.setattr(owner, name, counting)

    # A path, or an open file.
    count(torch, "load", "checkpoint", lambda f: str(getattr(f, "name", f)).endswith(".ckpt"))
    count(ImageData, "load", "data")
    count(sgn_sciml.inr.images, "decode", "file")
    return found


def words(command, config):
    run = Path("runs/tiny/version_0")
    if command == "export":
        return ["export", run, "--bits", 8]
    if command == "resume":
        return ["fit", "--config", run / "config.yaml", "--ckpt_path", "last"]
    return [command, "--config", config]


@pytest.fixture
def image_config(signal_config):
    """A configuration whose signal is a file."""
    pixels = np.random.default_rng(0).integers(0, 256, (17, 17, 3), dtype=np.uint8)
    Image.fromarray(pixels).save("pixels.png")
    text = signal_config.read_text()
    assert "path: coffee" in text
    signal_config.write_text(text.replace("path: coffee", "path: pixels.png"))
    return signal_config


def test_a_signal_is_read_once(image_config, sgn, counts):
    found = {}
    for command in READS:
        for key in counts:
            counts[key] = 0
        code, _, err = sgn(*words(command, image_config))
        assert code == 0, err
        found[command] = dict(counts)
    assert found == READS


@pytest.mark.parametrize(
    ("fixture", "module", "opens"),
    [
        ("config", sgn_sciml.pinn.collocation, "read_grid"),
        ("operator_config", sgn_sciml.operators.data, "find_source"),
    ],
    ids=["pinn", "operator"],
)
def test_a_data_file_is_opened_once(fixture, module, opens, sgn, counts, request, monkeypatch):
    path, original = request.getfixturevalue(fixture), getattr(module, opens)

    def counting(file, *options):
        counts["data"] += 1
        return original(file, *options)

    monkeypatch.setattr(module, opens, counting)
    for command in ("fit", "test", "predict"):
        counts.update(checkpoint=-counts["checkpoint"], data=-counts["data"])
        code, _, err = sgn(*words(command, path))
        assert code == 0, err
        assert (counts["checkpoint"], counts["data"]) == (command != "fit", 1), command
