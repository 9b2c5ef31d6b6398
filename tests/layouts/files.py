"""Tiny files with the real structure of every layout, written from arrays."""

import json

import h5py
import numpy as np
import pyarrow
import pyarrow.ipc
import safetensors.numpy
import scipy.io
import torch
import zarr

from sgn_sciml.layouts import write_samples


def values(*shape, dtype="float32", seed=0):
    """Values all different, so that a wrong axis order cannot go unnoticed."""
    return np.random.default_rng(seed).permutation(np.prod(shape)).reshape(shape).astype(dtype)


def centres(n, low=0.0, high=1.0):
    return (low + (np.arange(n) + 0.5) * (high - low) / n).astype("float32")


def pdebench_scalar(path, u, low=0.0, extra=1, **attrs):
    with h5py.File(path, "w") as file:
        file["tensor"] = u
        file["x-coordinate"] = centres(u.shape[2], low)
        file["t-coordinate"] = np.linspace(0, 2, u.shape[1] + extra, dtype="float32")
        file.attrs.update(attrs or {"Nu": 0.001})
    return path


def pdebench_darcy(path, nu, u):
    with h5py.File(path, "w") as file:
        file["nu"], file["tensor"] = nu, u
        file["x-coordinate"], file["y-coordinate"] = centres(nu.shape[1]), centres(nu.shape[2])
        file.attrs["beta"] = 1.0
    return path


def pdebench_cfd(path, **fields):
    first = next(iter(fields.values()))
    with h5py.File(path, "w") as file:
        for name, u in fields.items():
            file[name] = u
        for axis, n in zip("xyz", first.shape[2:], strict=False):
            file[f"{axis}-coordinate"] = centres(n)
        file["t-coordinate"] = np.linspace(0, 1, first.shape[1] + 1)
        file.attrs.update(M=0.1, eta=0.01, zeta=0.01)
    return path


def pdebench_groups(path, u):
    with h5py.File(path, "w") as file:
        for i, sample in enumerate(u):
            group = file.create_group(f"{i:04d}")
            group.create_dataset("data", data=sample, compression="lzf")
            group["grid/t"] = np.linspace(0, 5, sample.shape[0], dtype="float32")
            for axis, n in zip("xy", sample.shape[1:-1], strict=False):
                group[f"grid/{axis}"] = centres(n, -1)
            group.attrs["config"] = f"sim:\n  seed: {i}\n"
    return path


def sample_groups(path, a, u):
    """One's own: a group for each sample, with its constant."""
    with h5py.File(path, "w") as file:
        for i in range(len(u)):
            group = file.create_group(f"run_{i}")
            group["a"], group["u"], group["nu"] = a[i], u[i], 0.1 * i
            group["x"], group["t"] = centres(u.shape[2]), np.linspace(0, 1, u.shape[1])
    return path


def pdebench_incompressible(path, velocity, particles, force, t=None):
    times = np.linspace(0, 5, velocity.shape[1], dtype="float32")
    with h5py.File(path, "w") as file:
        for name, u in {"velocity": velocity, "particles": particles}.items():
            chunks = (1, 1, *u.shape[2:])
            file.create_dataset(name, data=u, chunks=chunks, compression="lzf", shuffle=True)
        file["force"] = force
        file["t"] = np.tile(times, (len(velocity), 1)) if t is None else t
        file.attrs.update(config="NU: 0.01\n", latestIndex=len(velocity) - 1)
    return path


def well(path, samples, times, space, fields, scalars=(), names=("x", "y", "z")):
    """``fields``: name to (order, values, sample_varying, time_varying, dim_varying)."""
    with h5py.File(path, "w") as file:
        file.attrs.update(
            dataset_name="tiny", grid_type="cartesian", n_spatial_dims=len(space),
            n_trajectories=samples, simulation_parameters=["F"], F=0.25,
        )  # fmt: skip
        dimensions = file.create_group("dimensions")
        dimensions.attrs["spatial_dims"] = list(names[: len(space)])
        dimensions["time"] = np.linspace(0, 1, times, dtype="float32")
        for axis, n in zip(names, space, strict=False):
            dimensions[axis] = centres(n)
        boundary = file.create_group("boundary_conditions/X_boundary")
        boundary.attrs.update(bc_type="PERIODIC", associated_dims=["x"])
        boundary["mask"] = np.ones(space[0], bool)
        group = file.create_group("scalars")
        group.attrs["field_names"] = [name for name, *_ in scalars]
        for name, data, varying in scalars:
            group[name] = data
            group[name].attrs.update(sample_varying=False, time_varying=varying)
        for order in range(3):
            group = file.create_group(f"t{order}_fields")
            group.attrs["field_names"] = [k for k, v in fields.items() if v[0] == order]
        for name, (order, data, sample, time, dims) in fields.items():
            data = file.create_dataset(f"t{order}_fields/{name}", data=data)
            data.attrs.update(sample_varying=sample, time_varying=time, dim_varying=dims)
    return path


