"""20,000 rows while AWS delays, refuses, executes without an answer and resets connections.

ATTACK_ROWS and ATTACK_SEED choose another size and other faults; the report is printed in any case.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.attack.harness.accounting import differences
from tests.attack.harness.attacked_stack import LAYOUT, PATIENCE_S, AttackedStack, attacked_stack
from tests.attack.harness.audit import audit
from tests.attack.harness.fault_draws import Rate
from tests.attack.harness.truth import Batch, codes_of, make_batches

pytestmark = [pytest.mark.slow, pytest.mark.timeout(PATIENCE_S + 900)]

ROWS_A_BATCH = 1_000
SUBMITTED = 4
"""Every so many batches, one is requested with `submit` instead of pushed."""
AT_ONCE = 4
COMMANDS = {
    "dynamodb": Rate(share=0.35, delays_s=(0.05, 1)),
    "kinesis": Rate(share=0.35, delays_s=(0.05, 1)),
    "s3": Rate(share=0.3, delays_s=(0.05, 1)),
    "sqs": Rate(share=0.3, delays_s=(0.05, 1)),
    "ssm": Rate(share=0.2, delays_s=(0.05, 1)),
}
FUNCTIONS = {
    "dynamodb": Rate(share=0.06),
    "events": Rate(share=0.2),
    "kinesis": Rate(share=0.3),
    "s3": Rate(share=0.06),
    "sqs": Rate(share=0.2),
}
CERTAIN_IN_COMMANDS = ("dynamodb", "kinesis")
CERTAIN_IN_FUNCTIONS = ("dynamodb", "events", "s3")
"""Services that are called so often that each of their faults has to occur."""
CERTAIN_ROWS = 10_000
"""With fewer rows, commands call their services too seldom."""


def send(stack: AttackedStack, batches: list[Batch], folder: Path) -> None:
    """Push or submit each batch, several at a time; a push that fails is resumed."""

    def send_one(place: int) -> None:
        batch = batches[place]
        path = folder / f"{batch.batch_id}.csv"
        path.write_bytes(batch.csv())
        if place % SUBMITTED:
            stack.push(batch.batch_id, f"--csv={path}", "--flush", *LAYOUT)
        else:
            stack.submit(batch.batch_id, path)

    with ThreadPoolExecutor(AT_ONCE) as senders:
        list(senders.map(send_one, range(len(batches))))


def test_no_row_is_lost_doubled_or_stuck_while_aws_fails(
    tmp_path: Path, attack_rows: int, attack_seed: int, show: Callable[[str], None]
) -> None:
    with attacked_stack(
        tmp_path, seed=attack_seed, commands=COMMANDS, functions=FUNCTIONS
    ) as stack:
        start = time.monotonic()
        count = max(4, attack_rows // ROWS_A_BATCH)
        batches = make_batches(
            "aws", stack.covers, seed=attack_seed, rows=attack_rows, batches=count
        )
        send(stack, batches, tmp_path)
        sent_s = time.monotonic() - start
        waited = stack.settle([batch.batch_id for batch in batches])
        total_s = time.monotonic() - start
        found = audit(stack.clients, stack.outputs)
    codes = codes_of(batches)
    wrong = differences(codes, found)
    show(
        f"{stack.report()}\n{waited}\n{attack_rows:,} rows of {len(codes):,} covers,"
        f" sent in {sent_s:.0f} s, ended after {total_s:.0f} s; differences: {wrong or 'none'}"
    )
    assert wrong == {}
    assert stack.functions.draws.never_injected(*CERTAIN_IN_FUNCTIONS) == []
    if attack_rows >= CERTAIN_ROWS:
        assert stack.commands.draws.never_injected(*CERTAIN_IN_COMMANDS) == []
