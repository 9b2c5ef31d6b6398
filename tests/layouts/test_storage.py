"""Data that lie elsewhere, and files that are open elsewhere: read, or called what they are."""

import errno
import os
import struct
import subprocess
import sys

import h5py
import numpy as np
import pytest

from sgn_sciml.layouts import LayoutError, open_source
from sgn_sciml.layouts.contents import foreign

from .files import centres, values

U = values(12, 5, 8)


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # external files are looked for from there
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x-coordinate"] = centres(8)
    return tmp_path / "a.h5"


def refused(path, *words):
    with pytest.raises(LayoutError) as error:
        open_source(path).read("tensor")
    text = str(error.value)
    assert all(word in text for word in words), text
    assert "get it again" not in text
    assert "damaged" not in text


def virtual(path, parts, shape=U.shape, kind="f4"):
    """``tensor`` of ``{file: (rows, values)}``; returns the files."""
    layout = h5py.VirtualLayout(shape, kind)
    for name, (rows, part) in parts.items():
        with h5py.File(path.parent / name, "w") as file:
            file["t"] = part
        layout[rows] = h5py.VirtualSource(name, "t", part.shape)
    with h5py.File(path, "a") as file:
        file.create_virtual_dataset("tensor", layout)
    return [path.parent / name for name in parts]


def test_virtual_data(path):
    parts = {"p.h5": (slice(6), U[:6]), "q.h5": (slice(6, 12), U[6:])}
    *_, last = virtual(path, parts)
    assert np.array_equal(open_source(path).read("tensor"), U)
    assert np.array_equal(open_source(path).read("tensor", [7, 0], stride=2), U[[7, 0], :, ::2])
    content = last.read_bytes()
    last.write_bytes(content[:-500])
    with pytest.raises(LayoutError, match=r"part t of q.h5 cannot be read|not wholly"):
        open_source(path).read("tensor")
    last.unlink()
    refused(path, "virtual", "q.h5")


def test_virtual_data_of_the_same_file(path):
    with h5py.File(path, "a") as file:
        file["raw"] = U
        layout = h5py.VirtualLayout(U.shape, "f4")
        layout[...] = h5py.VirtualSource(file["raw"])
        file.create_virtual_dataset("tensor", layout)
    assert np.array_equal(open_source(path).read("tensor"), U)


def test_virtual_data_with_a_gap(path):
    virtual(path, {"p.h5": (slice(1, 12), U[1:])})
    refused(path, "tensor is a virtual data set with parts that nothing fills")


def test_virtual_data_of_packed_parts(path):
    (part,) = virtual(path, {"p.h5": (slice(None), (4 * U).astype("i2"))}, kind="i2")
    with h5py.File(part, "a") as file:
        file["t"].attrs["scale_factor"] = 0.25
    refused(path, "p.h5", "attributes of its own")
    with h5py.File(path, "a") as file:
        file["tensor"].attrs["scale_factor"] = 0.25
    assert np.array_equal(open_source(path).read("tensor"), U)


def test_external_data(path):
    with h5py.File(path, "a") as file:
        data = file.create_dataset("tensor", U.shape, "f4", external=[("raw.bin", 0, U.nbytes)])
        data[...] = U
    assert np.array_equal(open_source(path).read("tensor"), U)
    raw = path.with_name("raw.bin")
    os.truncate(raw, U.nbytes - 4)
    refused(path, "external files that are too short")
    raw.unlink()
    refused(path, "external file raw.bin, which is not there")


def test_links(path):
    with h5py.File(path.with_name("b.h5"), "w") as file:
        file["t"] = U
    with h5py.File(path, "a") as file:
        file["tensor"] = h5py.ExternalLink("b.h5", "t")
        file["gone"] = h5py.SoftLink("/nowhere")
    source = open_source(path)
    assert np.array_equal(source.read("tensor"), U)
    assert "gone is left out: it is a link to something that is not there" in source.notes
    source.close()
    path.with_name("b.h5").unlink()
    refused(path, "tensor is a link to something that is not there")


