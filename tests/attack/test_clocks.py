"""20,000 rows while every process has another time, minutes ahead or behind.

The functions' clocks are set by the hook of `tests.end_to_end.fault_hook`; those of the commands by
``faketime`` (Debian's package of that name), without which the test is skipped. The embedded AWS
does not check the time of a request's signature.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.attack.harness.accounting import differences
from tests.attack.harness.attacked_stack import LAYOUT, PATIENCE_S, attacked_stack
from tests.attack.harness.audit import audit
from tests.attack.harness.fault_draws import Rate
from tests.attack.harness.truth import Batch, codes_of, make_batches

pytestmark = [pytest.mark.slow, pytest.mark.timeout(PATIENCE_S + 900)]

ROWS_A_BATCH = 1_000
AT_ONCE = 3
CLOCKS_S = {
    "windowing": 300.0,
    "sweeper": -420.0,
    "collage": 540.0,
    "prefetch": -180.0,
    "intake": 240.0,
}
COMMAND_CLOCKS_S = (-600, -60, 0, 480, 900)
FUNCTIONS = {"dynamodb": Rate(share=0.03), "s3": Rate(share=0.03)}
"""A few faults, so that windows are delivered again and leases are compared between clocks."""


@pytest.fixture(scope="session")
def faketime() -> str:
    found = shutil.which("faketime")
    if found is None:
        hint = "faketime is not installed: apt-get install faketime"
        if os.environ.get("CI") == "true":
            pytest.fail(hint)
        pytest.skip(hint)
    return found


def test_clocks_that_are_off_lose_and_double_nothing(
    faketime: str, tmp_path: Path, attack_rows: int, attack_seed: int, show: Callable[[str], None]
) -> None:
    with attacked_stack(
        tmp_path, seed=attack_seed, commands={}, functions=FUNCTIONS, clocks_s=CLOCKS_S
    ) as stack:
        count = max(5, attack_rows // ROWS_A_BATCH)
        batches = make_batches(
            "clocks", stack.covers, seed=attack_seed, rows=attack_rows, batches=count
        )

        def send(place: int) -> None:
            batch: Batch = batches[place]
            path = tmp_path / f"{batch.batch_id}.csv"
            path.write_bytes(batch.csv())
            ahead_s = COMMAND_CLOCKS_S[place % len(COMMAND_CLOCKS_S)]
            under = (faketime, "-m", "--exclude-monotonic", "-f", f"{ahead_s:+d}s")
            stack.push(batch.batch_id, f"--csv={path}", "--flush", *LAYOUT, under=under)

        start = time.monotonic()
        with ThreadPoolExecutor(AT_ONCE) as senders:
            list(senders.map(send, range(len(batches))))
        waited = stack.settle([batch.batch_id for batch in batches])
        total_s = time.monotonic() - start
        found = audit(stack.clients, stack.outputs)
    codes = codes_of(batches)
    wrong = differences(codes, found)
    show(
        f"{stack.report()}\n{waited}\n{attack_rows:,} rows of {len(codes):,} covers, ended after"
        f" {total_s:.0f} s; differences: {wrong or 'none'}"
    )
    assert wrong == {}
