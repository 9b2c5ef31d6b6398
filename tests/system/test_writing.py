"""Files that are whole or absent."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sgn_sciml.system.writing import whole_file, write_whole


@pytest.mark.parametrize(
    ("content", "expected"),
    [("über\n", b"\xc3\xbcber\n"), (b"\x00\r\n", b"\x00\r\n"), (memoryview(b"abc"), b"abc")],
    ids=["text", "bytes", "memory"],
)
def test_content_is_written_as_it_is(tmp_path, content, expected):
    path = write_whole(tmp_path / "new" / "a.txt", content)
    assert path == tmp_path / "new" / "a.txt"
    assert path.read_bytes() == expected
    assert os.listdir(path.parent) == ["a.txt"]


def test_a_path_may_be_a_string(tmp_path):
    assert write_whole(str(tmp_path / "a"), "b") == tmp_path / "a"


def test_an_earlier_file_is_replaced_when_the_block_ends(tmp_path):
    path = write_whole(tmp_path / "a.csv.gz", "old")
    with whole_file(path) as partial:
        assert (partial.parent, partial.suffix) == (path.parent, ".gz")
        assert partial.name.startswith(".")
        assert not partial.exists()
        partial.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert os.listdir(tmp_path) == ["a.csv.gz"]


def write_half(path):
    with whole_file(path) as partial:
        partial.write_text("half")
        raise ArithmeticError


def test_an_error_leaves_what_was_there(tmp_path):
    path = write_whole(tmp_path / "a", "old")
    with pytest.raises(ArithmeticError):
        write_half(path)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a"]


def test_a_kill_leaves_what_was_there(tmp_path):
    path = write_whole(tmp_path / "a", "old")
    code = (
        "import os, sys; from sgn_sciml.system.writing import whole_file\n"
        "with whole_file(sys.argv[1]) as partial: partial.write_text('half'); os._exit(3)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert done.returncode == 3
    assert path.read_text() == "old"
    assert write_whole(path, "new").read_text() == "new"


def test_a_full_disk_names_the_file(tmp_path, monkeypatch):
    def full(path, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    path = write_whole(tmp_path / "a", "old")
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match=r"No space left on device: '.*/a'$") as stop:
        write_whole(path, "new")
    assert (stop.value.errno, stop.value.filename) == (errno.ENOSPC, str(path))
    assert path.read_text() == "old"


def test_a_folder_in_the_way_is_named(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(IsADirectoryError) as stop:
        write_whole(tmp_path / "a", "b")
    assert stop.value.filename == str(tmp_path / "a")
    assert os.listdir(tmp_path) == ["a"]


def test_a_file_where_the_folder_should_be_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"file'$"):
        write_whole(tmp_path / "file" / "a", "b")


def test_errors_of_other_files_are_theirs(tmp_path):
    with pytest.raises(FileNotFoundError) as stop, whole_file(tmp_path / "a"):
        (tmp_path / "source").read_text()
    assert stop.value.filename == str(tmp_path / "source")
    with pytest.raises(OSError, match=r"^in words$"), whole_file(tmp_path / "a"):
        raise OSError("in words")
    assert os.listdir(tmp_path) == []
