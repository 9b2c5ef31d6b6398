"""Downloads from a server that misbehaves: the file is whole and right, or it is not there."""

import argparse
import errno
import hashlib
import json
import os
import random
import shutil
import signal
import ssl
import subprocess
import sys
from collections import namedtuple
from dataclasses import replace
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request

import pytest

from sgn_sciml.benchmark_data import catalog, web
from sgn_sciml.benchmark_data import fetch as module
from sgn_sciml.benchmark_data.catalog import CATALOG, Remote, find_remote, list_remotes
from sgn_sciml.benchmark_data.fetch import add_fetch_parser, fetch
from sgn_sciml.benchmark_data.partial_file import partial_file
from tests.benchmark_data.server import Reply, Server

CONTENT = random.Random(0).randbytes(300_000)
OTHER = random.Random(1).randbytes(290_000)
SIZE = len(CONTENT)
K = 100_000


def md5(data):
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch):
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def server(tmp_path):
    """A server; whatever it does, the final name never holds a half file."""
    server, target = Server(CONTENT), tmp_path / "data" / "file.bin"
    kept, before = [], [None]

    def content():
        return target.read_bytes() if target.exists() else None

    server.remember = lambda: before.append(content())
    server.during = lambda: kept.append(content() == before[-1])
    yield server
    server.close()
    assert all(kept)


@pytest.fixture
def remote(server):
    return Remote("file", "file.bin", server.url, md5=md5(CONTENT), about="noise", licence="none")


@pytest.fixture
def get(server, tmp_path):
    """Fetch into ``tmp_path/data``; returns the lines of the report."""

    def get(remote, **options):
        server.remember()
        get.lines = []
        defaults = {"report": get.lines.append, "timeout": 5, "pause": 0.001, "patience": 3}
        path = fetch(remote, tmp_path / "data", **(defaults | options))
        assert path == tmp_path / "data" / "file.bin"
        return "\n".join(get.lines)

    return get


@pytest.fixture
def part(tmp_path, server):
    """Leave a part of a download; returns its path."""

    def part(data, **notes):
        path = tmp_path / "data" / ".file.bin.part"
        path.parent.mkdir()
        path.write_bytes(data)
        known = {"url": server.url, "validator": '"one"', "total": SIZE} | notes
        path.with_name(".file.bin.part.json").write_text(json.dumps(known))
        return path

    return part


def files(folder):
    return {p.name: p.read_bytes() for p in (folder / "data").iterdir()}


def ranges(server):
    return [wanted for _, wanted, _ in server.gets]


# -- when all is well ------------------------------------------------------------------------


def test_a_file_arrives_whole_and_alone(get, remote, server, tmp_path):
    said = get(remote)
    assert files(tmp_path) == {"file.bin": CONTENT}
    assert ranges(server) == [None]
    assert said.startswith(f"file.bin: 300 kB ({SIZE} bytes); ")
    assert f"free in {tmp_path / 'data'}\n  noise\n  from {server.url}\n  licence: none" in said
    assert said.endswith("(300 kB, md5 verified)")


def test_size_comes_from_the_get_where_head_is_refused(get, remote, server):
    server.head = False
    assert get(remote).startswith(f"file.bin: 300 kB ({SIZE} bytes)")
    assert len(server.heads) == len(server.gets) == 1


def test_sha256_wins_over_md5(get, remote, tmp_path):
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    assert "sha256 verified" in get(replace(remote, sha256=sha256.upper(), md5="0" * 32))
    assert files(tmp_path) == {"file.bin": CONTENT}


def test_without_a_checksum_it_says_so_and_prints_the_hash(get, remote, tmp_path):
    said = get(replace(remote, md5=None))
    assert "NOT VERIFIED" in said
    assert hashlib.sha256(CONTENT).hexdigest() in said
    assert files(tmp_path) == {"file.bin": CONTENT}


def test_an_empty_file_arrives(get, remote, server, tmp_path):
    server.content = b""
    get(replace(remote, md5=md5(b"")))
    assert files(tmp_path) == {"file.bin": b""}


