"""Ten minutes of a few rows a second: no row is lost or doubled, and no process grows.

ATTACK_MINUTES chooses another duration. The memory of `follow`, the console and each function's
processes is sampled after a warm-up. The embedded AWS is not judged: it keeps what it stores in
memory.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from ops_dashboard.local.demo.console import running_console
from ops_dashboard.local.mysql.server import PrivateMariaDb
from ops_dashboard.local.mysql.videos_table import create_schema
from tests.attack.harness.accounting import differences
from tests.attack.harness.attacked_stack import PATIENCE_S, AttackedStack, attacked_stack
from tests.attack.harness.audit import audit
from tests.attack.harness.memory import MemoryLog, functions_of, growth, report
from tests.attack.harness.source_table import following, load
from tests.attack.harness.truth import Batch, codes_of, make_batches

MINUTES = float(os.environ.get("ATTACK_MINUTES", "10"))
WARM_UP_MINUTES = 3
ROWS_A_LOAD = 12
LOAD_EVERY_S = 4.0
MAX_MB_PER_MINUTE = 0.5
MAX_GROWTH_MB = 4.0
"""A process is flat if its slope is below the first, and the median of its last third of samples is
above that of its first third by less than the second."""
JUDGED = ("follow", "console", "windowing", "collage", "sweeper")
LAYOUT = ("--grid=2x3", "--cell-px=64")
CONSOLE_PATHS = (
    "/",
    "/api/dashboard",
    "/api/batches",
    "/api/windows",
    "/api/creators",
    "/creators",
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60 * (MINUTES + WARM_UP_MINUTES) + PATIENCE_S)]


@contextmanager
def visiting(address: str) -> Iterator[list[int]]:
    """Request pages of the console all the time; yields the statuses of its answers."""
    over, statuses = threading.Event(), list[int]()

    def visit() -> None:
        for path in itertools.cycle(CONSOLE_PATHS):
            if over.wait(1):
                return
            with urllib.request.urlopen(f"{address}{path}", timeout=120) as answer:  # noqa: S310 - ours
                answer.read()
                statuses.append(answer.status)

    thread = threading.Thread(target=visit)
    thread.start()
    try:
        yield statuses
    finally:
        over.set()
        thread.join()


def processes_of(
    stack: AttackedStack, follower: psutil.Process
) -> Iterable[tuple[str, psutil.Process]]:
    """Yield the processes to sample, by what they run."""
    yield "follow", follower
    for child in psutil.Process().children():
        if "serve" in child.cmdline():
            yield "console", child
    names = {getattr(stack.outputs, f"{name}_function"): name for name in JUDGED[2:]}
    for function, process in functions_of(stack.aws.instance.group):
        if function in names:
            yield names[function], process


def test_a_drip_of_rows_lets_no_process_grow(
    mariadb_url: str, tmp_path: Path, attack_seed: int, show: Callable[[str], None]
) -> None:
    assert mariadb_url
    count = round(60 * (MINUTES + WARM_UP_MINUTES) / LOAD_EVERY_S)
    with (
        PrivateMariaDb() as server,
        attacked_stack(tmp_path, seed=attack_seed, commands={}, functions={}) as stack,
        running_console(stack.variables, tmp_path) as address,
    ):
        asyncio.run(create_schema(server.url))
        batches = make_batches(
            "drip", stack.covers, seed=attack_seed, rows=ROWS_A_LOAD * count, batches=count
        )
        since = f"{batches[0].rows[0].created_at:%Y-%m-%dT%H:%M:%S}"
        with (
            following(stack, server.url, since, "--every=2s", *LAYOUT) as follower,
            visiting(address.rstrip("/")) as statuses,
        ):
            warm = round(60 * WARM_UP_MINUTES / LOAD_EVERY_S)
            drip(server.url, batches[:warm])
            with MemoryLog(lambda: processes_of(stack, follower)) as log:
                drip(server.url, batches[warm:])
            stack.wait_for_covers(len(codes_of(batches)))
        stack.settle(stack.statuses())
        wrong = differences(codes_of(batches), audit(stack.clients, stack.outputs))
    grown = {name: growth(samples) for name, samples in log.long_lived().items()}
    show(
        f"{report(grown)}\n{ROWS_A_LOAD * count:,} rows in {MINUTES + WARM_UP_MINUTES:g} minutes,"
        f" {len(statuses):,} pages of the console; differences: {wrong or 'none'}"
    )
    assert wrong == {}
    assert set(statuses) == {200}
    assert {name.partition(" ")[0] for name in grown} == set(JUDGED)
    assert {
        name: each
        for name, each in grown.items()
        if each.mb_per_minute > MAX_MB_PER_MINUTE or each.last_mb - each.first_mb > MAX_GROWTH_MB
    } == {}


def drip(url: str, batches: list[Batch]) -> None:
    """Insert the rows of a batch every `LOAD_EVERY_S`."""
    start = time.monotonic()
    for place, batch in enumerate(batches, start=1):
        load(url, batch.rows)
        time.sleep(max(0, start + place * LOAD_EVERY_S - time.monotonic()))  # the drip's pace
