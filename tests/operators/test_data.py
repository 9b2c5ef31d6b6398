import json

import h5py
import numpy as np
import pytest
import torch
from lightning.pytorch import LightningModule, Trainer

from sgn_sciml.benchmark_data.make import make
from sgn_sciml.laws import BurgersPDEBench, BurgersR10, DarcyFlow
from sgn_sciml.layouts import Schema, open_source
from sgn_sciml.operators import (
    FnoSplit,
    Frames,
    OperatorData,
    Pairs,
    PerPixel,
    RandomSplit,
    Windows,
)
from sgn_sciml.operators.items import parse_size
from sgn_sciml.operators.stores import Cached, Lazy

SPLIT = FnoSplit(train=30, val=10, test=20)


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("operator")
    laws = {
        "pairs": BurgersR10(res=64, grid=64, steps=10),
        "frames": BurgersPDEBench(res=32, frames=7, time=0.06, nu=0.1),
        "frames2": BurgersPDEBench(res=64, frames=7, time=0.06, nu=0.2),
        "darcy": DarcyFlow(res=9, grid=17),
    }
    return {
        name: str(make(law, folder / f"{name}.h5", 60, progress=False))
        for name, law in laws.items()
    }


def loaded(stage, **options):
    data = OperatorData(**({"split": SPLIT} | options))
    data.setup(stage)
    return data


def epoch(loader):
    batches = list(loader)
    return {key: torch.cat([batch[key] for batch in batches]) for key in batches[0]}


def rows(x):
    return sorted(x.flatten(1).tolist())


@pytest.mark.parametrize("cache", ["0", "1 GB"])
def test_an_epoch_holds_the_training_pairs(files, cache):
    data = loaded("fit", path=files["pairs"], cache=cache, batch_size=7)
    got, source = epoch(data.train_dataloader()), open_source(files["pairs"])
    assert got["input"].shape == (30, 1, 64)
    assert got["input"].dtype == torch.float32
    pairs = torch.cat([got["input"], got["target"]], 1)
    exact = np.stack([source.read("a", slice(30)), source.read("u", slice(30))], 1)
    assert rows(pairs) == rows(torch.from_numpy(exact))


@pytest.mark.parametrize("cache", ["0", "1 GB"])
def test_parts_are_the_splits(files, cache):
    data = loaded("fit", path=files["pairs"], cache=cache)
    data.setup("test")
    source = open_source(files["pairs"])
    val, test = epoch(data.val_dataloader()), epoch(data.test_dataloader()[0])
    assert np.array_equal(val["target"][:, 0], source.read("u", slice(30, 40)))
    assert np.array_equal(test["target"][:, 0], source.read("u", slice(40, 60)))


def test_what_fits_the_budget_is_cached(files):
    sizes = {"0": Lazy, "10 KB": Lazy, "1 MB": Cached}
    for cache, kind in sizes.items():
        data = loaded("fit", path=files["pairs"], cache=cache)
        assert isinstance(data.groups["train"][0].stores[0], kind)


def test_shuffled_training_is_repeatable(files):
    def order(seed):
        data = loaded("fit", path=files["pairs"], seed=seed)
        return epoch(data.train_dataloader())["input"]

    assert torch.equal(order(0), order(0))
    assert not torch.equal(order(0), order(1))


@pytest.mark.parametrize("start_method", ["fork", "spawn"])
def test_workers_read_the_same(files, start_method):
    options = {"path": files["pairs"], "cache": "0"}
    alone = loaded("fit", **options)
    shared = loaded("fit", **options, num_workers=1, start_method=start_method)
    ours, theirs = (epoch(data.train_dataloader()) for data in (alone, shared))
    assert all(torch.equal(ours[key], theirs[key]) for key in ours)


