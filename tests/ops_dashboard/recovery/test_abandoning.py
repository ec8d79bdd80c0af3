from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from ops_dashboard.recovery import drop
from ops_dashboard.recovery.dead_letters import DeadLetter
from ops_dashboard.recovery.drop import abandoning
from ops_dashboard.recovery.letter_jobs import LetterJobs
from ops_dashboard.recovery.outgoing import as_continuation
from stream_ingest.intake.job_item import JobState
from stream_ingest.intake.jobs import Continuation, Job, ObjectId, former_batch_id, job_of
from stream_ingest.intake.request_message import read_request
from stream_ingest.intake.requests import request_id
from stream_ingest.intake.uploads import Upload, announce
from stream_ingest.records.codec import BatchHeader
from tests.fakes.ops.stack_outputs import stack_outputs

BUCKET, KEY = "input", "csv-files/a.csv"


def job(batch_id: str, key: str = KEY, requested: str = "") -> Job:
    return Job(
        object=ObjectId(bucket=BUCKET, key=key, etag="e"),
        header=BatchHeader(batch_id=batch_id, trigger="s3-trigger"),
        moves=not requested,
        requested=requested,
    )


JOB = job("csv-a")
CONTINUATION = msgspec.json.encode(Continuation(job=JOB)).decode()
UPLOAD = Upload(bucket=BUCKET, key=KEY, etag="e", sequencer="1", version="v1")
EVENT = json.dumps(announce(UPLOAD))
REQUEST = {"s3_bucket": BUCKET, "s3_key": "uploads/a.csv"}
DIGEST = read_request(REQUEST).digest


class Jobs:
    """A job store."""

    def __init__(self, *known: Job) -> None:
        self._known = {each.batch_id: each for each in known}
        self.given_up: list[str] = []

    def load(self, batch_id: str) -> JobState | None:
        found = self._known.get(batch_id)
        return JobState(job=found, started_at=1) if found else None

    def give_up(self, job: Job) -> None:
        self.given_up.append(job.batch_id)


def letter(body: str, kind: str = "intake") -> DeadLetter:
    return DeadLetter(
        kind=kind, ref="r", id="m-1", when="", why="", tries=3, about="a file", body=body
    )


def jobs_of(body: str, *known: Job) -> list[str]:
    store: Any = Jobs(*known)
    return [each.batch_id for each in LetterJobs(store, BUCKET).of(letter(body))]


def new_job(upload: Upload = UPLOAD) -> Job:
    found = job_of(upload, is_own=True)
    assert found is not None
    return found


NEW = new_job().batch_id
OWN = request_id("uploads/a.csv", "m-1")


@pytest.mark.parametrize(
    ("body", "known", "found"),
    [
        (CONTINUATION, [], ["csv-a"]),
        (EVENT, [new_job()], [NEW]),
        (EVENT, [], [NEW]),  # it never began
        (EVENT, [job(former_batch_id(UPLOAD))], [former_batch_id(UPLOAD)]),
        (json.dumps(announce(Upload(bucket=BUCKET, key="a.csv", etag="e", version="v"))), [], []),
        (json.dumps(REQUEST), [job(OWN, "uploads/a.csv", DIGEST)], [OWN]),
        (json.dumps(REQUEST), [], []),
        (json.dumps({**REQUEST, "batch_id": "b"}), [job("b", "uploads/a.csv", DIGEST)], ["b"]),
        (json.dumps({**REQUEST, "batch_id": "b"}), [job("b", "uploads/other.csv", DIGEST)], []),
        (json.dumps({**REQUEST, "batch_id": "b"}), [job("b", "uploads/a.csv", "another")], []),
        (json.dumps({**REQUEST, "s3_key": 7}), [], []),
        ('{"Records": [{"eventSource": "aws:s3", "s3": 1}]}', [], []),
        ("[]", [], []),
        ("no json", [], []),
    ],
)
def test_a_letter_names_the_jobs_that_it_would_continue(
    body: str, known: list[Job], found: list[str]
) -> None:
    assert jobs_of(body, *known) == found


def test_a_request_that_has_begun_is_redriven_as_the_batch_that_it_was() -> None:
    """Its batch is named by its message, and the redriven message is another one.

    So rows of a batch without deduplication were in two windows.
    """
    begun = job(OWN, "uploads/a.csv", DIGEST)
    store: Any = Jobs(begun)
    body = json.dumps(REQUEST)
    sent = as_continuation(body, LetterJobs(store, BUCKET).of(letter(body)))
    assert msgspec.json.decode(sent, type=Continuation).job == begun
    assert as_continuation(body, []) == body
    assert as_continuation(EVENT, [new_job()]) == EVENT  # S3's event names its batch itself


@pytest.mark.parametrize(
    ("body", "batch", "abandoned", "given_up"),
    [
        (CONTINUATION, SimpleNamespace(status="sending", owner=JOB.owner), "csv-a", []),
        (CONTINUATION, SimpleNamespace(status="abandoning", owner=JOB.owner), "csv-a", []),
        (CONTINUATION, SimpleNamespace(status="sending", owner="another push"), None, []),
        (
            CONTINUATION,
            SimpleNamespace(status="sent", owner=JOB.owner, is_drained=False),
            "csv-a",
            [],
        ),
        (CONTINUATION, SimpleNamespace(status="sent", owner=JOB.owner, is_drained=True), None, []),
        (CONTINUATION, SimpleNamespace(status="ended", owner=JOB.owner), None, []),
        (CONTINUATION, None, None, ["csv-a"]),
        (EVENT, SimpleNamespace(status="sending", owner=new_job().owner), NEW, []),
        (EVENT, None, None, [NEW]),
        (json.dumps(REQUEST), None, None, []),
        ('{"batch_id": "csv-a"}', SimpleNamespace(status="sending", owner=JOB.owner), None, []),
        ("no json", SimpleNamespace(status="sending", owner=JOB.owner), None, []),
    ],
)
def test_a_batch_is_abandoned_only_if_the_dropped_file_is_its_own(
    monkeypatch: pytest.MonkeyPatch,
    body: str,
    batch: object,
    abandoned: str | None,
    given_up: list[str],
) -> None:
    """A file of which nothing was read is given up: the sweeper would find it."""
    calls: list[str] = []
    monkeypatch.setattr(drop, "abandon_in", lambda _, batch_id, __: calls.append(batch_id))
    registry: Any = SimpleNamespace(load=lambda _: batch)
    store: Any = Jobs()
    abandon = abandoning(registry, LetterJobs(store, BUCKET), stack_outputs())
    assert abandon(letter(body)) == abandoned
    assert calls == ([abandoned] if abandoned else [])
    assert store.given_up == given_up
    assert abandon(letter(body, "collage")) is None
