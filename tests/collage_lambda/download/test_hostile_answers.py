"""Whatever a server answers is a body or a failure, in time, and never an exception."""

from __future__ import annotations

import asyncio
import functools
import gzip
import itertools
import threading
import zlib
from collections.abc import Iterable, Iterator

import brotli  # type: ignore[import-untyped]
import pytest

from collage_lambda.download.fetch import Body, Fetcher, Timing
from collage_lambda.download.limiter import DownloadLimiter
from collage_lambda.download.limits import LARGE_BODY_BYTES, FetchLimits
from collage_lambda.download.session import open_session
from collage_lambda.reasons import Failure
from tests.fakes.collage.network import PUBLIC, Names, RawServer, answer
from tests.fakes.collage.raw_answers import BODY, CLOSE, HEAD, fetched, outcome_of

pytestmark = pytest.mark.usefixtures("connection_kind")

packed = functools.partial(gzip.compress, mtime=0)
"""The same bytes in every process, since they are parts of the names of tests."""


@pytest.mark.parametrize(
    "chunk",
    [
        b"HTTP/1.0 200 OK\r\n\r\n" + BODY,
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 12\r\n\r\n" + BODY,
        b"HTTP/1.1 200\r\nContent-Length: 12\r\n" + CLOSE + BODY,
        HEAD + CLOSE + BODY,
        HEAD + b"Transfer-Encoding: chunked\r\n" + CLOSE + b"C\r\n" + BODY + b"\r\n0\r\n\r\n",
        HEAD
        + b"Transfer-Encoding: chunked\r\n"
        + CLOSE
        + b"C;a=b\r\n"
        + BODY
        + b"\r\n0\r\nX-Trailer: y\r\n\r\n",
        answer(BODY, "Set-Cookie: a=b; Domain=.test; Path=/", "Set-Cookie: =;;;=\x01"),
        answer(BODY, *(f"Set-Cookie: c{number}=v" for number in range(50))),
        answer(BODY, "Content-Type: image/svg+xml; charset=utf-7"),
        answer(BODY, "Content-Type: nonsense///;;;=", "Content-Disposition: attachment; filename="),
        answer(BODY, "Content-Type:"),
        answer(BODY, "Content-Encoding: identity"),
        answer(packed(BODY), "Content-Encoding: gzip"),
        answer(packed(BODY), "Content-Encoding: X-GZIP"),
        answer(packed(BODY[:5]) + packed(BODY[5:]), "Content-Encoding: gzip"),
        answer(zlib.compress(BODY), "Content-Encoding: deflate"),
        answer(zlib.compress(BODY)[2:-4], "Content-Encoding: deflate"),
        answer(brotli.compress(BODY), "Content-Encoding: br"),
        answer(brotli.compress(packed(BODY)), "Content-Encoding: gzip, br"),
        answer(brotli.compress(packed(BODY)), "Content-Encoding: gzip", "Content-Encoding: br"),
        answer(BODY).replace(b"200 OK", b"203 Non-Authoritative Information"),
        answer(BODY).replace(b"200 OK", b"206 Partial Content"),
        answer(BODY, "Content-Range: bytes 0-11/12").replace(b"200 OK", b"206 Partial Content"),
        answer(BODY, "Content-Security-Policy: " + "a" * 9_000),
        answer(BODY, *(f"X-{number}: y" for number in range(150))),
        answer(BODY, "Refresh: 0; url=http://127.0.0.1/", "Content-Location: http://127.0.0.1/"),
        answer(BODY, "Link: <http://127.0.0.1/>; rel=preload", 'Alt-Svc: h2="127.0.0.1:80"'),
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + answer(BODY),
        b"HTTP/1.1 100 Continue\r\n\r\n" * 3 + answer(BODY),
    ],
)
def test_an_odd_answer_with_a_whole_body_is_that_body(raw_server: RawServer, chunk: bytes) -> None:
    assert outcome_of(raw_server, chunk) == Body(data=BODY, attempts=1)