def test_batches_are_physical_and_scaling_has_the_training_statistics(files):
    data = loaded("fit", path=files["pairs"])
    u = open_source(files["pairs"]).read("u", slice(60))
    scale = data.description.scaling["target"]
    assert scale.std.item() == pytest.approx(u[:30].std(), rel=1e-5)
    batch = next(iter(data.val_dataloader()))
    np.testing.assert_array_equal(batch["target"][:, 0], u[30:40])
    torch.testing.assert_close(scale.inverse(scale(batch["target"])), batch["target"])


def test_a_loop_of_ones_own_gets_small_variations_scaled():
    """Sound of 0.1 Pa in air, of which float32 in physical units keeps one digit."""
    u = 101325 + 0.1 * np.random.default_rng(0).standard_normal((60, 32))
    a = u[:, ::-1].copy()
    data = OperatorData.from_arrays({"a": a, "u": u}, split=SPLIT)
    data.setup("fit")
    batch = next(iter(data.val_dataloader()))
    np.testing.assert_array_equal(batch["target"][:, 0], u[30:40])
    scaled = data.on_after_batch_transfer(batch, 0)
    for name, values in (("input", a), ("target", u)):
        wanted = torch.from_numpy((values[30:40] - values[:30].mean()) / values[:30].std())
        torch.testing.assert_close(scaled[name][:, 0], wanted.float(), rtol=1e-5, atol=1e-6)
    data.trainer = Trainer(logger=False, enable_checkpointing=False, accelerator="cpu")
    assert data.on_after_batch_transfer(batch, 0) is batch  # its task scales


def test_frames(files):
    data = loaded("fit", path=files["frames"], pairing=Frames(input=0, target=-1))
    u = open_source(files["frames"]).read("u", slice(30, 40))
    val = epoch(data.val_dataloader())
    assert np.array_equal(val["input"][:, 0], u[:, 0])
    assert np.array_equal(val["target"][:, 0], u[:, -1])


@pytest.mark.parametrize("cache", ["0", "1 GB"])
@pytest.mark.parametrize("every", [1, 2])
def test_windows_train_on_every_start(files, cache, every):
    pairing = Windows(history=2, horizon=1, every=every)
    data = loaded("fit", path=files["frames"], pairing=pairing, cache=cache, batch_size=8)
    got = epoch(data.train_dataloader())
    u = open_source(files["frames"]).read("u", slice(30))[:, ::every]
    windows = np.stack([u[i, s : s + 3] for i in range(30) for s in range(u.shape[1] - 2)])
    assert got["input"].shape == (len(windows), 2, 1, 32)
    both = torch.cat([got["input"], got["target"]], 1)
    assert rows(both) == rows(torch.from_numpy(windows))


@pytest.mark.parametrize("cache", ["0", "1 GB"])
def test_windows_are_evaluated_to_the_last_frame(files, cache):
    data = loaded("fit", path=files["frames"], pairing=Windows(history=2), cache=cache)
    got = epoch(data.val_dataloader())
    u = torch.from_numpy(open_source(files["frames"]).read("u", slice(30, 40)))
    assert torch.equal(got["input"][:, :, 0], u[:, :2])
    assert torch.equal(got["target"][:, :, 0], u[:, 2:])


def test_windows_scale_input_and_target_alike(files):
    data = loaded("fit", path=files["frames"], pairing=Windows(history=2))
    assert data.normalizers["input"] is data.normalizers["target"]


def test_several_files_are_several_parameters_and_resolutions(files):
    data = loaded(
        "fit",
        path=[files["frames"], files["frames2"]],
        pairing=Frames(),
        conditions=["nu"],
        batch_size=4,
    )
    batches = list(data.train_dataloader())
    found = {(b["input"].shape[-1], *b["conditions"].flatten().tolist()) for b in batches}
    assert {(size, round(nu, 6)) for size, nu, *_ in found} == {(32, 0.1), (64, 0.2)}
    assert sum(len(b["input"]) for b in batches) == 60


def names(data):
    return [each.name for each in data.description.test_sets]


