"""Large signals: the same numbers as of whole ones, and no more than a part in memory."""

import functools
import json
import math

import h5py
import numpy as np
import pytest
import tifffile
import torch
import yaml
from lightning.pytorch import Trainer
from PIL import Image

from sgn_sciml.inr import ImageData, LargeImageData, LargeVolumeData, VolumeData
from sgn_sciml.inr.description import cell_centres
from sgn_sciml.inr.large import data as large_data
from sgn_sciml.inr.large import signal as large_signal
from sgn_sciml.inr.large.signal import StoredSamples, StoredSignal
from tests.conftest import ROOT

SIZE = (150, 131)


def picture(size=SIZE, dtype=np.uint8):
    y, x = (np.arange(n) / n for n in size)
    waves = [np.sin(9 * x * (k + 1) + 5 * y[:, None]) for k in range(3)]
    return ((np.stack(waves, -1) / 2.2 + 0.5) * np.iinfo(dtype).max).astype(dtype)


def save(path, pixels):
    if path.suffix == ".npy":
        np.save(path, pixels)
    elif path.stem == "tiled":
        options = {"photometric": "rgb", "compression": "zlib"}
        tifffile.imwrite(path, pixels, tile=(64, 48), **options)
    elif path.suffix == ".tif":
        tifffile.imwrite(path, pixels, photometric="rgb")
    else:
        Image.fromarray(pixels).save(path)
    return path


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def held(monkeypatch):
    """The number of elements of every window that was read."""
    found = []
    read = StoredSamples.raw

    def counted(self, windows):
        for part in read(self, windows):
            found.append(part.size)
            yield part

    monkeypatch.setattr(StoredSamples, "raw", counted)
    return found


def opened(kind, path, **options):
    data = kind(str(path), **options)
    data.setup("fit")
    return data