BROKEN = {
    "nothing": b"",
    "no http": b"220 mail.test ESMTP\r\n",
    "http/0.9": b"<html>hello</html>",
    "ssh": b"SSH-2.0-OpenSSH_9.0\r\n\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 9 + b"\r\n\r\n",
    "a version of the future": b"HTTP/9.9 200 OK\r\nContent-Length: 1\r\n\r\nx",
    "a status that is none": b"HTTP/1.1 banana OK\r\n\r\n",
    "a status of four digits": b"HTTP/1.1 2000 OK\r\n\r\n",
    "status 0": b"HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n",
    "switching protocols": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-Len",
    "two lengths": HEAD + b"Content-Length: 3\r\nContent-Length: 9\r\n" + CLOSE + b"x" * 9,
    "a negative length": HEAD + b"Content-Length: -1\r\n" + CLOSE + b"x",
    "a length that is none": HEAD + b"Content-Length: 0x10\r\n" + CLOSE + b"x" * 16,
    "a length beyond 64 bits": HEAD + b"Content-Length: " + b"9" * 40 + b"\r\n" + CLOSE,
    "a length of 5,000 digits": HEAD + b"Content-Length: " + b"9" * 5_000 + b"\r\n" + CLOSE,
    "length and chunks": HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    "a chunk cut short": HEAD + b"Transfer-Encoding: chunked\r\n\r\n100\r\nabc",
    "a chunk size that is none": HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
    "a chunk size beyond 64 bits": HEAD
    + b"Transfer-Encoding: chunked\r\n\r\n"
    + b"f" * 40
    + b"\r\nabc",
    "gzip that is none": answer(BODY, "Content-Encoding: gzip"),
    "deflate that is none": answer(b"\x00\x01\x02\x03", "Content-Encoding: deflate"),
    "brotli that is none": answer(BODY, "Content-Encoding: br"),
    "zstd that is none": answer(BODY, "Content-Encoding: zstd"),
    "a header without a colon": HEAD + b"nonsense\r\n" + CLOSE + BODY,
    "a header name of blanks": HEAD + b"a b: c\r\n : d\r\n" + CLOSE + BODY,
    "a NUL in a header": HEAD + b"X-A: b\x00c\r\n" + CLOSE + BODY,
    "one header of 1 MB": HEAD + b"X-A: " + b"a" * 1_000_000 + b"\r\n" + CLOSE + BODY,
    "a reason of 1 MB": b"HTTP/1.1 200 " + b"O" * 1_000_000 + b"\r\n" + CLOSE + BODY,
    "10,000 headers": HEAD
    + b"".join(b"X-%d: y\r\n" % number for number in range(10_000))
    + CLOSE
    + BODY,
}


@pytest.mark.parametrize("chunk", BROKEN.values(), ids=BROKEN)
def test_a_broken_answer_is_a_failure(raw_server: RawServer, chunk: bytes) -> None:
    assert isinstance(outcome_of(raw_server, chunk), Failure)