def test_a_file_of_unannounced_length_arrives_by_its_checksum(get, remote, server, tmp_path):
    server.head, server.plan = False, [Reply(headers={"Content-Length": None})]
    assert "of unknown size" in get(remote, assume_yes=True)
    assert files(tmp_path) == {"file.bin": CONTENT}


def test_without_length_and_checksum_nothing_is_taken(get, remote, server, tmp_path):
    server.head, server.plan = False, [Reply(headers={"Content-Length": None})]
    with pytest.raises(OSError, match="without size and checksum a cut file looks whole"):
        get(replace(remote, md5=None), assume_yes=True)
    assert files(tmp_path) == {}


# -- when the file is there ------------------------------------------------------------------


def test_a_file_that_is_there_needs_no_network(get, remote, server, tmp_path):
    get(remote)
    server.gets.clear()
    server.heads.clear()
    assert "already there, md5 verified" in get(remote)
    assert "already there, md5 verified" in get(remote, force=True)
    assert server.gets == server.heads == []


def test_another_file_of_that_name_is_not_touched(get, remote, server, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "file.bin").write_bytes(OTHER)
    with pytest.raises(ValueError, match=f"is another file: md5 {md5(OTHER)}, expected .*--force"):
        get(remote)
    assert files(tmp_path) == {"file.bin": OTHER}
    assert server.gets == server.heads == []


def test_force_replaces_another_file(get, remote, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "file.bin").write_bytes(OTHER)
    get(remote, force=True)
    assert files(tmp_path) == {"file.bin": CONTENT}


def test_a_file_that_cannot_be_verified_is_fetched_again_by_force_only(get, remote, server):
    unknown = replace(remote, md5=None)
    get(unknown)
    assert "already there; no checksum is known" in get(unknown)
    assert len(server.gets) == 1
    get(unknown, force=True)
    assert len(server.gets) == 2


# -- connections that break ------------------------------------------------------------------


def test_broken_connections_resume(get, remote, server, tmp_path):
    server.plan = [Reply(stop=K), Reply(stop=50_000), Reply(stop=1)]
    said = get(remote)
    assert files(tmp_path) == {"file.bin": CONTENT}
    assert ranges(server) == [None, "bytes=100000-", "bytes=150000-", "bytes=150001-"]
    server.wait_for(lambda: server.served == SIZE)  # its threads count after they have sent
    assert f"ended after {K} of {SIZE} bytes; trying again" in said


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, '"one"'),
        ({"ETag": 'W/"one"'}, "Thu, 01 Jan 2026 00:00:00 GMT"),
        ({"ETag": None}, "Thu, 01 Jan 2026 00:00:00 GMT"),
        ({"ETag": None, "Last-Modified": None}, None),
    ],
    ids=["etag", "weak etag", "date", "nothing"],
)
def test_resuming_names_the_version(headers, expected, get, remote, server, tmp_path):
    server.plan = [Reply(stop=K, headers=headers), Reply(headers=headers)]
    get(remote)
    assert server.gets[1][1:] == ("bytes=100000-", expected)
    assert files(tmp_path) == {"file.bin": CONTENT}


def test_without_version_and_checksum_nothing_is_joined(get, remote, server, tmp_path):
    anonymous = {"ETag": None, "Last-Modified": None}
    server.plan = [Reply(stop=K, headers=anonymous), Reply(headers=anonymous)]
    get(replace(remote, md5=None))
    assert ranges(server) == [None, None]
    assert files(tmp_path) == {"file.bin": CONTENT}


def test_a_silent_server_is_left_and_asked_again(get, remote, server, tmp_path):
    server.plan = [Reply(stop=K, hang=True)]
    assert "the connection broke (timed out)" in get(remote, timeout=0.2)
    assert ranges(server) == [None, "bytes=100000-"]
    assert files(tmp_path) == {"file.bin": CONTENT}


def test_a_busy_server_is_asked_again(get, remote, server, tmp_path):
    server.plan = [Reply(status=503), Reply(status=429)]
    assert "answered 503 Service Unavailable; trying again in 0.001 s" in get(remote)
    assert files(tmp_path) == {"file.bin": CONTENT}


