"""Makes the files beside it, each by the program its publisher writes with; see README.md."""

import shutil
from pathlib import Path

import datasets
import netCDF4
import numpy as np
import xarray

HERE = Path(__file__).parent
SAMPLES, FRAMES, SIDE = 6, 4, 8
x = (np.arange(SIDE) + 0.5) / SIDE
t = np.linspace(0, 1, FRAMES)


def waves(seed, *shape):
    """Numbers that are all different."""
    return np.random.default_rng(seed).normal(size=(SAMPLES, *shape)).astype("float32")


def pdegym():
    with netCDF4.Dataset(HERE / "pdegym_flow.nc", "w") as file:
        for name, n in zip(
            ("sample", "time", "channel", "x", "y"), (SAMPLES, FRAMES, 2, SIDE, SIDE), strict=True
        ):
            file.createDimension(name, n)
        names = ("sample", "time", "channel", "x", "y")
        file.createVariable("velocity", "f4", names)[:] = waves(0, FRAMES, 2, SIDE, SIDE)
    wave = xarray.Dataset(
        {
            "solution": (("sample", "time", "x", "y"), waves(1, FRAMES, SIDE, SIDE)),
            "c": (("sample", "x", "y"), waves(2, SIDE, SIDE)),
        }
    )
    wave.to_netcdf(HERE / "pdegym_wave.nc", engine="netcdf4")


def xarray_zarr():
    data = xarray.Dataset(
        {
            "a": (("sample", "x"), waves(3, SIDE)),
            "u": (("sample", "time", "x"), waves(4, FRAMES, SIDE)),
            "nu": (("sample",), np.linspace(0.1, 0.6, SAMPLES)),
        },
        coords={"x": x, "time": t},
        attrs={"equation": "burgers"},
    )
    data["u"].encoding = {"dtype": "i2", "scale_factor": 0.001, "_FillValue": -32768}
    for form in (2, 3):
        folder = HERE / f"xarray_v{form}.zarr"
        shutil.rmtree(folder, ignore_errors=True)
        data.to_zarr(folder, zarr_format=form, consolidated=True)
        shutil.make_archive(str(folder), "zip", folder)
        shutil.rmtree(folder)


def hugging_face():
    shape = (FRAMES, SIDE)
    features = datasets.Features(
        {
            "a": datasets.Sequence(datasets.Value("float32")),
            "u": datasets.Array2D(shape, "float32"),
            "nu": datasets.Value("float64"),
            "name": datasets.Value("string"),
        }
    )
    rows = {
        "a": list(waves(5, SIDE)),
        "u": list(waves(6, *shape)),
        "nu": np.linspace(0.1, 0.6, SAMPLES),
        "name": [f"run {k}" for k in range(SAMPLES)],
    }
    datasets.Dataset.from_dict(rows, features).save_to_disk(HERE / "hf_arrays", num_shards=2)


def realpdebench():
    """The columns of its ``convert_hdf5_to_hf.py``."""
    text, bits, number = (datasets.Value(kind) for kind in ("string", "binary", "int32"))
    sides = {"shape_t": FRAMES, "shape_h": SIDE, "shape_w": SIDE}
    features = {"sim_id": text, "u": bits, "v": bits, "p": bits} | dict.fromkeys(sides, number)
    fields = {name: waves(k, FRAMES, SIDE, SIDE) for k, name in enumerate("uvp")}
    rows = {name: [row.tobytes() for row in data] for name, data in fields.items()}
    rows["sim_id"] = [f"{1000 + k}.h5" for k in range(SAMPLES)]
    rows |= {name: [n] * SAMPLES for name, n in sides.items()}
    datasets.Dataset.from_dict(rows, datasets.Features(features)).save_to_disk(
        HERE / "realpdebench"
    )


if __name__ == "__main__":
    for make in (pdegym, xarray_zarr, hugging_face, realpdebench):
        make()