ENDLESS = {
    "headers": (HEAD, itertools.repeat(b"X-A: " + b"b" * 4_000 + b"\r\n")),
    "one header": (HEAD + b"X-A: ", itertools.repeat(b"b" * 65_536)),
    "a status line": (b"HTTP/1.1 200 ", itertools.repeat(b"O" * 65_536)),
    "hints": (itertools.repeat(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 100),),
    "continues": (itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n" * 100),),
    "a body": (HEAD + b"\r\n", itertools.repeat(b"x" * 65_536)),
    "chunks": (
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n",
        itertools.repeat(b"1\r\nx\r\n" * 10_000),
    ),
    "a chunk's extension": (
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;",
        itertools.repeat(b"a" * 65_536),
    ),
    "trailers": (
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n",
        itertools.repeat(b"X-A: " + b"b" * 4_000 + b"\r\n"),
    ),
    "a redirect's body": (
        b"HTTP/1.1 302 Found\r\nLocation: /nowhere\r\n\r\n",
        itertools.repeat(b"x" * 65_536),
    ),
    "an error's body": (b"HTTP/1.1 404 Not Found\r\n\r\n", itertools.repeat(b"x" * 65_536)),
}


@pytest.mark.parametrize("chunks", ENDLESS.values(), ids=ENDLESS)
def test_g7_an_endless_answer_is_a_failure_in_time(
    raw_server: RawServer, chunks: tuple[bytes | Iterable[bytes], ...]
) -> None:
    """By the limits on sizes or by the attempt's time; the session still works after that."""
    assert isinstance(outcome_of(raw_server, *chunks), Failure)


def test_a_truncated_compressed_body_yields_only_what_arrived(raw_server: RawServer) -> None:
    """The decoder then says `truncated`."""
    whole = packed(bytes(range(256)) * 4, mtime=0)
    outcome = outcome_of(raw_server, answer(whole[:-60], "Content-Encoding: gzip"))
    assert isinstance(outcome, Failure) or (bytes(range(256)) * 4).startswith(outcome.data)


BOMB = b"\0" * 20_000_000


@pytest.mark.parametrize(
    ("encoding", "bomb"),
    [
        ("gzip", packed(BOMB)),
        ("gzip", packed(BOMB[:999]) * 20_000),
        ("deflate", zlib.compress(BOMB)),
        ("br", brotli.compress(BOMB, quality=5)),
        ("gzip, gzip", packed(packed(BOMB))),
    ],
    ids=["gzip", "members", "deflate", "br", "nested"],
)
def test_g7_an_encoded_bomb_is_cut_at_the_limit(
    raw_server: RawServer, encoding: str, bomb: bytes
) -> None:
    outcome = outcome_of(raw_server, answer(bomb, f"Content-Encoding: {encoding}"))
    assert isinstance(outcome, Failure)
    assert outcome.reason == "too_large"


@pytest.mark.parametrize(
    ("expires", "is_requested"),
    [
        ("1800000001", True),
        ("999999999999", True),
        ("9223372036854775808", True),
        ("9" * 4_400, True),
        ("-1", True),
        ("1e9", True),
        ("", True),
        ("1800000000", False),
        ("0", False),
    ],
)
def test_an_expiry_of_any_size_is_read_or_ignored(
    raw_server: RawServer, expires: str, *, is_requested: bool
) -> None:
    """Python refuses to read a number of more than 4,300 digits."""
    query = f"?x-expires={expires}&x-signature=s"
    raw_server.answers[f"/good{query}"] = [answer(BODY)]
    (outcome,) = fetched("/good", query=query)
    assert isinstance(outcome, Body) is is_requested
    assert bool(raw_server.requests) is is_requested


@pytest.mark.parametrize("retry_after", ["9" * 5_000, "-1", "nan", "inf", "Fri, 99 Foo", "\u00b2"])
def test_a_retry_after_of_any_kind_is_read_or_ignored(
    raw_server: RawServer, retry_after: str
) -> None:
    raw_server.answers["/odd"] = [
        answer(b"", f"Retry-After: {retry_after}", status="503 Service Unavailable")
    ]
    (outcome,) = fetched("/odd")
    assert isinstance(outcome, Failure)
    assert outcome.reason == "server_error"


class StallingBody:
    """A body that begins well and never ends."""

    def __init__(self, beginning: bytes) -> None:
        self._beginning, self.done = beginning, threading.Event()

    def __iter__(self) -> Iterator[bytes]:
        yield HEAD + b"Content-Length: 9999999\r\n\r\n" + self._beginning
        self.done.wait(60)


def test_large_bodies_that_stall_do_not_fail_another_large_image(
    raw_server: RawServer,
) -> None:
    """They hold both large-body permits in turn; the image after them still gets one."""
    large = BODY * (LARGE_BODY_BYTES // len(BODY) + 1)
    raw_server.answers["/good"] = [answer(large)]
    raw_server.answers["/still"] = stalling = StallingBody(large)
    limits = FetchLimits(image_s=60)

    async def run() -> list[Body | Failure]:
        async with open_session(Names(cdn_test=[[PUBLIC]]), frozenset(), limits) as session:
            fetcher = Fetcher(
                session,
                DownloadLimiter(64, 40, large_s=0.2),
                limits,
                allowed=frozenset(),
                timing=Timing(now_s=lambda: 1_800_000_000),
            )

            async def fetch(path: str) -> Body | Failure:
                async with fetcher.new_budget() as budget:
                    return await fetcher.fetch(f"http://cdn.test{path}", budget)

            async with asyncio.timeout(30):
                return await asyncio.gather(*map(fetch, [*["/still"] * 8, "/good"]))

    *still, good = asyncio.run(run())
    stalling.done.set()
    assert {each.reason for each in still if isinstance(each, Failure)} == {"timeout"}
    assert good == Body(data=large, attempts=1)
