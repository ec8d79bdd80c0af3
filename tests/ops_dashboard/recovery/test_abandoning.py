from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from ops_dashboard.recovery import drop
from ops_dashboard.recovery.dead_letters import DeadLetter
from ops_dashboard.recovery.drop import abandoning
from stream_ingest.intake.jobs import Continuation, Job, ObjectId
from stream_ingest.records.codec import BatchHeader
from tests.fakes.ops.stack_outputs import stack_outputs

JOB = Job(
    object=ObjectId(bucket="in", key="csv-files/a.csv", etag="e"),
    header=BatchHeader(batch_id="csv-a", trigger="s3-trigger"),
    moves=True,
)
BODY = msgspec.json.encode(Continuation(job=JOB)).decode()


def letter(body: str) -> DeadLetter:
    return DeadLetter(
        kind="intake", ref="r", id="i", when="", why="", tries=3, about="a file", body=body
    )


@pytest.mark.parametrize(
    ("body", "batch", "abandoned"),
    [
        (BODY, SimpleNamespace(status="sending", owner=JOB.owner), "csv-a"),
        (BODY, SimpleNamespace(status="sending", owner="another push"), None),
        (BODY, SimpleNamespace(status="sent", owner=JOB.owner), None),
        (BODY, None, None),
        ('{"batch_id": "csv-a"}', SimpleNamespace(status="sending", owner=JOB.owner), None),
        ("no json", SimpleNamespace(status="sending", owner=JOB.owner), None),
    ],
)
def test_a_batch_is_abandoned_only_if_the_dropped_file_is_its_own(
    monkeypatch: pytest.MonkeyPatch, body: str, batch: object, abandoned: str | None
) -> None:
    calls: list[str] = []
    monkeypatch.setattr(drop, "abandon_in", lambda _, batch_id, __: calls.append(batch_id))
    registry: Any = SimpleNamespace(load=lambda _: batch)
    assert abandoning(registry, stack_outputs())(letter(body)) == abandoned
    assert calls == ([abandoned] if abandoned else [])