def test_patience_ends_and_the_same_command_resumes(get, remote, server, tmp_path):
    server.plan = [Reply(stop=K), *[Reply(status=503)] * 2]
    with pytest.raises(OSError, match=r"503.*, 3 attempts; 100 kB are kept in .*resumes$") as stop:
        get(remote)
    assert "\n" not in str(stop.value)
    assert files(tmp_path)[".file.bin.part"] == CONTENT[:K]
    assert "file.bin" not in files(tmp_path)
    assert "100 kB of it already here" in get(remote)
    assert ranges(server)[-1] == "bytes=100000-"
    assert files(tmp_path) == {"file.bin": CONTENT}


def test_no_server_is_one_line_and_leaves_nothing(get, remote, server, tmp_path):
    closed = Server(b"")
    closed.close()
    with pytest.raises(OSError, match=r"no connection \(.*refused\), 3 attempts; nothing was"):
        get(replace(remote, url=closed.url))
    assert files(tmp_path) == {}


def test_an_announced_length_that_never_comes_is_given_up(get, remote, server, tmp_path):
    server.head, server.ranges = False, False
    server.plan = [Reply(headers={"Content-Length": str(SIZE + 5)})] * 9
    with pytest.raises(OSError, match=f"ended after {SIZE} of {SIZE + 5} bytes, 3 attempts"):
        get(remote)
    assert files(tmp_path).keys() == {".file.bin.part", ".file.bin.part.json"}
    assert len(server.gets) == 3


def test_a_server_that_breaks_and_cannot_continue_is_given_up(get, remote, server, tmp_path):
    server.ranges, server.plan = False, [Reply(stop=k) for k in (K, 50_000, 60_000)] * 5
    with pytest.raises(OSError, match="ended after 60000 of 300000 bytes, 3 attempts"):
        get(remote)
    assert len(server.gets) == 3


# -- answers that do not fit -----------------------------------------------------------------


def test_a_server_without_ranges_starts_over(get, remote, server, tmp_path):
    server.ranges, server.plan = False, [Reply(stop=K)]
    assert "the server cannot continue; starting over" in get(remote)
    assert ranges(server) == [None, "bytes=100000-"]
    assert files(tmp_path) == {"file.bin": CONTENT}


def test_a_changed_file_starts_over(get, remote, server, part, tmp_path):
    part(CONTENT[:K])
    server.content, server.etag = OTHER, '"two"'
    assert "has changed; starting over" in get(replace(remote, md5=md5(OTHER)))
    assert server.gets == [("/file.bin", "bytes=100000-", '"one"')]
    assert files(tmp_path) == {"file.bin": OTHER}


@pytest.mark.parametrize("etag", ['"two"', '"one"'], ids=["etag", "size"])
def test_a_changed_file_starts_over_where_if_range_is_ignored(
    etag, get, remote, server, part, tmp_path
):
    part(CONTENT[:K])
    server.content, server.etag, server.if_range = OTHER, etag, False
    assert "does not fit the file on the server; starting over" in get(
        replace(remote, md5=md5(OTHER))
    )
    assert ranges(server) == ["bytes=100000-", None]
    assert files(tmp_path) == {"file.bin": OTHER}


@pytest.mark.parametrize("span", [f"bytes 5-{SIZE - 1}/{SIZE}", "bytes 100000-", "", None])
def test_another_range_than_asked_is_not_appended(span, get, remote, server, part, tmp_path):
    part(CONTENT[:K])
    server.plan = [Reply(headers={"Content-Range": span})]
    get(remote)
    assert ranges(server) == ["bytes=100000-", None]
    assert files(tmp_path) == {"file.bin": CONTENT}


def test_a_complete_part_is_verified_and_named(get, remote, server, part, tmp_path):
    part(CONTENT)
    get(remote)
    assert ranges(server) == [f"bytes={SIZE}-"]
    assert server.served == 0
    assert files(tmp_path) == {"file.bin": CONTENT}


def test_a_part_that_is_too_long_starts_over(get, remote, server, part, tmp_path):
    part(CONTENT + b"more")
    get(remote)
    assert ranges(server) == [f"bytes={SIZE + 4}-", None]
    assert files(tmp_path) == {"file.bin": CONTENT}


