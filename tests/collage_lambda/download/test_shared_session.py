"""Windows share a session, but neither limits, cookies, names nor judgements."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from collage_lambda.download import session, shared_session
from collage_lambda.reasons import Failure
from stream_ingest.contracts.settings import DownloadLimits
from tests.fakes.collage.network import (
    PUBLIC,
    ConnectionRedirect,
    EachTime,
    Names,
    RawServer,
    kept_alive,
)
from tests.fakes.collage.raw_answers import BODY
from tests.fakes.collage.windows import GOOD, OpenWindows, Windows


def test_two_windows_at_once_share_the_limits(
    windows: Windows, keeping_server: RawServer, network: ConnectionRedirect
) -> None:
    """40 requests to a host, and of a batch that wants it fewer."""
    lock, running, most = threading.Lock(), 0, 0
    full = threading.Barrier(40)

    def counted() -> Iterator[bytes]:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        full.wait(30)
        with lock:
            running -= 1
        yield kept_alive(BODY)

    keeping_server.answers["/counted"] = EachTime(counted)
    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(lambda count: windows.fetch(*["/counted"] * count), (40, 40)))
    assert found == [[GOOD] * 40] * 2
    assert most <= 40
    assert len(network.destinations) <= 80
    keeping_server.answers["/counted"] = EachTime(lambda: iter([kept_alive(BODY)]))
    before = len(network.destinations)
    wanted = DownloadLimits(at_once=3)
    assert windows.fetch(*["/counted"] * 9, wanted=wanted) == [GOOD] * 9
    assert len(network.destinations) == before


def test_a_cookie_of_a_window_is_not_sent_by_the_next(
    windows: Windows, keeping_server: RawServer
) -> None:
    keeping_server.answers["/cookie"] = [
        kept_alive(b"", "Set-Cookie: id=1; Path=/", "Location: /good", status="302 Found")
    ]
    assert windows.fetch("/cookie") == [GOOD]
    keeping_server.requests.clear()
    assert windows.fetch("/good", "/good") == [GOOD] * 2
    assert all(b"Cookie" not in head for _, head in keeping_server.requests)


def test_no_proxy_and_no_credentials_come_from_the_environment(
    open_windows: OpenWindows,
    keeping_server: RawServer,
    network: ConnectionRedirect,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine cdn.test login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://93.184.216.99:3128")
    windows = open_windows()
    for _ in range(2):
        assert windows.fetch("/good") == [GOOD]
    assert network.destinations == [PUBLIC]
    assert all(b"Authorization" not in head for _, head in keeping_server.requests)


@pytest.mark.parametrize(("wall_s", "monotonic_s"), [(20, 0), (0, 20), (3_600, 0), (-3_600, 20)])
def test_after_a_freeze_connections_are_new_whichever_clock_saw_it(
    windows: Windows, network: ConnectionRedirect, wall_s: float, monotonic_s: float
) -> None:
    windows.fetch("/good", "/good")
    windows.clocks.now_s += wall_s
    windows.clocks.monotonic_s += monotonic_s
    assert windows.fetch("/good", "/good") == [GOOD] * 2
    assert network.destinations == [PUBLIC] * 4


def test_after_a_long_freeze_no_connection_that_died_in_it_is_tried(
    open_windows: OpenWindows, keeping_server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would take all the time that an image has."""
    monkeypatch.setattr(session, "UNACKNOWLEDGED_S", 60)
    windows = open_windows(image_s=8)
    windows.fetch(*["/good"] * 6)
    keeping_server.vanish()
    windows.clocks.now_s += 3_600
    assert windows.fetch(*["/good"] * 6) == [GOOD] * 6
    assert open_to(keeping_server) == 6


def test_a_session_in_steady_use_ends_after_a_minute(
    windows: Windows, network: ConnectionRedirect
) -> None:
    for _ in range(13):
        windows.clocks.now_s += 10
        assert windows.fetch("/good") == [GOOD]
    assert network.destinations == [PUBLIC] * 2


@pytest.mark.parametrize("pause_s", [1, 20, 61])
def test_g6_a_name_that_turns_private_between_two_windows_is_not_followed(
    open_windows: OpenWindows, network: ConnectionRedirect, pause_s: float
) -> None:
    """Soon after, the address that was judged is used on; later the name is judged again."""
    windows = open_windows(Names(cdn_test=[[PUBLIC], ["10.0.0.1"]]))
    assert windows.fetch("/good") == [GOOD]
    windows.clocks.now_s += pause_s
    outcomes = windows.fetch(*["/good"] * 4)  # one reuses the connection, three need new ones
    if pause_s < shared_session.KEEP_ALIVE_S:
        assert outcomes == [GOOD] * 4
    else:
        assert {each.reason for each in outcomes if isinstance(each, Failure)} == {
            "blocked_address"
        }
    assert set(network.destinations) == {PUBLIC}


