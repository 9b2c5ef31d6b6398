"""Archives are unpacked whole, and never outside their folder."""

import io
import tarfile
import zipfile

import pytest

from sgn_sciml.benchmark_data.unpack import is_archive, unpack


def tgz(path, *members, content=b"values"):
    with tarfile.open(path, "w:gz") as archive:
        for member in members:
            about = tarfile.TarInfo(member) if isinstance(member, str) else member
            about.size = len(content) if about.isfile() else 0
            archive.addfile(about, io.BytesIO(content))
    return path


def link(name, to, kind=tarfile.SYMTYPE):
    about = tarfile.TarInfo(name)
    about.type, about.linkname = kind, to
    return about


def zipped(path, *members):
    with zipfile.ZipFile(path, "w") as archive:
        for member in members:
            archive.writestr(member, b"values")
    return path


@pytest.mark.parametrize(("make", "name"), [(tgz, "darcy_16.tgz"), (zipped, "darcy_16.zip"),
                                            (tgz, "darcy_16.tar.gz")])  # fmt: skip
def test_files_lie_in_a_folder_of_the_archives_name(make, name, tmp_path):
    path = make(tmp_path / name, "train.pt", "inner/test.pt")
    lines = []
    folder = unpack(path, lines.append)
    assert folder == tmp_path / "darcy_16"
    assert (folder / "inner/test.pt").read_bytes() == b"values"
    assert lines == [f"unpacked 2 files into {folder}: inner/test.pt, train.pt"]
    (folder / "train.pt").unlink()
    assert unpack(path, lines.append) == folder
    assert "already there" in lines[1]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["darcy_16", name]


BAD = {
    "up": (tgz, "a.tgz", "../out"),
    "absolute": (tgz, "a.tgz", "/tmp/data-out-of-the-folder"),
    "inner up": (tgz, "a.tgz", "a/../../out"),
    "symbolic link": (tgz, "a.tgz", link("out", "..")),
    "hard link": (tgz, "a.tgz", link("out", "/etc/passwd", tarfile.LNKTYPE)),
    "device": (tgz, "a.tgz", link("out", "", tarfile.CHRTYPE)),
    "zip up": (zipped, "a.zip", "../out"),
    "zip of windows": (zipped, "a.zip", "C:\\out"),
}


@pytest.mark.parametrize("case", BAD)
def test_nothing_is_written_outside(case, tmp_path):
    make, name, member = BAD[case]
    (tmp_path / "in").mkdir()
    path = make(tmp_path / "in" / name, "good.pt", member)
    with pytest.raises(ValueError, match=r"is not unpacked: its member .* is (outside|a link or)"):
        unpack(path)
    assert [each.name for each in tmp_path.rglob("*")] == ["in", name]


def test_links_in_zip_archives_are_refused(tmp_path):
    about = zipfile.ZipInfo("out")
    about.external_attr = 0o120777 << 16
    with pytest.raises(ValueError, match="is a link or a device"):
        unpack(zipped(tmp_path / "a.zip", about))


@pytest.mark.parametrize("make", [tgz, zipped])
def test_a_cut_archive_leaves_nothing(make, tmp_path):
    path = make(tmp_path / f"a.{'tgz' if make is tgz else 'zip'}", *(f"{k}.pt" for k in range(40)))
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(ValueError, match=r"is damaged .*get it again with --force"):
        unpack(path)
    assert list(tmp_path.iterdir()) == [path]


def test_files_of_torch_and_numpy_are_no_archives(tmp_path):
    assert not is_archive(tmp_path / "a.pt")
    assert not is_archive(tmp_path / "a.npz")
    assert is_archive(tmp_path / "A.ZIP")