def test_a_filter_that_is_not_installed(path):
    """The framing of LZ4, each block stored as it is."""
    with h5py.File(path, "a") as file:
        create = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        create.set_chunk((1, 5, 8))
        create.set_filter(32004, h5py.h5z.FLAG_OPTIONAL, (0,))
        space = h5py.h5s.create_simple(U.shape)
        data = h5py.Dataset(
            h5py.h5d.create(file.id, b"tensor", h5py.h5t.IEEE_F32LE, space, create)
        )
        for i, sample in enumerate(U):
            raw = sample.tobytes()
            head = struct.pack(">QII", len(raw), len(raw), len(raw))
            data.id.write_direct_chunk((i, 0, 0), head + raw)
        file["t2"] = U
    source = open_source(path)  # the other field is sound
    assert np.array_equal(source.read("t2"), U)
    if h5py.h5z.filter_avail(32004):
        assert np.array_equal(source.read("tensor"), U)
    else:
        refused(path, "LZ4 (32004)", "hdf5plugin")


@pytest.mark.parametrize("mode", ["r", "a"])
def test_a_file_that_this_process_holds_open(path, mode):
    with h5py.File(path, "a") as file:
        file["tensor"] = U
    with h5py.File(path, mode):
        source = open_source(path)
        assert np.array_equal(source.read("tensor"), U)
    with h5py.File(path) as file:  # and beside an open source
        assert np.array_equal(file["tensor"], U)
    source.close()


WRITER = """
import os, sys, h5py, numpy as np
path, mode = sys.argv[1:]
file = h5py.File(path, "w", libver="latest" if mode != "plain" else None)
file["x-coordinate"] = (np.arange(8) + 0.5) / 8
file.create_dataset("tensor", data=np.ones((12, 5, 8), "f4"), chunks=(1, 5, 8))
if mode == "swmr":
    file.swmr_mode = True
file.flush()
if mode == "plain":
    print("written", flush=True)
    sys.stdin.read()
os._exit(0)
"""


def test_a_writer_that_was_stopped(tmp_path):
    path = tmp_path / "a.h5"
    subprocess.run([sys.executable, "-c", WRITER, path, "swmr"], check=True)
    assert (open_source(path).read("tensor") == 1).all()
    content = path.read_bytes()
    path = tmp_path / "cut.h5"
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(LayoutError, match="truncated"):  # at once: HDF5 would wait for the rest
        open_source(path)
    path = tmp_path / "b.h5"
    subprocess.run([sys.executable, "-c", WRITER, path, "latest"], check=True)
    refused(path, "marked as open for writing", "h5clear")


def test_another_process_that_writes(tmp_path):
    path = tmp_path / "a.h5"
    command = [sys.executable, "-c", WRITER, path, "plain"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        writer.stdout.readline()
        refused(path, "is open for writing in another process")
        writer.stdin.close()


@pytest.mark.parametrize(
    ("number", "word"), [(errno.EMFILE, "too many files are open"), (errno.EIO, "put/output")]
)
def test_what_the_system_refused_is_not_called_damaged(path, number, word):
    for error in (
        OSError(number, os.strerror(number)),
        OSError(f"Unable to open file (unable to open file: errno = {number}, flags = 0)"),
    ):
        with pytest.raises(LayoutError, match="could not be read") as caught, foreign(path):
            raise error
        assert word in str(caught.value)
        assert "damaged" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "nothing in it"),
        (b"CDF\x01\0\0\0\0", "netCDF 3"),
        (b"version https://git-lfs.github.com/spec/v1", "git lfs pull"),
        (b"\x1f\x8b\x08\0", "gzip"),
        (b"<!DOCTYPE html>", "web page"),
    ],
)
def test_other_files_are_named(tmp_path, content, word):
    (tmp_path / "a.h5").write_bytes(content)
    refused(tmp_path / "a.h5", word)
