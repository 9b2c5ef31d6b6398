"""One request for the bytes of a file: ranges, safe redirects, and faults that pass or stay.

A fault that may pass (a broken connection, silence, a busy server) is a :class:`Dropped`; one that
stays (404, a bad certificate, a web page instead of a file) is an OSError with one readable line.
"""

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException, HTTPMessage
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from sgn_sciml.system.names import __version__

__all__ = ["Answer", "Dropped", "request", "size_of"]

CHUNK = 1 << 20
BUSY = {408, 425, 429, 500, 502, 503, 504}
UNSATISFIABLE = 416  # the range asked for begins at or after the end of the file


class Dropped(Exception):
    """The transfer failed in a way that may pass; what arrived is good."""


class SafeRedirects(HTTPRedirectHandler):
    """Redirects between web addresses only, and never out of encryption."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        """The request to follow with.

        Raises:
            ValueError: If the new address is none of http(s), or http after https.
        """
        scheme = urlsplit(newurl).scheme
        if scheme != "https" and (scheme != "http" or req.full_url.startswith("https:")):
            fp.close()
            raise ValueError(f"{req.full_url} redirects to {newurl}, which is not safe to follow")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


@dataclass(frozen=True)
class Answer:
    """What a server says before the bytes come.

    Attributes:
        start: Offset of the first byte that follows; None if the asked one lies behind the end
            or the server does not say.
        total: Size of the whole file, if the server says it.
        validator: Strong ETag, else the date of last change, else None: equal for equal content.
        body: The response.
    """

    start: int | None
    total: int | None
    validator: str | None
    body: Any

    def chunks(self) -> Iterator[bytes]:
        """The bytes as they arrive.

        Raises:
            Dropped: If the connection breaks or is silent for too long.
        """
        while True:
            try:
                chunk = self.body.read1(CHUNK)
            except (OSError, HTTPException) as error:
                raise Dropped(f"the connection broke ({describe(error)})") from error
            if not chunk:
                return
            yield chunk


def describe(error: BaseException) -> str:
    """The message of an error, or its name if it has none."""
    return str(error) or type(error).__name__


def send(url: str, method: str, headers: dict[str, str], timeout: float) -> Any:
    """The response to a request; one with status 416 is a response too."""
    if urlsplit(url).scheme not in ("http", "https"):
        raise ValueError(f"not a web address: {url}")
    try:
        opener = build_opener(SafeRedirects)  # honours the proxies of the environment
        return opener.open(Request(url, headers=headers, method=method), timeout=timeout)
    except HTTPError as error:
        if error.code == UNSATISFIABLE:
            return error
        error.close()
        answer = " ".join(f"the server answered {error.code} {error.reason}".split())
        if error.code in BUSY:
            raise Dropped(answer) from error
        raise OSError(f"{url}: {answer}") from error
    except (OSError, HTTPException) as error:
        cause = error.reason if isinstance(error, URLError) else error
        if isinstance(cause, ssl.SSLCertVerificationError):
            raise OSError(f"{url}: {cause}") from error
        reason = describe(cause) if isinstance(cause, BaseException) else cause
        raise Dropped(f"no connection ({reason})") from error


def read_headers(url: str, response: Any) -> Answer:
    """Check the headers of a response and read what they say."""
    headers, status = response.headers, response.status
    if status not in (200, 206, UNSATISFIABLE):
        raise OSError(f"{url}: the server answered {status} {response.reason}")
    encoding = headers.get("Content-Encoding", "identity")
    if encoding != "identity":  # sizes and ranges would be those of the encoded bytes
        raise OSError(f"{url}: the server sends the file in the encoding {encoding!r}")
    if status != UNSATISFIABLE and headers.get_content_type() == "text/html":
        raise OSError(f"{url}: the server sends a web page instead of the file")
    etag = headers.get("ETag", "")
    validator = etag if etag.startswith('"') else headers.get("Last-Modified")  # no weak ETag
    if status == 200:
        length = headers.get("Content-Length", "")
        return Answer(0, int(length) if length.isdigit() else None, validator, response)
    span = re.fullmatch(
        r"bytes (?:(\d+)-\d+|\*)/(?:(\d+)|\*)", headers.get("Content-Range", "").strip()
    )
    start, total = (int(n) if n else None for n in (span.groups() if span else (None, None)))
    return Answer(start, total, validator, response)


@contextmanager
def request(
    url: str, timeout: float, *, method: str = "GET", start: int = 0, validator: str | None = None
) -> Iterator[Answer]:
    """Ask for a file from an offset on.

    Args:
        url: Address.
        timeout: Seconds of silence after which a connection counts as broken.
        method: ``"GET"`` or ``"HEAD"``.
        start: Offset of the first byte wanted.
        validator: What the server said of the bytes before; if the file has changed since, a
            server sends all of it.

    Yields:
        The answer; it may begin at another byte than was asked for.

    Raises:
        Dropped: If the request may succeed later.
        OSError: If it will not.
        ValueError: For an address or a redirect that is not http(s), or leaves https.
    """
    headers = {"Accept-Encoding": "identity", "User-Agent": f"sgn-sciml/{__version__}"}
    if start:
        headers["Range"] = f"bytes={start}-"
        if validator:
            headers["If-Range"] = validator
    with send(url, method, headers, timeout) as response:
        yield read_headers(url, response)


def size_of(url: str, timeout: float) -> int | None:
    """The size of a file by a HEAD request; None where the server refuses it or is silent."""
    try:
        with request(url, timeout, method="HEAD") as answer:
            return answer.total or None
    except (Dropped, OSError):
        return None