def test_a_part_without_notes_is_continued_by_its_checksum(get, remote, server, part, tmp_path):
    part(CONTENT[:K]).with_name(".file.bin.part.json").write_text('{"url":')
    get(remote)
    assert server.gets == [("/file.bin", "bytes=100000-", None)]
    assert files(tmp_path) == {"file.bin": CONTENT}


def test_a_part_from_another_address_is_forgotten(get, remote, server, part, tmp_path):
    part(OTHER[:K], url="http://127.0.0.1/elsewhere")
    get(remote)
    assert ranges(server) == [None]
    assert files(tmp_path) == {"file.bin": CONTENT}


def test_a_damaged_part_is_found_by_the_checksum(get, remote, part, tmp_path):
    part(OTHER[:K])
    with pytest.raises(ValueError, match="arrived damaged"):
        get(remote)
    assert files(tmp_path) == {}


def test_wrong_bytes_are_removed(get, remote, server, tmp_path):
    wrong = b"x" + CONTENT[1:]
    server.plan = [Reply(body=wrong)]
    with pytest.raises(ValueError, match=f"md5 {md5(wrong)}, expected {md5(CONTENT)}; it was rem"):
        get(remote)
    assert files(tmp_path) == {}
    assert len(server.gets) == 1


def test_a_length_announced_too_short_is_caught(get, remote, server, tmp_path):
    server.head, server.plan = False, [Reply(headers={"Content-Length": str(K)})]
    with pytest.raises(ValueError, match=md5(CONTENT[:K])):
        get(remote)
    assert files(tmp_path) == {}


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(status=404), "answered 404 Not Found"),
        (Reply(status=202), "answered 202 Accepted"),
        (Reply(headers={"Content-Encoding": "gzip"}), "encoding 'gzip'"),
        (Reply(headers={"Content-Type": "text/html; charset=utf-8"}), "a web page instead"),
    ],
    ids=["404", "202", "gzip", "html"],
)
def test_answers_that_are_not_the_file_are_not_retried(
    reply, expected, get, remote, server, tmp_path
):
    server.plan = [reply]
    with pytest.raises(OSError, match=expected) as stop:
        get(remote)
    assert "\n" not in str(stop.value)
    assert len(server.gets) == 1
    assert files(tmp_path) == {}


# -- addresses -------------------------------------------------------------------------------


def test_redirects_are_followed_with_the_range(get, remote, server, part, tmp_path):
    part(CONTENT[:K])
    server.plan = [Reply(status=303, headers={"Location": "/elsewhere?signed=1"})]
    get(remote)
    assert server.gets[-1] == ("/elsewhere?signed=1", "bytes=100000-", '"one"')
    assert files(tmp_path) == {"file.bin": CONTENT}


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/file.bin", "file:///etc/hostname"])
def test_redirects_leave_the_web_never(url, get, remote, server, tmp_path):
    server.plan = [Reply(status=302, headers={"Location": url})]
    with pytest.raises((ValueError, OSError), match=r"[Rr]edirect"):
        get(remote)
    assert files(tmp_path) == {}
    assert len(server.gets) == 1


def test_redirects_in_a_circle_are_one_line(get, remote, server):
    server.plan = [Reply(status=302, headers={"Location": server.url})] * 20
    with pytest.raises(OSError, match="infinite loop") as stop:
        get(remote)
    assert "\n" not in str(stop.value)


def test_redirects_leave_encryption_never(tmp_path):
    with (tmp_path / "body").open("wb") as body:
        arguments = (body, 302, "Found", {}, "http://b.org/f")
        with pytest.raises(ValueError, match=r"https://a\.org/f redirects to http://b\.org/f"):
            web.SafeRedirects().redirect_request(Request("https://a.org/f"), *arguments)


def test_addresses_that_are_not_of_the_web_are_refused(get, remote, tmp_path):
    with pytest.raises(ValueError, match="not a web address: file:///etc/hostname"):
        get(replace(remote, url="file:///etc/hostname"))
    assert files(tmp_path) == {}


def test_a_bad_certificate_is_not_retried(get, remote, monkeypatch):
    def opener(*handlers):
        raise URLError(ssl.SSLCertVerificationError("self-signed certificate"))

    monkeypatch.setattr(web, "build_opener", opener)
    with pytest.raises(OSError, match="self-signed certificate"):
        get(remote)
    assert not any("trying again" in line for line in get.lines)


