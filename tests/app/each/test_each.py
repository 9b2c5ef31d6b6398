"""Files of a folder fitted: one table, what cannot be read named, and a second call goes on."""

import csv
import json
import statistics

import numpy as np
from skimage.io import imsave

from sgn_sciml.app.each.files import data_name, files_of
from sgn_sciml.app.each.table import write_table

SMALL = ["--model.init_args.network.init_args.width", 8, "--trainer.max_steps", 2]
SMALL += ["--model.init_args.network.init_args.depth", 2, "--data.size", "null"]
SMALL += ["--model.init_args.network.init_args.first_width", 8, "--trainer.callbacks", "[]"]
SMALL += ["--trainer.val_check_interval", 2, "--trainer.accelerator", "cpu"]


def picture(path, seed=0):
    pixels = np.random.default_rng(seed).integers(0, 256, (12, 14), dtype=np.uint8)
    imsave(path, pixels, check_contrast=False)


def test_a_folder_is_fitted_and_a_second_call_goes_on(sgn, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    picture(folder / "a.png")
    picture(folder / "a.tif", 1)
    (folder / "broken.png").write_bytes(b"no picture")
    (folder / "notes.txt").write_text("left out")
    words = ["each", folder, "--config", "image_inr", "--runs", tmp_path / "runs", *SMALL]
    code, out, err = sgn(*words)
    assert code == 1
    assert "1 of 3 files could not be fitted: broken.png" in err
    assert f"{folder / 'broken.png'} cannot be read" in err
    assert "left out: notes.txt" in out
    root = tmp_path / "runs" / "image_inr_photos"
    assert sorted(p.name for p in root.iterdir() if p.is_dir()) == ["a.png", "a.tif"]
    rows = list(csv.DictReader((root / "results.csv").read_text().splitlines()))
    cards = [json.loads((root / f"{row['file']}/version_0/card.json").read_text()) for row in rows]
    assert [float(r["psnr"]) for r in rows] == [card["test"]["test/psnr"] for card in cards]
    mean = statistics.mean(float(row["psnr"]) for row in rows)
    assert f"| mean      |         | {mean:8.2f} |" in (root / "results.md").read_text()

    (folder / "broken.png").unlink()
    picture(folder / "a.tif", 2)  # another one now
    card = json.loads((root / "a.png/version_0/card.json").read_text())
    del card["test"]  # as if stopped before
    (root / "a.png/version_0/card.json").write_text(json.dumps(card))
    code, out, err = sgn(*words)
    assert code == 0, err
    assert [p.name for p in sorted(root.glob("*/version_*"))] == [*["version_0"] * 2, "version_1"]
    assert "(done before)" not in out
    assert sgn(*words)[1].count("(done before)") == 2
    code, _, err = sgn(*words, "--seed_everything", 3)
    assert code == 1
    assert "give --name another name" in err


def test_what_cannot_be_done_is_told(sgn, tmp_path):
    (tmp_path / "notes.txt").write_text("")
    for words, message in (
        (["nowhere"], "no folder nowhere"),
        ([tmp_path / "notes.txt"], "is a file, not a folder"),
        ([tmp_path], r"holds no file that ImageData reads (png, jpg"),
        ([], "needs a folder"),
        ([tmp_path, "--ckpt_path", "last"], "leave --ckpt-path out"),
    ):
        code, _, err = sgn("each", *words, "--config", "image_inr")
        assert code == 1
        assert message in err


def test_the_data_module_is_that_of_the_last_word(tmp_path):
    for name, data in (("a", "{class_path: my.AudioData}"), ("b", "{init_args: {}}")):
        (tmp_path / f"{name}.yaml").write_text(f"data: {data}")
    configs = [str(tmp_path / f"{name}.yaml") for name in "ab"]
    assert data_name(configs, []) == "AudioData"
    assert data_name(configs, ["--data=OtherData"]) == "OtherData"
    assert data_name(configs, ["--data", "OtherData"]) == "OtherData"
    files, left = files_of(tmp_path, configs, ["--data", "OtherData"])
    assert [p.name for p in files] == ["a.yaml", "b.yaml"]
    assert left == []


def test_means_are_of_what_all_have(tmp_path):
    def card(psnr, **more):
        about = {"run": "r", "parameters": 9, "training": {"cpu_seconds": 2.0}}
        tests = {"test/psnr": psnr, **{f"test/{k}": v for k, v in more.items()}}
        return {**about, "data": {"grid": {"y": 3, "x": 4}}, "test": tests}

    table = write_table(tmp_path, {"a": card(30.0, ms_ssim=0.5), "b": card(33.0)})
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.split("\n")]
    assert cells[0] == ["file", "samples", "PSNR, dB", "MS-SSIM", "CPU s"]
    assert cells[2:4] == [
        ["a", "3 x 4", "30.00", "0.5000", "2"],
        ["b", "3 x 4", "33.00", "-", "2"],
    ]
    assert cells[4] == ["mean", "", "31.50", "-", ""]
    assert cells[5][2] == f"{1.5 * 2**0.5:.2f}"
