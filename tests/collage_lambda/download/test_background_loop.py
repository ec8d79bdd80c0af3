"""An event loop that outlives invocations, in a thread of its own."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor

import pytest

from collage_lambda.download.background_loop import BackgroundLoop
from tests.fakes.collage.network import RawServer, kept_alive
from tests.fakes.collage.raw_answers import BODY


class Closings(list[str]):
    """What was closed, in order."""

    async def session(self) -> None:
        self.append("session")


@pytest.fixture
def closings() -> Closings:
    return Closings()


@pytest.fixture
def loop(closings: Closings) -> Iterator[BackgroundLoop]:
    running = BackgroundLoop(closings.session)
    yield running
    running.close()


async def running_loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


def test_all_coroutines_run_in_one_loop_whatever_thread_waits(loop: BackgroundLoop) -> None:
    with ThreadPoolExecutor(8) as threads:
        loops = set(threads.map(lambda _: loop.run(running_loop()), range(50)))
    assert len(loops) == 1


def test_a_result_and_an_exception_reach_the_caller(loop: BackgroundLoop) -> None:
    async def fail() -> None:
        await asyncio.sleep(0)
        raise ZeroDivisionError

    assert loop.run(asyncio.sleep(0, "result")) == "result"
    with pytest.raises(ZeroDivisionError):
        loop.run(fail())
    assert loop.run(asyncio.sleep(0, "again")) == "again"


def test_an_interrupted_caller_leaves_no_coroutine(
    loop: BackgroundLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, ended = threading.Event(), threading.Event()

    async def endless() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    def interrupt(_running: Future[None]) -> None:
        assert begun.wait(10)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Future, "result", interrupt)
        with pytest.raises(KeyboardInterrupt):
            loop.run(endless())
    assert ended.wait(10)
    assert loop.run(asyncio.sleep(0, "again")) == "again"


def test_closing_cancels_what_runs_and_then_closes_the_session(
    loop: BackgroundLoop, closings: Closings
) -> None:
    begun = threading.Event()

    async def endless() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            closings.append("window")

    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(loop.run, endless())
        assert begun.wait(10)
        loop.close()
        with pytest.raises(CancelledError):
            running.result(10)
    assert closings == ["window", "session"]
    loop.close()
    assert closings == ["window", "session"]


def test_a_closed_loop_runs_nothing(loop: BackgroundLoop) -> None:
    loop.run(asyncio.sleep(0))
    loop.close()
    work = asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="closed"):
        loop.run(work)
    work.close()


PROGRAM = """
import asyncio, sys
from collage_lambda.download.downloader import DownloadSettings, download_image
from collage_lambda.download.fetch import Timing
from collage_lambda.download.process_downloads import ProcessDownloads

async def lookup(host, port):
    return ["127.0.0.1"]

allowed = frozenset({("cdn.test", int(sys.argv[1]))})
settings = DownloadSettings(allowed=allowed, at_once=4, at_once_per_host=4)
downloads = ProcessDownloads(settings, lookup, Timing())

async def use(url, data):
    return data

async def window():
    async with downloads.fetcher() as fetcher:
        return await download_image(fetcher, [f"http://cdn.test:{sys.argv[1]}/good"], use)

print(len(downloads.run(window()).outcome))
if sys.argv[2] == "busy":
    asyncio.run_coroutine_threadsafe(asyncio.sleep(3600), downloads._loop._loop)
if sys.argv[2] == "raise":
    raise SystemExit(3)
"""


@pytest.mark.parametrize(("how", "code"), [("return", 0), ("busy", 0), ("raise", 3)])
def test_a_process_ends_with_connections_open(how: str, code: int) -> None:
    """Without a warning, and without waiting for what runs."""
    with RawServer(keeps_alive=True) as server:
        server.answers["/good"] = [kept_alive(BODY)]
        command = [sys.executable, "-X", "dev", "-W", "error", "-c", PROGRAM, str(server.port), how]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603 - our own interpreter
    assert (done.returncode, done.stdout, done.stderr) == (code, f"{len(BODY)}\n", "")