def test_proxies_of_the_environment_are_used(get, remote, server, monkeypatch):
    monkeypatch.setenv("http_proxy", server.url.removesuffix("/file.bin"))
    get(replace(remote, url="http://data.example/file.bin"))
    assert [path for path, _, _ in server.gets] == ["http://data.example/file.bin"]


# -- disk, user, other processes -------------------------------------------------------------


def test_a_disk_that_is_too_small_refuses_before_the_first_byte(
    get, remote, server, monkeypatch, tmp_path
):
    usage = namedtuple("usage", "total used free")(10**6, 0, SIZE - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(OSError, match=r"is too small for file\.bin by 1 bytes; nothing was down"):
        get(remote)
    assert server.gets == []
    assert files(tmp_path) == {}


def test_a_disk_needs_room_for_the_rest_only(get, remote, part, monkeypatch, tmp_path):
    part(CONTENT[:K])
    usage = namedtuple("usage", "total used free")(10**6, 0, SIZE - K)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    get(remote)
    assert files(tmp_path) == {"file.bin": CONTENT}


def test_a_full_disk_keeps_the_part(get, remote, server, monkeypatch, tmp_path):
    write = os.write

    def disk(descriptor, data):
        size = os.fstat(descriptor).st_size
        if size == K:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, data[: K - size])

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", disk)
        with pytest.raises(OSError, match=r"No space left on device; 100 kB are kept in .*resume"):
            get(remote)
    assert files(tmp_path)[".file.bin.part"] == CONTENT[:K]
    get(remote)
    assert ranges(server) == [None, "bytes=100000-"]
    assert files(tmp_path) == {"file.bin": CONTENT}


def test_short_writes_are_completed(get, remote, monkeypatch, tmp_path):
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:5000]))
    assert "md5 verified" in get(remote)
    assert files(tmp_path) == {"file.bin": CONTENT}


def test_a_large_file_asks_once(get, remote, server, monkeypatch, tmp_path):
    monkeypatch.setattr(module, "LARGE", SIZE - 1)
    asked = []
    with pytest.raises(ValueError, match=r"file\.bin was not downloaded"):
        get(remote, confirm=lambda question: asked.append(question))
    assert files(tmp_path) == {}
    assert server.gets == []
    server.plan = [Reply(stop=K)]
    get(remote, confirm=lambda question: asked.append(question) or True)
    assert asked == ["Download it?"] * 2
    assert files(tmp_path) == {"file.bin": CONTENT}


def test_yes_answers_before_it_is_asked(get, remote, monkeypatch, tmp_path):
    monkeypatch.setattr(module, "LARGE", SIZE - 1)
    get(remote, assume_yes=True, confirm=None)
    assert files(tmp_path) == {"file.bin": CONTENT}


@pytest.mark.parametrize(("answer", "expected"), [("y", True), ("", False), (EOFError, False)])
def test_a_terminal_is_asked(answer, expected, monkeypatch):
    def reply(question):
        assert question == "Download it? [y/N] "
        if answer is EOFError:
            raise EOFError
        return answer

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", reply)
    assert module.ask("Download it?") is expected


def test_without_a_terminal_a_large_file_needs_yes(get, remote, server, monkeypatch):
    monkeypatch.setattr(module, "LARGE", SIZE - 1)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    with pytest.raises(ValueError, match="add --yes"):
        get(remote)
    assert server.gets == []


def test_a_second_fetcher_is_turned_away(get, remote, server, tmp_path):
    (tmp_path / "data").mkdir()
    with partial_file(tmp_path / "data" / "file.bin", remote.url, "md5"):
        with pytest.raises(OSError, match=r"another process is downloading .*file\.bin"):
            get(remote)
        assert server.gets == []
    assert files(tmp_path) == {}
    get(remote)
    assert files(tmp_path) == {"file.bin": CONTENT}