def test_resolutions_to_test_at(files):
    data = loaded("test", path=files["pairs"], resolution=16, test_resolutions=[16, 32, 64])
    assert names(data) == ["pairs@16", "pairs@32", "pairs@64"]
    full = open_source(files["pairs"]).read("u", slice(40, 60))
    for loader, stride in zip(data.test_dataloader(), (4, 2, 1), strict=True):
        assert np.array_equal(epoch(loader)["target"][:, 0], full[:, ::stride])


def test_further_files_only_test(files):
    data = loaded(
        "test", path=files["frames"], test_path=files["frames2"], pairing=Frames(), resolution=32
    )
    assert names(data) == ["frames@32", "frames2@32"]
    assert [len(epoch(loader)["input"]) for loader in data.test_dataloader()] == [20, 60]


def test_grids_that_include_their_ends_are_thinned_between_them(files):
    data = loaded("fit", path=files["darcy"], resolution=5)
    exact = open_source(files["darcy"]).read("a", slice(30, 40))[:, ::2, ::2]
    assert np.array_equal(epoch(data.val_dataloader())["input"][:, 0], exact)


def test_a_resolution_that_does_not_divide_is_refused(files):
    with pytest.raises(ValueError, match=r"cannot be thinned to 48; possible: .*16, 22, 32, 64"):
        loaded("fit", path=files["pairs"], resolution=48)


def test_a_resolution_that_leaves_gaps_along_another_axis_is_refused(tmp_path):
    """Cells along x; along y 50 cells, of which every second leaves none over, or 33 nodes."""

    def at(resolution, ny):
        path = tmp_path / f"{ny}.h5"
        with h5py.File(path, "w") as file:
            for name in ("Vx", "Vy"):
                file[name] = np.random.default_rng(0).standard_normal((6, 4, 32, ny))
            for axis, n in {"x": 32, "y": ny, "t": 4}.items():
                file[f"{axis}-coordinate"] = np.arange(n) + 0.5
        data = OperatorData(
            str(path), Windows("Vx", history=2), FnoSplit(2, 2, 2), resolution=resolution
        )
        data.setup("fit")
        return next(iter(data.train_dataloader()))["input"].shape[-2:]

    assert at(16, 50) == (16, 25)
    assert at(8, 33) == (8, 9)
    with pytest.raises(ValueError, match=r"gap at the end of y; possible: 16, 32$"):
        at(8, 50)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pairing": Pairs("b", "u")}, "has no field 'b'; it has a, u"),
        ({"split": FnoSplit(50, 20)}, "has 60 samples; the split needs 50 to train"),
        ({"conditions": ["beta"]}, "has no constant 'beta'; it has .*nu"),
        ({"pairing": Frames(target=3)}, "has 0 frames"),
        ({"pairing": Windows()}, "windows need 10 \\+ 1"),
        ({"cache": "lots"}, "is not a size"),
        ({"batch_size": 0}, "must be at least 1"),
    ],
)
def test_what_does_not_fit_is_said(files, options, message):
    with pytest.raises(ValueError, match=message):
        loaded("fit", path=files["pairs"], **options)


def test_a_missing_file_says_where_to_get_one(tmp_path):
    with pytest.raises(FileNotFoundError, match="sgn data make"):
        loaded("fit", path=str(tmp_path / "none.h5"))


