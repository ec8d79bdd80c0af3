"""The host on which the commands of a history run: its clients, clocks, disk and database.

The code of the commands is the real one, from the plan of a push to its mark. What is replaced is
what it reaches outside of its process: AWS, MySQL, the clocks and the disk's `fsync`. Each command
is a `Process`; all it calls is behind that process's faults.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from stream_ingest.aws import clients
from stream_ingest.contracts.errors import UserError
from stream_ingest.follow import follower
from stream_ingest.push import planning, push, runner
from stream_ingest.push.checkpoint import Checkpoint
from stream_ingest.sources import source_options
from tests.fakes.ingest.aws import TABLE
from tests.fakes.ingest.memory_source import MemorySource
from tests.fakes.ops.stack_outputs import stack_outputs
from tests.faults.harness.aws.errors import KilledError
from tests.faults.harness.injector import Faults, Kind
from tests.faults.harness.mysql.covers_table import CoversTable
from tests.faults.harness.mysql.steps import MysqlPlan
from tests.faults.harness.tasks import pause
from tests.faults.harness.wiring import Clients

if TYPE_CHECKING:
    from tests.faults.harness.simulated_account import SimulatedAccount

_KILLS = frozenset({Kind.KILLED_BEFORE, Kind.KILLED_AFTER})
_PAUSES = frozenset({Kind.PAUSED_BEFORE, Kind.PAUSED_AFTER})
_MAX_PAUSES = 200
"""Number of pauses after errors in one history: more mean that a follower does not get ahead."""
_here = threading.local()


class Process:
    """One process of a command: its faults, and its clients behind them."""

    def __init__(self, account: SimulatedAccount, faults: Faults) -> None:
        self.faults, self.clients = faults, Clients(account, faults)

    async def wait(self) -> None:
        """Wait for the next read of a follower."""
        raise AssertionError

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run the block, in this thread, as this process."""
        before = getattr(_here, "process", None)
        _here.process = self
        try:
            yield
        finally:
            _here.process = before


class Host:
    """Replaces what the commands reach outside of their process, while the host is open."""

    def __init__(self, account: SimulatedAccount, covers: CoversTable, plan: MysqlPlan) -> None:
        self.outputs = stack_outputs(stream_name=account.kinesis.name, table_name=TABLE)
        self._account, self._covers, self._plan = account, covers, plan
        self._pauses = 0
        self._opened = ExitStack()

    def open(self) -> None:
        """Replace everything, until `close`."""
        state = self._opened.enter_context(tempfile.TemporaryDirectory())
        self._opened.enter_context(patch.dict(os.environ, {"XDG_STATE_HOME": state}))
        for target, name, value in self._replacements():
            self._opened.enter_context(patch.object(target, name, value))

    def close(self) -> None:
        """Put everything back."""
        self._opened.close()

    def _replacements(self) -> list[tuple[Any, str, Any]]:
        clock = self._account.clock
        times = SimpleNamespace(time=self._time, monotonic=clock)
        producer = partial(push.KinesisProducer, sleep=self._pass_time, jitter=lambda: 1.0)
        sender = partial(runner.Push, chunk_rows=self._plan.chunk_rows)
        return [
            (clients, "session", lambda: SimpleNamespace(client=_client)),
            (clients, "async_session", lambda: SimpleNamespace(create_client=_async_client)),
            (runner, "stack_outputs", lambda _: self.outputs),
            (runner, "time", times),
            (runner, "Push", sender),
            (push, "time", times),
            (push, "KinesisProducer", producer),
            (planning, "database_now", self._database_now),
            (source_options, "MySqlSource", self._source),
            (follower, "_now", lambda: datetime.fromtimestamp(self._time(), UTC)),
            (follower, "_sleep", self._pause),
            (follower.Follower, "_wait", lambda _: _here.process.wait()),
            (asyncio, "to_thread", _run_here),
            (os, "fsync", lambda _: None),
            (Checkpoint, "write", _on_disk(Checkpoint.write)),
            (Checkpoint, "finish", _on_disk(Checkpoint.finish)),
        ]

    def _time(self) -> float:
        return self._account.clock() + self._plan.host_ahead_s

    async def _pass_time(self, seconds: float) -> None:
        self._account.clock.advance(seconds)

    async def _pause(self, seconds: float) -> None:
        self._pauses += 1
        assert self._pauses <= _MAX_PAUSES, "a follower fails again and again"
        self._account.clock.advance(seconds)

    async def _database_now(self, _: object) -> datetime:
        _query("now")
        return self._covers.now().clock

    def _source(self, *_: object, selection: Any, **__: object) -> _CurrentSource:  # noqa: ANN401 - a `Selection`
        return _CurrentSource(self._covers, selection, by_time=self._plan.by_time)


class _CurrentSource(MemorySource):
    """The table as it is at each query."""

    def __init__(self, covers: CoversTable, selection: Any, *, by_time: bool) -> None:  # noqa: ANN401 - as above
        def query(operation: str) -> None:
            _query(operation)
            covers.now()

        super().__init__(covers.now(), selection, by_time=by_time, query=query)


def _query(operation: str) -> None:
    """Fail, die or pause at a query, as the current process's faults have it."""
    kind = _here.process.faults.next("mysql", operation)
    if kind in _KILLS:
        raise KilledError
    if kind in _PAUSES:
        pause()
    elif kind is not None:
        msg = "server has gone away"
        raise UserError(msg)


def _on_disk(method: Callable[..., None]) -> Callable[..., None]:
    """Return a method of a checkpoint at which the current process may die or pause."""

    def changed(*arguments: Any) -> None:  # noqa: ANN401 - the method's own
        kind = _here.process.faults.next("disk", method.__name__)
        if kind is Kind.KILLED_BEFORE:
            raise KilledError
        if kind is Kind.PAUSED_BEFORE:
            pause()
        method(*arguments)
        if kind is Kind.KILLED_AFTER:
            raise KilledError
        if kind is Kind.PAUSED_AFTER:
            pause()

    return changed


def _client(service: str, **_: object) -> Any:  # noqa: ANN401 - a fake client
    return getattr(_here.process.clients, service)


@asynccontextmanager
async def _async_client(service: str, **options: object) -> AsyncIterator[Any]:
    yield _client(service, **options)


async def _run_here(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever it takes and returns
    """Be `asyncio.to_thread`, in the order of the calls."""
    return function(*arguments, **named)