@pytest.fixture
def stuck(server, remote, tmp_path):
    """A process that has downloaded K bytes and waits for more."""
    code = (
        "import sys; from sgn_sciml.benchmark_data.fetch import fetch, Remote; "
        "fetch(Remote('file', 'file.bin', sys.argv[1], md5=sys.argv[2]), sys.argv[3])"
    )
    server.plan = [Reply(stop=K, hang=True)]
    words = [sys.executable, "-c", code, remote.url, remote.md5, str(tmp_path / "data")]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    path = tmp_path / "data" / ".file.bin.part"
    server.wait_for(lambda: path.exists() and path.stat().st_size == K)
    yield process
    process.kill()
    process.communicate()


def test_a_killed_download_resumes(stuck, get, remote, server, tmp_path):
    stuck.kill()
    stuck.communicate()
    assert files(tmp_path)[".file.bin.part"] == CONTENT[:K]
    assert "file.bin" not in files(tmp_path)
    get(remote)
    assert server.gets[1:] == [("/file.bin", "bytes=100000-", '"one"')]
    server.wait_for(lambda: server.served == SIZE)  # its threads count after they have sent
    assert files(tmp_path) == {"file.bin": CONTENT}


def test_an_interrupted_download_is_kept_and_says_so(stuck, server, tmp_path):
    stuck.send_signal(signal.SIGINT)
    out, _ = stuck.communicate(timeout=20)
    assert "100 kB are kept in" in out
    assert out.endswith("the same command resumes\n")
    assert files(tmp_path)[".file.bin.part"] == CONTENT[:K]
    assert "file.bin" not in files(tmp_path)


# -- catalogue and command -------------------------------------------------------------------


def test_the_catalogue_is_sound():
    assert len({remote.name for remote in CATALOG}) == len(CATALOG)
    assert len({remote.url for remote in CATALOG}) == len(CATALOG)
    for remote in CATALOG:
        assert remote.url.startswith("https://")
        assert Path(remote.file).name == remote.file
        assert remote.about
        assert "see " in remote.licence
        assert remote.md5 is None or len(bytes.fromhex(remote.md5)) == 16
    assert sum(remote.name.startswith("pdebench-") for remote in CATALOG) == 28


def test_a_name_is_found_and_a_wrong_one_gets_a_hint():
    assert find_remote("pdebench-burgers-0.001").file == "1D_Burgers_Sols_Nu0.001.hdf5"
    with pytest.raises(
        ValueError, match=r"'pdebench-burger-0\.01'; did you mean pdebench-burgers"
    ):
        find_remote("pdebench-burger-0.01")
    with pytest.raises(ValueError, match="`sgn data fetch` lists them"):
        find_remote("xyz")


def test_the_list_is_aligned():
    head, *lines = list_remotes().splitlines()
    assert len(lines) == len(CATALOG)
    assert all(line[head.index("FILE") - 1] == " " for line in lines)
    assert all(line[head.index("WHAT") - 2 : head.index("WHAT")] == "  " for line in lines)
    unknown = next(line for line in lines if line.startswith("neuralop-darcy-16 "))
    assert unknown.split()[2] == "?"


@pytest.fixture
def command():
    parser = argparse.ArgumentParser()
    add_fetch_parser(parser.add_subparsers())

    def command(*words):
        options = parser.parse_args(["fetch", *map(str, words)])
        options.run(options)

    return command


@pytest.mark.parametrize("words", [(), ("--list",)])
def test_the_command_lists(words, command, capsys):
    command(*words)
    assert capsys.readouterr().out == list_remotes() + "\n"


def test_the_command_fetches_into_data(command, remote, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(catalog, "CATALOG", (remote,))
    monkeypatch.chdir(tmp_path)
    command("file")
    assert files(tmp_path) == {"file.bin": CONTENT}
    captured = capsys.readouterr()
    assert captured.out.endswith("wrote data/file.bin (300 kB, md5 verified)\n")
    assert captured.err == ""


def test_the_command_passes_its_options_on(command, remote, server, monkeypatch, tmp_path):
    monkeypatch.setattr(catalog, "CATALOG", (remote,))
    monkeypatch.setattr(module, "LARGE", SIZE - 1)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "file.bin").write_bytes(OTHER)
    server.remember()
    command("file", "-o", tmp_path / "data", "--yes", "--force")
    assert files(tmp_path) == {"file.bin": CONTENT}
