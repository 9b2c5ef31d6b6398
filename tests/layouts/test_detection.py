import pickle
import sys
import zipfile

import h5py
import pytest

from sgn_sciml.layouts import open_source

from .files import mat73, one_of_each, values


def test_names_of_files_do_not_matter(tmp_path):
    for layout, (path, *_) in one_of_each(tmp_path).items():
        renamed = path.rename(tmp_path / f"data of {layout}")
        known = open_source(renamed).layout
        assert layout.startswith(known)


def test_unknown_hdf5_lists_what_it_has(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["temperature"] = [1.0]
        file.create_group("run")
    with pytest.raises(ValueError, match=r"top-level keys run, temperature.*known are .*the-well"):
        open_source(tmp_path / "a.h5")


def test_empty_files(tmp_path):
    h5py.File(tmp_path / "a.h5", "w").close()
    with pytest.raises(ValueError, match=r"top-level keys \(none\)"):
        open_source(tmp_path / "a.h5")
    (tmp_path / "b").write_bytes(b"")
    with pytest.raises(ValueError, match="nothing in it"):
        open_source(tmp_path / "b")


def test_other_formats(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    with pytest.raises(ValueError, match="first bytes b'x,y"):
        open_source(tmp_path / "a.csv")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("u.txt", "1 2 3")
    with pytest.raises(ValueError, match=r"entries u\.txt"):
        open_source(tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "b.zip", "w"):
        pass
    with pytest.raises(ValueError, match=r"entries \(none\)"):
        open_source(tmp_path / "b.zip")
    (tmp_path / "c.pkl").write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(ValueError, match=r"no dictionary|damaged, or holds more"):
        open_source(tmp_path / "c.pkl")


@pytest.mark.parametrize("layout", ["zarr", "safetensors", "arrow"])
def test_a_library_that_is_missing_is_named(layout, tmp_path, monkeypatch):
    path = one_of_each(tmp_path)[layout][0]
    name = {"arrow": "pyarrow"}.get(layout, layout)
    monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setattr("sgn_sciml.system.extras.extras_with", lambda module: ["formats"])
    with pytest.raises(ModuleNotFoundError, match=rf"needs {name}: pip install .*\[formats\]"):
        open_source(path)


def test_folders_say_what_they_hold(tmp_path):
    with pytest.raises(ValueError, match="is a folder, not a data file; it is empty"):
        open_source(tmp_path)
    for k in range(2):
        (tmp_path / f"u{k}.npy").touch()
    hint = r"it holds u0\.npy, u1\.npy: name one of them, or all by a pattern, '.*\*\.npy'"
    with pytest.raises(ValueError, match=hint):
        open_source(tmp_path)


def test_cut_off_hdf5(tmp_path):
    path = mat73(tmp_path / "a.mat", u=values(4, 64, 64))
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(ValueError, match="damaged or incomplete"):
        open_source(path)


def test_names_with_line_breaks_stay_on_one_line(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["a\nb"] = [1.0]
    with pytest.raises(ValueError, match=r"keys a\?b"):
        open_source(tmp_path / "a.h5")