@pytest.mark.parametrize("name", ["a.npy", "plain.tif", "tiled.tif", "a.png"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_samples_are_those_of_the_whole_picture(name, dtype, tmp_path):
    if (name, dtype) == ("a.png", np.uint16):
        return  # Pillow writes no colours of 16 bits
    path = save(tmp_path / name, picture(dtype=dtype))
    large, whole = opened(LargeImageData, path), opened(ImageData, path)
    window = (slice(60, 90), slice(40, 100))
    (found,) = large.description.read([window])
    assert torch.equal(found, whole.description.values[:, 60:90, 40:100])
    assert large.description.reach == whole.description.reach
    assert large.description.grid == SIZE


def test_a_decoded_picture_is_decoded_once(tmp_path, capfd):
    path = save(tmp_path / "a.png", picture())
    opened(LargeImageData, path)
    assert "whole, once: PNG has no parts" in capfd.readouterr().out
    opened(LargeImageData, path)
    assert capfd.readouterr().out == ""
    save(path, picture((80, 70)))  # another picture of that name
    assert opened(LargeImageData, path).description.grid == (80, 70)


def test_every_pixel_is_in_a_window_with_the_same_probability(tmp_path):
    data = opened(LargeImageData, save(tmp_path / "a.npy", picture((24, 20))), count=64, side=8)
    counts, generator = np.zeros((24, 20)), torch.Generator().manual_seed(0)
    draws = 6000
    for _ in range(draws):
        for window in data._windows(generator):
            counts[window] += 1
    expected = draws * (8 / 31) * (8 / 27)
    assert abs(counts / expected - 1).max() < 6 / math.sqrt(expected)  # six deviations


def run(sgn, path, *more, config="image", commands=("fit", "test", "predict")):
    words = ["--config", ROOT / "configs" / f"{config}_inr.yaml", "--data.path", path]
    words += ["--config", ROOT / "configs" / "presets" / "large" / f"{config}.yaml"]
    words += ["--data.path", path, "--name", "large", "--trainer.max_steps", 2]
    words += ["--trainer.val_check_interval", 2, "--trainer.accelerator", "cpu"]
    network = "--model.init_args.network.init_args"
    words += [f"{network}.width", 16, f"{network}.first_width", 16, f"{network}.depth", 2]
    for command in commands:
        code, out, err = sgn(command, *words, *more)
        assert code == 0, err
    return out


def test_a_large_picture_is_measured_as_a_whole_one_and_rendered(sgn, tmp_path):
    path = save(tmp_path / "tiled.tif", picture())
    run(sgn, path, "--data.count", 500)
    card = json.loads((tmp_path / "runs/large/version_0/card.json").read_text())
    assert card["test"]["data"]["windows"] == {"samples of a step": 500, "side": 16}
    rendered = tifffile.imread(tmp_path / "runs/large/version_0/predictions.tif")
    assert rendered.shape == (*SIZE, 3)
    config = yaml.safe_load((tmp_path / "runs/large/version_0/config.yaml").read_text())
    config["data"] = {"class_path": "ImageData", "init_args": {"path": str(path)}}
    config["trainer"] |= {"callbacks": []}
    (tmp_path / "whole.yaml").write_text(yaml.safe_dump(config))
    checkpoint = tmp_path / "runs/large/version_0/checkpoints/last.ckpt"
    words = ("--config", tmp_path / "whole.yaml", "--name", "whole", "--ckpt_path", checkpoint)
    for command in ("test", "predict"):
        code, _, err = sgn(command, *words)
        assert code == 0, err
    whole = json.loads((tmp_path / "runs/large/version_0/card.json").read_text())["test"]
    for name in ("test/psnr", "test/ssim"):
        assert card["test"][name] == pytest.approx(whole[name], rel=1e-5)
    with h5py.File(tmp_path / "runs/large/version_0/predictions.h5") as file:
        values = file["values"][()]
    assert np.abs(np.moveaxis(values, 0, -1) * 255 - rendered).max() < 0.51


def test_no_more_than_a_part_is_read_at_once(sgn, tmp_path, held, monkeypatch):
    gathered, predict = [], Trainer.predict

    @functools.wraps(predict)
    def watched(*args, **named):
        gathered.append(predict(*args, **named))

    monkeypatch.setattr(Trainer, "predict", watched)
    monkeypatch.setattr(large_signal, "PART", 2000)
    monkeypatch.setattr(large_data, "VALIDATED", 8192)
    path = save(tmp_path / "a.npy", picture())
    run(sgn, path, "--data.count", 500, "--trainer.callbacks", "[]")
    whole = math.prod(SIZE)
    assert sum(held) > 2 * 3 * whole  # the pass for its range, and the test
    assert max(held) == 3 * 64 * SIZE[1]  # a strip of the test
    assert max(held) < 3 * whole / 2
    assert gathered == [None]


def test_a_large_volume_is_read_by_slabs(sgn, tmp_path, held, monkeypatch):
    monkeypatch.setattr(large_signal, "PART", 1200)
    monkeypatch.setattr(large_data, "VALIDATED", 4096)
    axis = np.linspace(-1, 1, 24, dtype=np.float32)
    values = np.sin(3 * axis[:, None, None] + axis[:, None] * axis)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("u", data=values, chunks=(8, 8, 8))
    run(sgn, tmp_path / "a.h5", "--data.side", 6, "--data.count", 2000, config="volume")
    assert max(held) <= 1200
    with h5py.File(tmp_path / "runs/large/version_0/predictions.h5") as found:
        assert found["values"].shape == (1, 24, 24, 24)
        assert np.isfinite(found["values"][()]).all()
        for axis in "xyz":
            assert np.allclose(found[axis][()], cell_centres(24))


def test_volumes_of_all_files_are_the_same(tmp_path):
    zarr = pytest.importorskip("zarr")
    values = np.random.default_rng(0).normal(size=(6, 5, 4)).astype(np.float32)
    np.save(tmp_path / "a.npy", values)
    zarr.save_array(str(tmp_path / "a.zarr"), values)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["u"] = values
    expected = opened(VolumeData, tmp_path / "a.npy").description
    every = tuple(slice(0, n) for n in values.shape)
    for name in ("a.npy", "a.zarr", "a.h5"):
        found = opened(LargeVolumeData, tmp_path / name).description
        assert isinstance(found, StoredSignal)
        assert torch.equal(next(iter(found.read([every]))), expected.values)
        assert (found.low, found.high) == (expected.low, expected.high)


def test_a_solid_has_two_values(tmp_path):
    values = np.zeros((5, 5, 5), np.uint8)
    values[1:3] = 200
    np.save(tmp_path / "a.npy", values)
    found = opened(LargeVolumeData, tmp_path / "a.npy", occupancy=True).description
    (part,) = found.read([(slice(0, 5),) * 3])
    assert part.unique().tolist() == [0, 1]
    values[0, 0, 0] = 7
    np.save(tmp_path / "a.npy", values)
    with pytest.raises(ValueError, match="more than two values"):
        opened(LargeVolumeData, tmp_path / "a.npy", occupancy=True)


@pytest.mark.parametrize(
    ("pixels", "said"),
    [
        (np.full((9, 9), 3, np.uint8), "nothing to learn"),
        (np.zeros((9, 9, 4), np.uint8), "grey or RGB"),
        (np.arange(81).reshape(9, 9), "8 or 16 bit"),
        (np.linspace(0, 2, 81).reshape(9, 9), r"outside \[0, 1\]"),
        (np.full((9, 9), np.nan), "NaN"),
    ],
)
def test_a_picture_that_cannot_be_learnt_is_refused(pixels, said, tmp_path):
    np.save(tmp_path / "a.npy", pixels)
    with pytest.raises(ValueError, match=said):
        opened(LargeImageData, tmp_path / "a.npy")


def test_a_missing_file_is_named():
    for kind in (LargeImageData, LargeVolumeData):
        with pytest.raises(FileNotFoundError, match=r"nowhere\.npy"):
            opened(kind, "nowhere.npy")


def test_what_needs_all_samples_is_refused(sgn, tmp_path):
    path = save(tmp_path / "a.npy", picture())
    base = ["fit", "--config", ROOT / "configs" / "image_inr.yaml", "--trainer.max_steps", 2]
    base += ["--config", ROOT / "configs/presets/large/image.yaml", "--data.path", path]
    base += ["--trainer.accelerator", "cpu"]
    for word in ("measurement", "weighting"):
        kind = {"measurement": "Gradients", "weighting": "FrequencyWeighting"}[word]
        code, _, err = sgn(*base, f"--model.init_args.{word}", kind)
        assert code == 1
        assert "fitted from its samples as they are" in err
    code, _, err = sgn(*base, "--model.init_args.frequency", "auto")
    assert code == 1
    assert "frequency to a number" in err
