"""What is special about zarr: chunks, formats, names of dimensions, marks of missing cells."""

import os
import pickle
import shutil

import numpy as np
import pytest
import zarr

from sgn_sciml.layouts import Schema, open_source

from ..files import values, zarr_group

U = values(7, 5, 8)
NAMES = {"u": ("time", "member", "lon")}


def stored(folder, version=3, **arrays):
    return zarr_group(folder / "z.zarr", NAMES, version, u=U.swapaxes(0, 1), **arrays)


@pytest.mark.parametrize("version", [2, 3])
def test_names_of_dimensions_tell_the_axes(tmp_path, version):
    source = open_source(stored(tmp_path, version, time=np.linspace(0, 1, 5)))
    assert source.fields["u"].axes == ("sample", "time", "x")
    assert source.fields["u"].chunks == (7, 2, 8)
    assert np.array_equal(source.read("u"), U)
    assert source.parameters == {"law": "waves"}
    assert not source.assumed


def test_chunks_are_decoded_once_for_samples_read_in_turn(tmp_path, monkeypatch):
    source = open_source(zarr_group(tmp_path / "z.zarr", u=U, t=np.arange(5.0), chunks=3))
    read, whole = [], zarr.Array.__getitem__

    def counted(array, box):
        read.append(box)
        return whole(array, box)

    monkeypatch.setattr(zarr.Array, "__getitem__", counted)
    for sample in range(7):
        assert np.array_equal(source.read("u", [sample]), U[[sample]])
    assert len(read) == 3
    monkeypatch.setattr("sgn_sciml.layouts.arrays.zarr_store.KEPT", 1)
    assert np.array_equal(source.read("u", [6, 1], slice(0, None, 2), 3), U[[6, 1], ::2, ::3])


def test_chunks_that_are_not_stored_are_told(tmp_path):
    path = zarr_group(tmp_path / "z.zarr", u=U, t=np.arange(5.0))
    (path / "u/c/1/0/0").unlink()
    source = open_source(path)
    assert "u: 1 of 4 chunks are not stored, so they hold 0.0" in source.notes
    assert not source.read("u", [2, 3]).any()


def test_a_damaged_chunk_and_damaged_names_are_one_line(tmp_path):
    path = zarr_group(tmp_path / "z.zarr", u=U, t=np.arange(5.0))
    chunk = path / "u/c/0/0/0"
    chunk.write_bytes(chunk.read_bytes()[:9])
    with pytest.raises(ValueError, match="is damaged or incomplete"):
        open_source(path).read("u")
    (path / "zarr.json").write_text("{")
    with pytest.raises(ValueError, match="is damaged or incomplete"):
        open_source(path)


def test_packed_numbers_and_missing_cells_count_as_in_netcdf(tmp_path):
    for version, mark in ((2, {}), (3, {"_FillValue": -9})):
        path = tmp_path / f"{version}.zarr"
        packed = zarr.create_group(path, zarr_format=version).create_array(
            "u", data=np.arange(42, dtype="i2").reshape(6, 7), fill_value=-9
        )
        packed.attrs.update(scale_factor=0.5, add_offset=1.0, **mark)
        source = open_source(path)
        assert np.array_equal(source.read("u"), np.arange(42).reshape(6, 7) / 2 + 1)
        packed[4, 2] = -9
        with pytest.raises(ValueError, match=r"missing values \(.*-9\).* in sample 4"):
            open_source(path).read("u")


def test_one_array_groups_and_a_schema(tmp_path):
    zarr.save_array(tmp_path / "u.zarr", U, attributes={"scale_factor": 2.0})
    source = open_source(tmp_path / "u.zarr", Schema({"u": "sample time x"}))
    assert np.array_equal(source.read("u", [3]), 2 * U[3:4])
    assert not source.parameters
    with pytest.raises(ValueError, match=r"JSON: of zarr .* name the folder"):
        open_source(tmp_path / "u.zarr" / "zarr.json")
    zarr.create_group(tmp_path / "g.zarr").create_group("run").create_array("u", data=U)
    schema = Schema({"u": "sample time x"}, fields={"u": "run/u"})
    assert np.array_equal(open_source(tmp_path / "g.zarr", schema).read("u"), U)
    with pytest.raises(ValueError, match=r"g.zarr has no array 'v'; it has run/u"):
        open_source(tmp_path / "g.zarr", Schema(fields={"u": "v"}))


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("name", ["z.zarr", "z.zip"])
def test_a_process_that_was_forked_reads_for_itself(tmp_path, name):
    source = open_source(zarr_group(tmp_path / name, u=U, t=np.arange(5.0)))
    source.read("u", [0])
    child = os.fork()
    if child == 0:
        try:
            os._exit(int(not np.array_equal(source.read("u"), U)))
        finally:
            os._exit(2)
    assert np.array_equal(source.read("u"), U)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_what_is_gone_is_told(tmp_path):
    path = zarr_group(tmp_path / "z.zarr", u=U, t=np.arange(5.0))
    source = pickle.loads(pickle.dumps(open_source(path)))
    shutil.rmtree(path)
    with pytest.raises(FileNotFoundError, match=r"no data .*z\.zarr"):
        source.read("u")