def test_nan_is_reported_with_its_sample(files, tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(files["pairs"]) as old, h5py.File(path, "w") as new:
        for name in old:
            old.copy(name, new)
        new.attrs.update(old.attrs)
        new["u"][17, 3] = np.nan
    with pytest.raises(ValueError, match="u holds NaN or infinity in sample 17"):
        loaded("fit", path=str(path))


@pytest.mark.parametrize(
    ("text", "size"), [("0", 0), ("512 MB", 2**29), ("1.5GB", 3 * 2**29), ("7k", 7168)]
)
def test_sizes(text, size):
    assert parse_size(text) == size


def test_it_describes_what_numbers_depend_on(files):
    options = {"path": files["frames"], "pairing": Frames(), "resolution": 16}
    found = loaded("fit", **options, target_normalizer=PerPixel()).description.about()
    assert found == json.loads(json.dumps(found))  # plain values
    assert found["pairing"] == {"name": "Frames", "fields": "u", "input": 0, "target": -1}
    assert found["split"] == {"name": "FnoSplit", "train": 30, "test": 20, "val": 10}
    assert found["normalizers"] == {"input": "PerChannel", "target": "PerPixel"}
    assert (found["batch_size"], found["resolution"], found["grid"]) == (20, 16, {"x": 16})
    assert "test_sets" not in found
    (about,) = found["files"]
    assert about["parts"] == {"train": 30, "val": 10, "test": 20}
    assert (about["layout"], about["law"], about["samples"]) == (
        "sgn-samples-1",
        "burgers-pdebench",
        60,
    )
    assert about["parameters"]["nu"] == 0.1


def test_it_describes_its_test_sets(files):
    data = loaded(
        "test",
        path=files["pairs"],
        test_path=files["pairs"],
        resolution=16,
        test_resolutions=[32, 64],
    )
    found = data.description.about()
    assert [about["name"] for about in found["test_sets"]] == names(data)
    assert [about["samples"] for about in found["test_sets"]] == [20, 20, 60, 60]
    assert [about["grid"]["x"] for about in found["test_sets"]] == [32, 64, 32, 64]
    assert [about["path"] for about in found["files"]] == [files["pairs"]] * 2


class Mean(LightningModule):
    """Predicts a constant; remembers what it saw."""

    def __init__(self):
        super().__init__()
        self.value = torch.nn.Parameter(torch.zeros(()))
        self.seen = []

    def training_step(self, batch, index):
        return ((batch["target"] - self.value) ** 2).mean()

    def validation_step(self, batch, index):
        self.seen.append(batch["target"])

    def test_step(self, batch, index, dataloader_idx=0):
        self.seen.append(batch["target"])

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1)


def trainer(folder):
    return Trainer(
        accelerator="cpu",
        max_epochs=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=folder,
    )


def test_statistics_travel_in_the_checkpoint(files, tmp_path):
    def data(path):
        return OperatorData(path, Frames(), RandomSplit(), target_normalizer=PerPixel())

    first, module = data(files["frames"]), Mean()
    run = trainer(tmp_path)
    run.fit(module, first)
    run.save_checkpoint(tmp_path / "a.ckpt")
    # Another file has other statistics; those of the training data must be used on it.
    second, tester = data(files["frames"]), trainer(tmp_path)
    second.split = RandomSplit(seed=9)
    tester.test(Mean(), second, ckpt_path=tmp_path / "a.ckpt", weights_only=True, verbose=False)
    for ours, theirs in zip(first.normalizers.values(), second.normalizers.values(), strict=True):
        assert torch.equal(ours.mean, theirs.mean)
        assert torch.equal(ours.std, theirs.std)


def test_a_configuration_builds_it(files):
    from jsonargparse import ArgumentParser
    from lightning.pytorch import LightningDataModule

    parser = ArgumentParser()
    parser.add_subclass_arguments(LightningDataModule, "data")
    room = "sgn_sciml.operators"
    words = [
        f"--data={room}.OperatorData",
        f"--data.path={files['frames']}",
        f"--data.pairing={room}.Windows",
        "--data.pairing.history=3",
        f"--data.split={room}.FnoSplit",
        "--data.split.train=30",
        "--data.split.test=20",
        f"--data.input_normalizer={room}.PerPixel",
    ]
    data = parser.instantiate(parser.parse_args(words)).data
    data.setup("fit")
    assert isinstance(data.normalizers["target"], PerPixel)
    assert next(iter(data.train_dataloader()))["input"].shape == (20, 3, 1, 32)


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """Own HDF5: states and coefficients, trajectories, a field that does not move, constants."""
    path, rng = tmp_path_factory.mktemp("own") / "own.h5", np.random.default_rng(0)
    arrays = {"a": (10, 16), "b": (10, 16), "u": (10, 7, 16), "v": (10, 7, 16), "nu": (10,)}
    with h5py.File(path, "w") as file:
        for name, shape in arrays.items():
            file[name] = rng.standard_normal(shape).astype("f4")
        file.attrs["g"] = 9.81
    return path


