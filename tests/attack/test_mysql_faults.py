"""20,000 rows of a database that is slow, falls silent, breaks connections, dies and comes back.

Each push is resumed as long as it fails; a follower is never restarted.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from ops_dashboard.local.mysql.server import PrivateMariaDb
from ops_dashboard.local.mysql.videos_table import create_schema
from tests.attack.harness.accounting import differences
from tests.attack.harness.attacked_stack import LAYOUT, PATIENCE_S, AttackedStack, attacked_stack
from tests.attack.harness.audit import audit
from tests.attack.harness.source_table import FORMAT, following, load
from tests.attack.harness.tcp_proxy import End, TcpFault, TcpProxy
from tests.attack.harness.truth import Batch, codes_of, make_batches

pytestmark = [pytest.mark.slow, pytest.mark.timeout(PATIENCE_S + 900)]

ROWS_A_BATCH = 1_000
TIMEOUTS = "read-timeout=3s&connect-timeout=3s"
DEAD_S = 1.5
FAULT_WITHIN_S = 180
SKIPPED_BY_PUSHES, SKIPPED_BY_FOLLOWER = (1, 9), (3, 6)
BYTES_A_ROW = 100
"""Less than a row has in a result."""
SLOW_BYTES_PER_S = 400_000
FOLLOWED_SHARE = 10
"""The follower gets a tenth of the rows, or the least number."""
MIN_FOLLOWED = 400
LOADS = 12
_TICK_S = 0.05


class Breaker:
    """Arms one fault after the other: each end once a round, at a random byte.

    After each it lets connections pass, because a push that fails begins its page anew, and a
    follower waits longer after each failure that follows another.
    """

    def __init__(self, proxy: TcpProxy, seed: int, max_bytes: int, skip: tuple[int, int]) -> None:
        """Break connections of `proxy` within their first `max_bytes`; let `skip` pass between."""
        self._proxy, self._max_bytes, self._skip = proxy, max_bytes, skip
        self._rng = random.Random(seed)  # noqa: S311 - faults, not secrets
        self._over = threading.Event()
        self.injected: list[End] = []

    def run(self) -> None:
        """Inject faults until `stop`."""
        for _ in itertools.count():
            ends = list(End)
            self._rng.shuffle(ends)
            for end in ends:
                self._proxy.slow_down(self._rng.choice((None, SLOW_BYTES_PER_S)))
                after = self._rng.randrange(100, self._max_bytes)
                skip = self._rng.randint(*self._skip)
                self._proxy.arm(TcpFault(end=end, after_bytes=after, skip=skip))
                while not self._proxy.injected:
                    if self._over.wait(_TICK_S):
                        return
                self.injected.append(end)
                if end is End.DEATH:
                    self._over.wait(DEAD_S)
                    self._proxy.come_back()

    def stop(self) -> None:
        """Inject nothing more, and let the database live."""
        self._over.set()

    def report(self) -> str:
        """Return how often each fault was injected."""
        counts = ", ".join(f"{self.injected.count(end)} {end}" for end in End)
        return f"connections: {self._proxy.connections:,}; injected: {counts}"


@contextmanager
def breaking(
    proxy: TcpProxy, seed: int, max_bytes: int, skip: tuple[int, int]
) -> Iterator[Breaker]:
    breaker = Breaker(proxy, seed, max_bytes, skip)
    thread = threading.Thread(target=breaker.run)
    thread.start()
    try:
        yield breaker
    finally:
        breaker.stop()
        thread.join()
        proxy.arm(None)
        proxy.slow_down(None)
        proxy.come_back()


@pytest.fixture
def database(mariadb_url: str) -> Iterator[tuple[str, str, TcpProxy]]:
    """URLs of a server: for the test and, through a proxy, for the commands; and the proxy."""
    assert mariadb_url
    with PrivateMariaDb() as server, TcpProxy(server.port) as proxy:
        asyncio.run(create_schema(server.url))
        behind = server.url.replace(f":{server.port}/", f":{proxy.port}/")
        yield server.url, f"{behind}?{TIMEOUTS}", proxy


def range_of(batch: Batch) -> tuple[str, str]:
    """Return the options that select the rows of a batch."""
    since, last = batch.rows[0].created_at, batch.rows[-1].created_at
    until = last + timedelta(seconds=1)
    return f"--since={since:{FORMAT}}", f"--until={until:{FORMAT}}"


def check(stack: AttackedStack, batches: list[Batch], show: Callable[[str], None]) -> None:
    show(stack.settle(stack.statuses()))
    found = audit(stack.clients, stack.outputs)
    wrong = differences(codes_of(batches), found)
    rows = sum(len(batch.rows) for batch in batches)
    show(f"{rows:,} rows of {len(codes_of(batches)):,} covers; differences: {wrong or 'none'}")
    assert wrong == {}


def test_pushes_of_a_dying_database_lose_and_double_nothing(
    database: tuple[str, str, TcpProxy],
    tmp_path: Path,
    attack_rows: int,
    attack_seed: int,
    show: Callable[[str], None],
) -> None:
    direct, behind, proxy = database
    with attacked_stack(tmp_path, seed=attack_seed, commands={}, functions={}) as stack:
        count = max(4, attack_rows // ROWS_A_BATCH)
        batches = make_batches(
            "mysql", stack.covers, seed=attack_seed, rows=attack_rows, batches=count
        )
        for batch in batches:
            load(direct, batch.rows)
        bytes_a_batch = BYTES_A_ROW * attack_rows // count
        start, resumed = time.monotonic(), 0
        with breaking(proxy, attack_seed, bytes_a_batch, SKIPPED_BY_PUSHES) as breaker:
            for batch in batches:
                options = (f"--mysql={behind}", *range_of(batch), "--flush", *LAYOUT)
                resumed += stack.push(batch.batch_id, *options)
        sent_s = time.monotonic() - start
        show(f"{breaker.report()}; {resumed} resumed; sent in {sent_s:.0f} s")
        check(stack, batches, show)
    assert set(breaker.injected) == set(End)


def test_a_follower_outlives_a_dying_database(
    database: tuple[str, str, TcpProxy],
    tmp_path: Path,
    attack_rows: int,
    attack_seed: int,
    show: Callable[[str], None],
) -> None:
    direct, behind, proxy = database
    with attacked_stack(tmp_path, seed=attack_seed, commands={}, functions={}) as stack:
        rows = max(MIN_FOLLOWED, attack_rows // FOLLOWED_SHARE)
        batches = make_batches("follow", stack.covers, seed=attack_seed, rows=rows, batches=LOADS)
        since = batches[0].rows[0].created_at.strftime(FORMAT)
        with following(stack, behind, since, "--every=1s", *LAYOUT):
            with breaking(
                proxy, attack_seed, BYTES_A_ROW * rows // LOADS, SKIPPED_BY_FOLLOWER
            ) as breaker:
                for batch in batches:
                    load(direct, batch.rows)
                    wait_for_faults(breaker, len(breaker.injected) + 1)
            stack.wait_for_covers(len(codes_of(batches)))
        show(breaker.report())
        check(stack, batches, show)
    assert set(breaker.injected) == set(End)


def wait_for_faults(breaker: Breaker, count: int) -> None:
    deadline = time.monotonic() + FAULT_WITHIN_S
    while len(breaker.injected) < count:
        assert time.monotonic() < deadline, "no connection reached the fault"
        time.sleep(_TICK_S)  # polls a condition