def netcdf4(path, dimensions, coordinates=(), **variables):
    """As netCDF's library writes it: named dimensions, those without values marked as such.

    Args:
        dimensions: Name of each array to the names of its dimensions.
    """
    with h5py.File(path, "w") as file:
        scales = dict(coordinates)
        for name, data in scales.items():
            file[name] = data
            file[name].make_scale(name)
        for name, data in variables.items():
            file[name] = data
            for i, dimension in enumerate(dimensions[name]):
                if dimension not in file:
                    unnamed = f"This is a netCDF dimension but not a netCDF variable. {i:9d}"
                    file[dimension] = np.zeros(data.shape[i], "float32")
                    file[dimension].make_scale(unnamed)
                file[name].dims[i].attach_scale(file[dimension])
    return path


def mat5(path, compressed=False, **variables):
    scipy.io.savemat(path, variables, do_compression=compressed)
    return path


def mat73(path, **variables):
    """As MATLAB writes it: axes reversed, 512 bytes of header before the HDF5 part."""
    classes = {"f8": "double", "f4": "single", "u2": "char", "u1": "uint8"}
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, data in variables.items():
            data = np.atleast_2d(data)
            # MATLAB compresses what does not fit into one row.
            options = {"compression": "gzip"} if data.size > 100 else {}
            stored = file.create_dataset(name, data=data.T, **options)
            stored.attrs["MATLAB_class"] = np.bytes_(classes[data.dtype.str[1:]])
        file.create_group("#refs#")
    header = b"MATLAB 7.3 MAT-file, Platform: GLNXA64, Created on: Mon Jan 01 00:00:00 2024"
    with open(path, "r+b") as stream:
        stream.write((header + b" HDF5 schema 1.00 .").ljust(124) + b"\x00\x02IM")
    return path


def pt(path, legacy=False, **tensors):
    entries = {
        k: torch.from_numpy(v) if isinstance(v, np.ndarray) else v for k, v in tensors.items()
    }
    torch.save(entries, path, _use_new_zipfile_serialization=not legacy)
    return path


def npz(path, compressed=False, **arrays):
    (np.savez_compressed if compressed else np.savez)(path, **arrays)
    return path


def objects(*arrays):
    """Arrays in one of objects, as DeepONet's data have them."""
    both = np.empty(len(arrays), object)
    both[:] = arrays
    return both


def npy(path, array):
    np.save(path, array)
    return path


def zarr_group(path, dimensions=None, version=3, chunks=2, **arrays):
    """As xarray writes it; in a ZIP archive where the name says so."""
    store = zarr.storage.ZipStore(path, mode="w") if path.suffix == ".zip" else path
    group = zarr.create_group(store, zarr_format=version, attributes={"law": "waves"})
    for name, data in arrays.items():
        names = (dimensions or {}).get(name)
        own = {"dimension_names": names} if version == 3 else {}
        own |= {"attributes": {"_ARRAY_DIMENSIONS": names}} if names and version == 2 else {}
        group.create_array(name, data=data, chunks=(chunks, *data.shape[1:]), **own)
    if path.suffix == ".zip":
        store.close()
    return path


def tensors(path, metadata=None, **arrays):
    safetensors.numpy.save_file(arrays, path, metadata)
    return path


