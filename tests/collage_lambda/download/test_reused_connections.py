"""A process keeps its connections from window to window, and a dead one harms none.

Each image has one try (`ONE_TRY`), so a dead connection that cost an image would show.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from collage_lambda.download import session
from collage_lambda.reasons import Failure
from tests.fakes.collage.network import PUBLIC, ConnectionRedirect, EachTime, RawServer, kept_alive
from tests.fakes.collage.raw_answers import BODY
from tests.fakes.collage.windows import GOOD, OpenWindows, Windows


def test_windows_share_connections(windows: Windows, network: ConnectionRedirect) -> None:
    for _ in range(5):
        assert windows.fetch(*["/good"] * 8) == [GOOD] * 8
    assert network.destinations == [PUBLIC] * 8


def test_connections_that_the_server_has_closed_are_not_used(
    windows: Windows, keeping_server: RawServer, network: ConnectionRedirect
) -> None:
    """The event loop runs between windows, and so has seen their end in time, or a retry helps."""
    windows.fetch(*["/good"] * 8)
    keeping_server.close_connections()
    assert windows.fetch(*["/good"] * 8) == [GOOD] * 8
    assert network.destinations == [PUBLIC] * 16


def test_a_connection_that_the_server_closes_on_a_request_is_replaced_once(
    windows: Windows, keeping_server: RawServer, network: ConnectionRedirect
) -> None:
    """It waited long enough just then. Another old connection might end the same way."""
    closing = iter([True, False])

    def close_first() -> Iterator[bytes]:
        if next(closing):
            keeping_server.close_connections()
            return
        yield kept_alive(BODY)

    windows.fetch(*["/good"] * 8)
    keeping_server.answers["/closing"] = EachTime(close_first)
    assert windows.fetch("/closing") == [GOOD]
    assert network.destinations == [PUBLIC] * 9


def test_connections_that_die_without_a_word_cost_one_retry(
    windows: Windows,
    keeping_server: RawServer,
    network: ConnectionRedirect,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Packets vanish, as when Lambda froze the process for longer than the network remembers."""
    monkeypatch.setattr(session, "UNACKNOWLEDGED_S", 1)
    windows.fetch(*["/good"] * 12)
    keeping_server.vanish()
    before = len(keeping_server.requests)
    assert windows.fetch(*["/good"] * 6) == [GOOD] * 6
    assert len(keeping_server.requests) == before + 6
    assert network.destinations == [PUBLIC] * 18


def test_a_dead_connection_is_replaced_though_the_attempt_is_over_before_that_is_known(
    open_windows: OpenWindows, keeping_server: RawServer
) -> None:
    windows = open_windows(attempt_s=0.4)
    windows.fetch("/good", "/good")
    keeping_server.vanish()
    assert windows.fetch("/good", "/good") == [GOOD] * 2


def test_a_reused_connection_over_which_no_answer_comes_is_replaced(
    open_windows: OpenWindows, keeping_server: RawServer
) -> None:
    """The other side takes the request and says nothing: a load balancer whose server is gone."""
    windows = open_windows(read_s=0.2)
    windows.fetch("/good")
    silent = threading.Event()

    def first_silent() -> Iterator[bytes]:
        if not silent.is_set():
            silent.set()
            keeping_server.still.wait(30)
        yield kept_alive(BODY)

    keeping_server.answers["/silent"] = EachTime(first_silent)
    assert windows.fetch("/silent") == [GOOD]
    keeping_server.still.set()


def test_a_new_connection_without_an_answer_is_no_stale_one(
    open_windows: OpenWindows, keeping_server: RawServer
) -> None:
    windows = open_windows(read_s=0.2)

    def silence() -> Iterator[bytes]:
        keeping_server.still.wait(30)
        yield b""

    keeping_server.answers["/silent"] = EachTime(silence)
    (outcome,) = windows.fetch("/silent")
    keeping_server.still.set()
    assert isinstance(outcome, Failure)
    assert (outcome.reason, outcome.attempts) == ("timeout", 1)
    assert len(keeping_server.requests) == 1


@pytest.mark.parametrize(
    ("path", "chunks"),
    [
        ("/large", [kept_alive(b"x" * 3_000_000)]),
        ("/large", [kept_alive(b"").replace(b"Length: 0", b"Length: 99999999")]),
        ("/missing", [kept_alive(b"x" * 300_000, status="404 Not Found")]),
        ("/coded", [kept_alive(b"x" * 200_000, "Content-Encoding: zstd")]),
        ("/long", [kept_alive(BODY) + b"rubbish"]),
        ("/two", [kept_alive(BODY) + kept_alive(b"\xff\xd8 another image")]),
        ("/hop", [kept_alive(b"x" * 300_000, "Location: /none", status="302 Found")]),
    ],
)
def test_no_window_sees_the_rest_of_an_answer_that_was_not_read(
    windows: Windows, keeping_server: RawServer, path: str, chunks: list[bytes]
) -> None:
    keeping_server.answers[path] = chunks
    windows.fetch(path, "/good")
    for _ in range(3):
        assert windows.fetch("/good", "/good", "/good") == [GOOD] * 3


def test_an_answer_that_nobody_asked_for_is_not_taken(
    windows: Windows, keeping_server: RawServer, network: ConnectionRedirect
) -> None:
    """It is sent over an idle connection, where the next request would find it."""
    sent = threading.Event()

    def answer_twice() -> Iterator[bytes]:
        yield kept_alive(BODY)
        keeping_server.still.wait(30)
        yield kept_alive(b"\xff\xd8 another image")
        sent.set()

    keeping_server.answers["/twice"] = EachTime(answer_twice)
    assert windows.fetch("/twice") == [GOOD]
    keeping_server.still.set()
    assert sent.wait(30)
    windows.downloads.run(asyncio.sleep(0.05))  # the loop reads what has arrived
    assert windows.fetch("/good") == [GOOD]
    assert network.destinations == [PUBLIC] * 2


def test_a_cancelled_window_leaves_no_half_read_answer(
    windows: Windows, keeping_server: RawServer
) -> None:
    def half() -> Iterator[bytes]:
        whole = kept_alive(BODY * 1_000)
        yield whole[:5_000]
        keeping_server.still.wait(30)
        yield whole[5_000:]

    keeping_server.answers["/half"] = EachTime(half)

    async def cut_short() -> None:
        async with asyncio.timeout(0.1):
            await windows.window(["/half", "/good", "/half"])

    with pytest.raises(TimeoutError):
        windows.downloads.run(cut_short())
    keeping_server.still.set()
    assert windows.fetch(*["/good"] * 4) == [GOOD] * 4


def test_a_window_that_fails_leaves_the_session_to_the_next(windows: Windows) -> None:
    async def broken() -> None:
        async with windows.downloads.fetcher():
            msg = "broken"
            raise ZeroDivisionError(msg)

    assert windows.fetch("/good") == [GOOD]
    with pytest.raises(ZeroDivisionError):
        windows.downloads.run(broken())
    assert windows.fetch("/good") == [GOOD]