@pytest.mark.parametrize("cache", ["0", "1 GB"])
def test_a_field_without_time_is_a_channel_of_every_frame(mixed, cache):
    options = {"path": str(mixed), "split": FnoSplit(6, 2), "cache": cache}
    with h5py.File(mixed) as file:
        u, a = torch.from_numpy(file["u"][8:]), torch.from_numpy(file["a"][8:])
    for fields, moving in ((["u", "a"], 0), (["a", "u"], 1)):
        data = loaded("test", pairing=Windows(fields, history=2), **options)
        got = epoch(data.test_dataloader()[0])
        assert torch.equal(got["input"][:, :, moving], u[:, :2])
        assert torch.equal(got["input"][:, :, 1 - moving], a[:, None].expand(-1, 2, -1))
        assert torch.equal(got["target"][:, :, moving], u[:, 2:])
    got = epoch(loaded("test", pairing=Frames(["a", "u"]), **options).test_dataloader()[0])
    assert torch.equal(got["input"], torch.stack([a, u[:, 0]], 1))
    assert torch.equal(got["target"], torch.stack([a, u[:, -1]], 1))


@pytest.mark.parametrize("cache", ["0", "1 GB"])
def test_pairs_have_all_frames(mixed, cache):
    options = {"path": str(mixed), "split": FnoSplit(6, 2), "cache": cache}
    got = epoch(loaded("test", pairing=Pairs("u", "v"), **options).test_dataloader()[0])
    with h5py.File(mixed) as file:
        assert np.array_equal(got["input"][:, :, 0], file["u"][8:])
        assert np.array_equal(got["target"][:, :, 0], file["v"][8:])


@pytest.mark.parametrize("cache", ["0", "1 GB"])
def test_constants_of_each_sample_and_of_all(mixed, cache):
    with h5py.File(mixed) as file:
        nu, a = file["nu"][()], file["a"][()]
    data = loaded(
        "fit", path=str(mixed), split=FnoSplit(6, 2), cache=cache, conditions=["nu", "g"]
    )
    got = epoch(data.train_dataloader())
    rows = [int((a == row.numpy()).all(1).argmax()) for row in got["input"][:, 0]]
    assert sorted(rows) == list(range(6))
    assert np.array_equal(got["conditions"][:, 0], nu[rows])
    assert np.allclose(got["conditions"][:, 1], 9.81)
    with pytest.raises(ValueError, match="has no constant 'mu'; it has g, nu"):
        loaded("fit", path=str(mixed), split=FnoSplit(6, 2), conditions=["mu"])


def test_a_schema_is_in_the_card_and_assumptions_are_said(mixed, monkeypatch):
    said = []
    monkeypatch.setattr("sgn_sciml.operators.data.rank_zero_info", said.append)
    options = {"path": str(mixed), "split": FnoSplit(6, 2), "pairing": Pairs("a", "b")}
    loaded("fit", **options)
    assert said == []  # a and b are as one frame of u
    with h5py.File(mixed.with_name("two.h5"), "w") as file:
        file["a"], file["b"] = np.ones((9, 8)), np.eye(9, 8)
    two = str(mixed.with_name("two.h5"))
    loaded("fit", **options | {"path": two})
    assert said[0] == f"{two}: a: axes taken for sample, x; nothing in the file says so"
    assert "--axes 'b=sample x'" in said[-1]
    data = loaded("fit", **options, schema=Schema({"b": "sample x"}))
    assert data.description.about()["schema"]["axes"] == {"b": "sample x"}
    assert json.dumps(data.description.about())
