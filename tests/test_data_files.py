"""What data/README.md says of the shipped files is true."""

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from sgn_sciml.laws import LAWS
from sgn_sciml.layouts import SgnSamples

DATA = Path(__file__).parent.parent / "data"
ROWS = re.findall(
    r"^\| `(small/\S+)` .* \| ([\d x]+) \| (\d+) KB \| `sgn data make (\S+) .* `(\w{64})` \|$",
    (DATA / "README.md").read_text().replace("a, u: ", "").replace("| u: ", "| "),
    re.MULTILINE,
)
SOUNDS = re.findall(
    r"^\| `(small/audio/\S+)` .* \| (\d+) x (\d+) at (\d+) Hz \| .* \| (\d+) KB \| `(\w{64})` \|$",
    (DATA / "README.md").read_text(),
    re.MULTILINE,
)


def test_every_shipped_file_is_in_the_index():
    files = {f"small/{p.name}" for p in (DATA / "small").iterdir() if p.is_file()}
    assert {row[0] for row in ROWS} == files


@pytest.mark.parametrize(("name", "shape", "kilobytes", "law", "sha256"), ROWS)
def test_a_shipped_file_is_what_the_index_says(name, shape, kilobytes, law, sha256):
    path = DATA / name
    assert hashlib.sha256(path.read_bytes()).hexdigest() == sha256
    assert round(path.stat().st_size / 1024) == int(kilobytes)
    source = SgnSamples(path)
    assert source.parameters["law"] == law
    assert " x ".join(map(str, source.fields["u"].shape)) == shape


@pytest.mark.parametrize("name", [row[0] for row in ROWS])
def test_a_shipped_file_holds_samples_of_its_law(name):
    source = SgnSamples(DATA / name)
    options = {k: v for k, v in source.parameters.items() if k not in ("law", "seed")}
    law = LAWS[source.parameters["law"]](**options)
    exact = law.samples(source.parameters["seed"], [source.num_samples - 1])
    for field, values in exact.items():
        np.testing.assert_allclose(source.read(field, [-1]), values, rtol=1e-4, atol=1e-5)


def test_every_shipped_sound_is_in_the_index_and_has_a_licence():
    folder = DATA / "small" / "audio"
    names = {p.name for p in folder.iterdir()} - {"NOTICE"}
    assert {row[0] for row in SOUNDS} == {f"small/audio/{name}" for name in names}
    titles = re.findall(r"^(\S+)\n-+$", (folder / "NOTICE").read_text(), re.MULTILINE)
    assert set(titles) == names


@pytest.mark.parametrize(("name", "channels", "samples", "rate", "kilobytes", "sha256"), SOUNDS)
def test_a_shipped_sound_is_what_the_index_says(name, channels, samples, rate, kilobytes, sha256):
    path = DATA / name
    assert hashlib.sha256(path.read_bytes()).hexdigest() == sha256
    assert round(path.stat().st_size / 1024) == int(kilobytes)
    found = soundfile.info(path)
    assert (found.channels, found.frames) == (int(channels), int(samples))
    assert (found.samplerate, found.subtype) == (int(rate), "PCM_16")
