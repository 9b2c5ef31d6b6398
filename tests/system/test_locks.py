"""Locks between processes: who waits, who is refused, what is left, and when there are none."""

import errno
import os
import subprocess
import sys
import threading

import pytest

from sgn_sciml.system import locks
from sgn_sciml.system.locks import held, is_held


@pytest.fixture
def path(tmp_path):
    return tmp_path / "lock"


def test_a_second_holder_is_refused_while_the_first_one_holds(path):
    assert is_held(path) is False
    with held(path, "busy"):
        assert is_held(path) is True
        with pytest.raises(OSError, match=r"^somebody has it$"), held(path, "somebody has it"):
            pass
        assert is_held(path) is True, "who is refused takes nothing away"
    assert path.exists()
    assert is_held(path) is False
    with held(path, "busy"):
        pass


def test_a_lock_ends_with_an_error_in_the_block(path):
    with pytest.raises(ArithmeticError), held(path, "busy"):
        raise ArithmeticError
    assert is_held(path) is False


def test_what_is_in_the_file_stays(path):
    path.write_text("not ours")
    with held(path, "busy"):
        assert path.read_text() == "not ours"


def test_who_is_patient_gets_it_when_the_first_one_is_done(path, monkeypatch):
    first = held(path, "busy")
    first.__enter__()
    asked = []

    def pause(seconds):
        asked.append(seconds)
        first.__exit__(None, None, None)

    monkeypatch.setattr(locks.time, "sleep", pause)
    with held(path, "busy", patience=60):
        assert is_held(path) is True
    assert asked == [locks.PAUSE]


def test_a_lock_ends_with_its_process(path):
    code = (
        "import sys; from sgn_sciml.system.locks import held\n"
        "with held(sys.argv[1], 'busy'): print(flush=True); sys.stdin.read()"
    )
    words = [sys.executable, "-c", code, str(path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(words, **pipes) as process:
        process.stdout.readline()
        assert is_held(path) is True
        process.kill()
        process.wait()
        assert is_held(path) is False


@pytest.mark.parametrize("windows", [False, True])
def test_a_lock_leaves_nothing_if_asked_to(path, windows, monkeypatch):
    monkeypatch.setattr(locks, "WINDOWS", windows)
    with held(path, "busy", remove=True):
        assert path.exists()
    assert not path.exists()


def test_a_file_that_its_last_holder_removed_is_no_lock(path, monkeypatch):
    """Two processes must not hold two files of one name."""
    lock, opened = locks.lock_descriptor, []

    def late(descriptor, *, blocking):
        if not opened:
            path.unlink()
        opened.append(os.fstat(descriptor).st_nlink)
        return lock(descriptor, blocking=blocking)

    monkeypatch.setattr(locks, "lock_descriptor", late)
    with held(path, "busy"):
        assert opened == [0, 1]
        assert is_held(path) is True


def test_many_holders_take_turns(path):
    inside, most, count = [], [], 5

    def take():
        for _ in range(20):
            with held(path, "busy", patience=60, remove=True):
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=take) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 20 * count


def test_where_there_are_no_locks_nothing_is_excluded_and_nothing_known(path, monkeypatch):
    def refuse(descriptor, **options):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(locks, "lock_descriptor", refuse)
    monkeypatch.setattr(locks, "unlock_descriptor", refuse)
    with held(path, "busy"), held(path, "busy"):
        assert is_held(path) is None


def test_a_lock_in_a_folder_that_is_missing_says_so(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"), held(tmp_path / "nowhere" / "a", ""):
        pass


def test_a_lock_that_may_only_be_read_is_looked_at(path, monkeypatch):
    open_file = os.open

    def no_writing(name, flags, *rest):
        if flags & os.O_RDWR:
            raise PermissionError(errno.EACCES, "Permission denied", str(name))
        return open_file(name, flags, *rest)

    with held(path, "busy"):
        monkeypatch.setattr(os, "open", no_writing)
        assert is_held(path) is True
    assert is_held(path) is False
