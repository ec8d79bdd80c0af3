from __future__ import annotations

import pytest

from ops_dashboard.console.account import Account
from stream_ingest.push.refused_rows import RefusedRows
from stream_ingest.records.rows import RefusalReason, RowRefusal
from tests.fakes.ingest.aws import OUTPUT
from tests.ops_dashboard.console.running import RunningConsole

HOSTILE = "<script>\x07\u202e"


def refuse(account: Account, batch: str, *parts: int) -> None:
    """Store refused rows in parts of these sizes, numbered across parts."""
    rows = RefusedRows(account.s3, OUTPUT, batch)
    number = 0
    for size in parts:
        refusals = [
            RowRefusal(
                reason=RefusalReason.BAD_URL,
                creator=HOSTILE,
                cover=str(number + each),
                created_at="2026-11-21",
            )
            for each in range(size)
        ]
        rows.store(refusals)
        number += size


def test_batches_with_refused_rows_are_listed(console: RunningConsole, account: Account) -> None:
    assert console.get("/api/refused").json == {"batches": []}
    refuse(account, "20261120-a", 1)
    refuse(account, "20261121-b", 1)
    assert console.get("/api/refused").json == {"batches": ["20261121-b", "20261120-a"]}


@pytest.mark.parametrize("parts", [(3,), (100,), (101,), (100, 100), (250, 1, 3)])
def test_every_refused_row_is_shown_once_in_order(
    console: RunningConsole, account: Account, parts: tuple[int, ...]
) -> None:
    refuse(account, "b", *parts)
    shown, after = [], "1.0"
    while after:
        page = console.get(f"/api/refused/b?after={after}").json
        shown += [row["cover"] for row in page["rows"]]
        after = page["next"]
    assert shown == [str(number) for number in range(sum(parts))]


def test_a_row_is_shown_unchanged(console: RunningConsole, account: Account) -> None:
    refuse(account, "b", 1)
    (row,) = console.get("/api/refused/b").json["rows"]
    assert (row["creator"], row["reason"]) == (HOSTILE, "bad_url")


def test_a_batch_without_refusals_has_an_empty_page(console: RunningConsole) -> None:
    assert console.get("/api/refused/none").json == {"rows": [], "reasons": {}, "next": None}


@pytest.mark.parametrize(
    "path", ["/api/refused/b?after=x", "/api/refused/b?after=1.-1", "/api/refused/..%2Fx"]
)
def test_an_invalid_position_is_a_bad_request(console: RunningConsole, path: str) -> None:
    assert console.get(path).status == 400
