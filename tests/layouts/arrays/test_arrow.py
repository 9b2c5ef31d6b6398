"""What is special about Arrow tables: lists, bytes, rows that differ, files that are missing."""

import json

import numpy as np
import pyarrow
import pytest

from sgn_sciml.layouts import Schema, open_source

from ..files import arrow, values

U = values(7, 5, 8)


def table(folder, **columns):
    """A folder of one file, of any columns."""
    folder.mkdir()
    made = pyarrow.table(columns)
    with pyarrow.ipc.new_file(str(folder / "a.arrow"), made.schema) as writer:
        writer.write_table(made)
    (folder / "state.json").write_text('{"_data_files": [{"filename": "a.arrow"}]}')
    return folder


def test_columns_are_fields_and_constants_of_samples(tmp_path):
    nu = np.linspace(0, 1, 7)
    path = arrow(tmp_path / "d", 3, u=U, nu=nu, t=np.tile(np.arange(5.0), (7, 1)))
    source = open_source(path)
    assert source.fields["u"].axes == ("sample", "time", "x")
    assert np.array_equal(source.coordinates["t"], np.arange(5))
    assert np.array_equal(source.sample_parameter("nu"), nu)
    assert np.array_equal(source.read("u", [6, 0, 3], slice(1, 4, 2), 3), U[[6, 0, 3], 1:4:2, ::3])


def test_texts_are_left_out_and_lists_of_many_lengths_refused(tmp_path):
    rows = [[1.0, 2, 3, 4], [5.0, 6, 7, 8], [9.0]]
    path = table(tmp_path / "d", u=rows, name=["a", "b", "c"], gap=[1.0, None, 2.0])
    source = open_source(path)
    assert source.left_out == {"name": "holds string, not numbers"}
    with pytest.raises(ValueError, match="gap is NaN or infinite in sample 1"):
        source.sample_parameter("gap")
    assert np.array_equal(source.read("u", [1]), rows[1:2])
    with pytest.raises(ValueError, match="u holds lists of different lengths"):
        source.read("u")


def test_fields_as_bytes_have_the_frames_that_all_have(tmp_path):
    u = [values(frames, 4, 6) for frames in (5, 3, 4)]
    n = [values(frames, 4, 6, 2) for frames in (5, 3, 4)]
    sides = dict(
        zip(("shape_t", "shape_h", "shape_w"), ([5, 3, 4], [4] * 3, [6] * 3), strict=True)
    )
    rows = {"u": [each.tobytes() for each in u], "numerical": [each.tobytes() for each in n]}
    path = table(tmp_path / "d", **rows, **sides, numerical_channels=[2, 2, 2], sim_id=["a"] * 3)
    source = open_source(path)
    assert source.fields["numerical"].axes == ("sample", "time", "x", "y", "component")
    assert source.left_out == {"sim_id": "holds string, not numbers"}
    assert "trajectories of 3 to 5 frames: the first 3 count" in source.notes
    assert np.array_equal(source.read("u"), [each[:3] for each in u])
    assert np.array_equal(source.read("numerical", [2], slice(1, 2)), n[2][None, 1:2])
    rows["u"][1] = rows["u"][1][4:]
    broken = table(tmp_path / "e", **rows, **sides, numerical_channels=[2, 2, 2])
    with pytest.raises(ValueError, match=r"u of row 1 does not hold \(3, 4, 6\)"):
        open_source(broken).read("u")


def test_folders_that_are_no_table_say_what_to_do(tmp_path):
    (tmp_path / "both").mkdir()
    path = arrow(tmp_path / "both" / "train", u=U)
    with pytest.raises(ValueError, match="both holds the data sets train: name one, "):
        open_source(tmp_path / "both")
    state = json.loads((path / "state.json").read_text())
    (path / "state.json").write_text(json.dumps(state | {"_indices_data_files": [1]}))
    with pytest.raises(ValueError, match="flatten_indices"):
        open_source(path)
    (path / "state.json").write_text(json.dumps(state))
    (path / "data-00000-of-00001.arrow").unlink()
    with pytest.raises(ValueError, match=r"lacks its file data-00000-of-00001\.arrow"):
        open_source(path, Schema({"u": "sample time x"}))
