"""A file server on the loopback address that misbehaves as it is told."""

import gzip
import re
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer


@dataclass
class Reply:
    """How to answer one GET request.

    Attributes:
        status: Status instead of 200 or 206.
        headers: Headers that replace or add; None removes one.
        body: Bytes instead of the right ones.
        stop: Number of bytes after which the connection ends; they are complete if None.
        hang: Say nothing more after ``stop`` instead of closing.
    """

    status: int | None = None
    headers: dict[str, str | None] = field(default_factory=dict)
    body: bytes | None = None
    stop: int | None = None
    hang: bool = False


class Server(ThreadingHTTPServer):
    """One file under every path; ``plan`` holds the replies of the next GETs, then all is well."""

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.etag, self.modified = content, '"one"', "Thu, 01 Jan 2026 00:00:00 GMT"
        self.ranges = self.head = self.if_range = True
        self.plan: list[Reply] = []
        self.heads: list[str] = []
        self.gets: list[tuple[str, str | None, str | None]] = []  # path, Range, If-Range
        self.served = 0
        self.during: Callable[[], None] = lambda: None  # called before the last bytes of each body
        self.release = threading.Event()
        self.thread = threading.Thread(target=self.serve_forever, args=(0.005,))
        self.thread.start()

    def server_bind(self) -> None:
        TCPServer.server_bind(self)  # without the look-up of the host's name

    def handle_error(self, request, client_address) -> None:
        pass  # a client that was killed

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/file.bin"

    def wait_for(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < end, "nothing happened"
            time.sleep(0.005)

    def close(self) -> None:
        self.release.set()
        self.shutdown()
        self.server_close()
        self.thread.join()


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *args) -> None:
        pass

    def do_HEAD(self) -> None:
        self.server.heads.append(self.path)
        if not self.server.head:
            return self.send_error(405)
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.content)))
        self.end_headers()

    def do_GET(self) -> None:
        server = self.server
        wanted, condition = self.headers.get("Range"), self.headers.get("If-Range")
        assert self.headers["Accept-Encoding"] == "identity"
        server.gets.append((self.path, wanted, condition))
        reply = server.plan.pop(0) if server.plan else Reply()
        status, body, headers = self.answer(wanted, condition)
        body = body if reply.body is None else reply.body
        if reply.headers.get("Content-Encoding") == "gzip":
            body = gzip.compress(body)
        headers = {
            "Content-Length": str(len(body)),
            "Content-Type": "application/octet-stream",
            "ETag": server.etag,
            "Last-Modified": server.modified,
        } | headers
        self.send_response(reply.status or status)
        for name, value in (headers | reply.headers).items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        end = len(body) if reply.stop is None else reply.stop
        with suppress(ConnectionError):
            for piece in (body[: end // 2], body[end // 2 : end]):
                if piece:  # of an empty body the headers were the last
                    server.during()
                self.wfile.write(piece)
                server.served += len(piece)
            if reply.hang:
                server.release.wait(30)

    def answer(
        self, wanted: str | None, condition: str | None
    ) -> tuple[int, bytes, dict[str, str]]:
        """Status, body and headers of a server that does everything right."""
        server, size = self.server, len(self.server.content)
        changed = server.if_range and condition not in (None, server.etag, server.modified)
        if wanted is None or not server.ranges or changed:
            return 200, server.content, {}
        first = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1])
        if first >= size:
            return 416, b"", {"Content-Range": f"bytes */{size}"}
        span = f"bytes {first}-{size - 1}/{size}"
        return 206, server.content[first:], {"Content-Range": span}
