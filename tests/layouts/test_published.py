"""Published layouts, as their own writers write them: inspected, and trained on for two steps."""

import zipfile

import h5py
import numpy as np
import pytest
from lightning.pytorch import Trainer

from sgn_sciml.layouts import Schema, open_source
from sgn_sciml.operators import Frames, Operator, OperatorData, Pairs, RandomSplit, Windows
from sgn_sciml.operators.networks import FNO
from tests.conftest import ROOT

from .files import npy, npz, objects, values

PUBLISHED = ROOT / "tests" / "layouts" / "published"
NAMED = Schema({"u": "sample time x"})


def pdearena(folder):
    """As its ``pdedatagen`` writes smoke: a group, coordinates and constants for each sample."""
    with h5py.File(folder / "smoke.h5", "w") as file:
        group = file.create_group("train")
        for k, name in enumerate(("u", "vx", "vy")):
            group[name] = values(6, 4, 8, 8, dtype="float64", seed=k)
        for axis, n in {"t": 4, "x": 8, "y": 8}.items():
            group[axis] = np.tile(np.linspace(0, 1, n), (6, 1))
            group[f"d{axis}"] = np.full(6, 1 / (n - 1))
        group["buo_y"] = np.linspace(0.2, 0.5, 6)
    return folder / "smoke.h5"


def unpacked(folder, name):
    with zipfile.ZipFile(PUBLISHED / f"{name}.zip") as archive:
        archive.extractall(folder / name)
    return folder / name


def apebench(folder):
    """One of its trajectories' arrays: sample, time, channel, x."""
    return npy(folder / "burgers.npy", values(6, 4, 1, 8))


def openfwi(folder):
    """Numbered files of (500, 5, 1000, 70) and (500, 1, 70, 70), here on one grid."""
    for name, channels in (("data", 5), ("model", 1)):
        (folder / name).mkdir()
        for k in (1, 2):
            npy(folder / f"{name}/{name}{k}.npy", values(4, channels, 8, 8, seed=k))
    return {"input": f"{folder}/data/data*.npy", "target": f"{folder}/model/model*.npy"}


# Name: the file, how fields are paired, names that it needs, fields to axes.
CASES = {
    "pdegym-flow": (
        lambda folder: PUBLISHED / "pdegym_flow.nc",
        Windows("velocity", 1),
        None,
        {"velocity": "sample time x y component"},
    ),
    "pdegym-wave": (
        lambda folder: PUBLISHED / "pdegym_wave.nc",
        Windows(["solution", "c"], 1),
        None,
        {"solution": "sample time x y", "c": "sample x y"},
    ),
    "pdearena": (pdearena, Windows(["train/u", "train/vx", "train/vy"], 2), None,
                 {"train/u": "sample time x y"}),
    "apebench": (apebench, Windows("burgers", 1), Schema({"burgers": "sample time component x"}),
                 {"burgers": "sample time x component"}),
    "xarray-2": (lambda folder: unpacked(folder, "xarray_v2.zarr"), Windows("u", 1), None,
                 {"a": "sample x", "u": "sample time x"}),
    "xarray-3": (lambda folder: unpacked(folder, "xarray_v3.zarr"), Windows("u", 1), None,
                 {"a": "sample x", "u": "sample time x"}),
    "xarray-zip": (lambda folder: PUBLISHED / "xarray_v3.zarr.zip", Pairs("a", "u"), None,
                   {"a": "sample x", "u": "sample time x"}),
    "hugging-face": (lambda folder: PUBLISHED / "hf_arrays", Frames("u"), NAMED,
                     {"a": "sample x", "u": "sample time x"}),
    "deepxde": (
        lambda folder: npz(
            folder / "aligned.npz",
            X=objects(values(6, 16), np.linspace(0, 1, 16)[:, None]),
            y=values(6, 16),
        ),
        Pairs("X0", "y"),
        None,
        {"X0": "sample x", "y": "sample x"},
    ),
    "openfwi": (openfwi, Pairs("input", "target"),
                Schema(dict.fromkeys(("input", "target"), "sample component x y")),
                {"input": "sample x y component", "target": "sample x y component"}),
    "realpdebench": (lambda folder: PUBLISHED / "realpdebench", Windows(["u", "v", "p"], 1), None,
                     {name: "sample time x y" for name in "uvp"}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_it_is_inspected_and_trains(name, tmp_path, sgn):
    make, pairing, schema, axes = CASES[name]
    path = make(tmp_path)
    source = open_source(path, schema)
    assert {field: " ".join(source.fields[field].axes) for field in axes} == axes
    words = [f"--axes={field}={text}" for field, text in (schema.axes if schema else {}).items()]
    named = [f"{k}={v}" for k, v in path.items()] if isinstance(path, dict) else [path]
    code, out, err = sgn("data", "inspect", *named, *words, "--figure", tmp_path / "a.png")
    assert (code, err) == (0, "")
    assert "to train" in out or not (schema or source.assumed)
    fit(path, pairing, schema)


def fit(path, pairing, schema=None, **options):
    """Two steps of training, and the data."""
    data = OperatorData(
        path if isinstance(path, dict) else str(path),
        pairing,
        RandomSplit(val=0.2, test=0.2),
        schema=schema,
        batch_size=2,
        cache="0",
        **options,
    )
    data.setup("fit")
    batch = next(iter(data.train_dataloader()))
    window, target = batch["input"], batch["target"]
    axes = len(data.description.grid)
    told = batch["conditions"].shape[1] if "conditions" in batch else 0
    frames = 1 if pairing.autoregressive or target.ndim == axes + 2 else target.shape[1]
    network = FNO(
        in_channels=int(np.prod(window.shape[1:-axes])) + told,
        out_channels=frames * target.shape[-axes - 1],
        modes=(4,) * axes, width=4, depth=1,
    )  # fmt: skip
    trainer = Trainer(
        accelerator="cpu", max_steps=2, logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    trainer.fit(Operator(network), data)
    assert trainer.global_step == 2
    return data


def test_constants_of_samples_are_conditions():
    data = fit(PUBLISHED / "hf_arrays", Frames("u"), NAMED, conditions=["nu"])
    batch = next(iter(data.val_dataloader()))
    known = np.linspace(0.1, 0.6, 6)
    assert np.isclose(batch["conditions"].numpy(), known, atol=1e-6).any(1).all()


def test_packed_integers_of_xarray_are_the_values():
    packed = open_source(PUBLISHED / "xarray_v2.zarr.zip").read("u")
    exact = np.random.default_rng(4).normal(size=(6, 4, 8))
    assert np.abs(packed - exact).max() < 0.00051