def test_g6_a_name_that_turns_private_is_not_followed_by_a_window_in_steady_use(
    open_windows: OpenWindows, network: ConnectionRedirect
) -> None:
    windows = open_windows(Names(cdn_test=[[PUBLIC], ["10.0.0.1"]]))
    outcomes = []
    for _ in range(9):
        outcomes += windows.fetch("/good")
        windows.clocks.now_s += 10
    assert outcomes[:7] == [GOOD] * 7
    assert all(isinstance(each, Failure) for each in outcomes[7:])
    assert network.destinations == [PUBLIC]


def test_a_name_never_gets_the_connection_of_another(
    windows: Windows, network: ConnectionRedirect, scheme: str
) -> None:
    """Although both have the same address; the certificate is judged for each name."""
    assert windows.fetch("/good") == [GOOD]
    (outcome,) = windows.fetch(windows.url("/good", "other.test"))
    assert len(network.destinations) >= 2
    if scheme == "http":
        assert outcome == GOOD
    else:
        assert isinstance(outcome, Failure)
        assert (outcome.reason, outcome.detail) == (
            "connection",
            "ClientConnectorCertificateError",
        )


def test_windows_of_ever_new_hosts_do_not_pile_up_connections(
    open_windows: OpenWindows, keeping_server: RawServer
) -> None:
    windows = open_windows(lambda _host, _port: asyncio.sleep(0, [PUBLIC]))
    for number in range(12):
        hosts = [windows.url("/good", f"h{number}-{each}.many.test") for each in range(20)]
        assert windows.fetch(*hosts) == [GOOD] * 20
        assert open_to(keeping_server) <= shared_session.MAX_CONNECTIONS + 20


def open_to(server: RawServer) -> int:
    """Return the number of this process's connections to a server."""
    return sum(
        bool(each.raddr) and each.raddr.port == server.port
        for each in psutil.Process().net_connections("tcp")
    )


def test_a_window_keeps_its_session_while_a_later_one_gets_another(
    windows: Windows, keeping_server: RawServer, network: ConnectionRedirect
) -> None:
    begun = threading.Event()

    def slow() -> Iterator[bytes]:
        begun.set()
        keeping_server.still.wait(30)
        yield kept_alive(BODY)

    keeping_server.answers["/slow"] = EachTime(slow)
    with ThreadPoolExecutor(1) as threads:
        early = threads.submit(windows.fetch, "/slow")
        assert begun.wait(30)
        windows.clocks.now_s += shared_session.LIFE_S + 1
        assert windows.fetch("/good", "/good") == [GOOD] * 2
        keeping_server.still.set()
        assert early.result(30) == [GOOD]
    assert windows.fetch("/good", "/good") == [GOOD] * 2
    assert network.destinations == [PUBLIC] * 3
    assert open_to(keeping_server) == 2


@pytest.mark.parametrize(
    "count", [60, pytest.param(10_000, marks=[pytest.mark.slow, pytest.mark.timeout(1_800)])]
)
def test_windows_of_every_kind_leave_no_connection_and_no_task(
    open_windows: OpenWindows, keeping_server: RawServer, count: int
) -> None:
    """Bodies, refusals, redirects, answers cut off by either side, and windows cut short."""
    windows = open_windows(max_bytes=1_000, attempt_s=5)
    keeping_server.answers |= {
        "/large": [kept_alive(b"x" * 5_000)],
        "/short": [kept_alive(b"").replace(b"Length: 0", b"Length: 10") + b"xxxxxxxxxx"[:5]],
        "/missing": [kept_alive(b"no", status="404 Not Found")],
        "/hop": [kept_alive(b"", "Location: /good", status="302 Found")],
        "/inside": [kept_alive(b"", "Location: http://10.0.0.1/", status="302 Found")],
        "/nonsense": [b"SSH-2.0-OpenSSH_9.0\r\n\r\n"],
    }
    kinds = [["/good"] * 3, ["/large"], ["/missing", "/hop"], ["/inside"], ["/nonsense"], ["/good"]]
    for number in range(count):
        windows.fetch(*kinds[number % len(kinds)])
        if number % 10 == 9:
            cut_short(windows)
        windows.clocks.now_s += 0.7
    assert windows.fetch("/good") == [GOOD]
    assert windows.downloads.run(other_tasks()) == 0
    assert open_to(keeping_server) <= 4


def cut_short(windows: Windows) -> None:
    """Let a window run out of time while it waits for the rest of an answer."""

    async def window() -> None:
        async with asyncio.timeout(0.005):
            await windows.window(["/short", "/good"])

    with pytest.raises(TimeoutError):
        windows.downloads.run(window())


async def other_tasks() -> int:
    """Return the number of tasks that outlive the windows."""
    await asyncio.sleep(0.05)  # those that end are over
    return len(asyncio.all_tasks() - {asyncio.current_task()})


def test_closing_ends_connections_and_thread(windows: Windows, keeping_server: RawServer) -> None:
    before = set(threading.enumerate())
    windows.fetch("/good", "/good")
    (loop,) = (
        each for each in threading.enumerate() if each.name == "downloads" and each not in before
    )
    windows.close()
    windows.close()
    assert not loop.is_alive()
    assert open_to(keeping_server) == 0