def arrow(folder, shards=1, **columns):
    """As ``datasets.Dataset.save_to_disk`` writes it: lists in lists, a stream for each shard."""

    def nested(values):
        flat = pyarrow.array(values.ravel())
        for n in values.shape[:0:-1]:
            starts = np.arange(0, len(flat) + 1, n, dtype="int32")
            flat = pyarrow.ListArray.from_arrays(starts, flat)
        return flat

    folder.mkdir()
    table = pyarrow.table({name: nested(np.asarray(data)) for name, data in columns.items()})
    names = [f"data-{k:05d}-of-{shards:05d}.arrow" for k in range(shards)]
    for k, name in enumerate(names):
        first, last = (table.num_rows * i // shards for i in (k, k + 1))
        with pyarrow.ipc.new_stream(str(folder / name), table.schema) as writer:
            writer.write_table(table.slice(first, last - first), max_chunksize=3)
    state = {"_data_files": [{"filename": name} for name in names], "_fingerprint": "0"}
    (folder / "state.json").write_text(json.dumps(state))
    (folder / "dataset_info.json").write_text("{}")
    return folder


def grid(path, u, x, t):
    """``sgn-grid-1``: ``u`` over (x, t)."""
    with h5py.File(path, "w") as file:
        file.attrs.update(format="sgn-grid-1", law="burgers", nu=0.1, written_by="sgn-sciml 0")
        file["x"], file["t"] = x, t
        file.create_dataset("u", data=u, compression="gzip", shuffle=True)
        for axis, name in enumerate(("x", "t")):
            file[name].make_scale(name)
            file["u"].dims[axis].label = name
            file["u"].dims[axis].attach_scale(file[name])
    return path


def samples(path, u, x, t):
    """``sgn-samples-1``: ``u`` over (sample, t, x)."""
    return write_samples(
        path,
        {"x": x, "t": t},
        {"u": ("t", "x")},
        [{"u": u}],
        len(u),
        attrs={"law": "burgers", "seed": 0},
        groups={"parameters": {"nu": 0.1}},
    )


def one_of_each(folder):
    """A valid file of every layout, the first of its fields in canonical axes beside it."""
    u = values(4, 5, 8)
    frames = values(3, 4, 6, 6, 2)
    darcy = values(4, 8, 8, dtype="float64")
    traced = u[:, 0].copy()
    tensor = {"v": (1, values(3, 4, 6, 5, 2), True, True, [True, True])}
    with h5py.File(folder / "own.h5", "w") as file:
        file["a"], file["u"], file["t"] = traced, u, np.linspace(0, 1, 5)
    return {
        "hdf5": (folder / "own.h5", "u", u),
        "hdf5-groups": (sample_groups(folder / "runs.h5", traced, u), "u", u),
        "hdf5-netcdf": (
            netcdf4(
                folder / "named.nc",
                {"velocity": ("member", "time", "channel", "x", "y")},
                {"time": np.linspace(0, 1, 4)},
                velocity=np.moveaxis(frames, -1, 2),
            ),
            "velocity",
            frames,
        ),
        "pdebench-flat": (pdebench_scalar(folder / "flat.hdf5", u), "tensor", u),
        "pdebench-groups": (pdebench_groups(folder / "groups.h5", frames), "data", frames),
        "pdebench-incompressible": (
            pdebench_incompressible(
                folder / "ns.h5", frames, frames[..., :1].copy(), frames[:, 0].copy()
            ),
            "velocity",
            frames,
        ),
        "the-well": (well(folder / "well.hdf5", 3, 4, (6, 5), tensor), "v", tensor["v"][1]),
        "fno-mat-5": (mat5(folder / "five.mat", coeff=darcy, sol=darcy + 1), "coeff", darcy),
        "fno-mat-5-compressed": (
            mat5(folder / "packed.mat", True, coeff=darcy, sol=darcy + 1),
            "coeff",
            darcy,
        ),
        "fno-mat-7.3": (
            mat73(folder / "seven.mat", input=traced, output=u, visc=np.array(0.001)),
            "output",
            u,
        ),
        "neuralop-pt": (pt(folder / "new.pt", x=traced, y=u, visc=0.01), "y", u),
        "neuralop-pt-legacy": (
            pt(folder / "old.pt", True, x=traced, y=u, visc=0.01),
            "y",
            u,
        ),
        "numpy": (npz(folder / "plain.npz", a=traced, u=u, t=np.linspace(0, 1, 5)), "u", u),
        "numpy-compressed": (
            npz(folder / "packed.npz", True, a=traced, u=u, t=np.linspace(0, 1, 5)),
            "u",
            u,
        ),
        "numpy-array": (npy(folder / "one.npy", np.asfortranarray(traced)), "one", traced),
        "deeponet": (
            npz(folder / "deeponet.npz", X=objects(traced, centres(8)[:, None]), y=traced + 1),
            "X0",
            traced,
        ),
        "zarr": (
            zarr_group(folder / "z.zarr", {"u": ("time", "sample", "x")}, u=u.swapaxes(0, 1)),
            "u",
            u,
        ),
        "zarr-zip": (
            zarr_group(folder / "z.zip", version=2, a=traced, u=u, t=np.linspace(0, 1, 5)),
            "u",
            u,
        ),
        "safetensors": (
            tensors(folder / "a.safetensors", a=traced, u=u, t=np.linspace(0, 1, 5)),
            "u",
            u,
        ),
        "arrow": (arrow(folder / "rows", 2, a=darcy, u=darcy + 1), "a", darcy),
        "arrow-file": (
            arrow(folder / "row", a=darcy, u=darcy + 1) / "data-00000-of-00001.arrow",
            "a",
            darcy,
        ),
        "sgn-grid-1": (
            grid(folder / "grid.h5", u[0].T.copy(), centres(8), np.linspace(0, 1, 5)),
            "u",
            u[:1],
        ),
        "sgn-samples-1": (
            samples(folder / "samples.h5", u, centres(8), np.linspace(0, 1, 5)),
            "u",
            u,
        ),
    }
