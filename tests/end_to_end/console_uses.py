"""Requests of the console, and the rights without which each of them fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tests.end_to_end.photo_people import BROKEN, KEY

WINDOW, BATCH = "first.one:000001", "operated"
RUN, RECORD, NOTICE, REQUEST, DROPPED, UPLOAD = (
    *("$run", "$record", "$notice"),
    *("$request", "$dropped", "$upload"),
)
"""What a test puts something in place of: a run, dead letters of three kinds, a large upload."""
ABANDONED = ("abandoned-1", "abandoned-2")
"""Batches that have begun, each to be abandoned once."""


class Use(NamedTuple):
    """A request under ``/api/``: a change, if it has a body."""

    path: str
    body: object = None

    def filled(self, values: Mapping[str, Any]) -> Use:
        """Return the use with values in place of names such as `RUN`."""
        return Use(self.path.replace(RUN, str(values[RUN])), _filled(self.body, values))


def _filled(body: object, values: Mapping[str, Any]) -> object:
    if isinstance(body, dict):
        return {key: _filled(each, values) for key, each in body.items()}
    if isinstance(body, list):
        return [_filled(each, values) for each in body]
    return values.get(body, body) if isinstance(body, str) else body


def _gets(*paths: str) -> Sequence[Use]:
    return [Use(path) for path in paths]


_OF_WINDOW, _OF_BATCH = f"windows/{WINDOW}", f"batches/{BATCH}"
_FILES = tuple(f"{_OF_BATCH}/{name}" for name in ("report.csv", "collages.zip"))
_REFUSED = f"{_OF_BATCH}/refused.csv"
_LARGE = {"gallery": "people", "name": "large.jpg", "bytes": 17 << 20}
_FAILURES = {"windows": [WINDOW], "rows": ["0" * 32]}
_DISCARD, _REBUILD, _STATES = (
    Use("failures/discard", _FAILURES),
    Use("replays", {"windows": [WINDOW]}),
    Use("windows/states", {"ids": [WINDOW]}),
)
_EMPTY_CELLS = Use("windows/empty-cells", {"ids": [WINDOW]})
_RETRY = Use("replays", {"retry": True, "batch": "failing"})
_RANGE = Use("replays", {"from": "2026-01-01", "to": "2026-01-02"})
_CANCEL = Use(f"replays/{RUN}/cancel", {})
_RENDER = Use("photos/render", {"key": BROKEN})


def _abandon(batch_id: str) -> Use:
    return Use(f"batches/{batch_id}/abandon", {})


def _redrive(letter: str) -> Use:
    return Use("failures/redrive", {"ids": [letter]})


def _of_upload(step: str) -> Use:
    return Use(f"photos/uploads/{step}", {"upload": UPLOAD})


FAILING: Mapping[str, Sequence[Use]] = {
    "cloudwatch:DescribeAlarms": _gets("alarms"),
    "cloudwatch:GetDashboard": _gets("dashboard", "alarms"),
    "cloudwatch:GetMetricData": _gets("dashboard"),
    "dynamodb:BatchGetItem": [
        *_gets("batches", "creators", "windows", "failures", "failures/csv"),
        *_gets(f"{_OF_BATCH}/windows", "photos?gallery=people", f"photos/one?key={KEY}"),
        *(_STATES, _EMPTY_CELLS, _REBUILD, _RENDER),
    ],
    "dynamodb:DeleteItem": [_DISCARD._replace(body={**_FAILURES, "undo": True})],
    "dynamodb:GetItem": [
        *_gets(_OF_BATCH, *_FILES, _REFUSED, _OF_WINDOW, f"{_OF_WINDOW}/timeline"),
        *_gets("creator?name=first.one", "search?q=first.one", f"replays/{RUN}/windows"),
    ],
    "dynamodb:PutItem": [
        _REBUILD,
        _RETRY,
        _RANGE,
        _DISCARD,
        _CANCEL,
        Use("photos/uploads", _LARGE),
    ],
    "dynamodb:Query": [
        *_gets("batches", _OF_BATCH, *_FILES, f"{_OF_BATCH}/windows", "windows", "replays"),
        *_gets("failures", "failures/csv", "failures/ids", "failures/totals", "uploads/all"),
        *_gets("search?q=first.one", "search/creators?q=first", "creator?name=first.one"),
        *_gets("photos?gallery=people", f"{_OF_WINDOW}/next-failure"),
        _RETRY,
    ],
    "dynamodb:Scan": _gets("creators", "search?q=first", "search/creators?q=first"),
    "dynamodb:UpdateItem": [_abandon(ABANDONED[0])],
    "events:CancelReplay": [_CANCEL],
    "events:PutEvents": [_redrive(NOTICE)],
    "events:StartReplay": [_RANGE],
    "kinesis:PutRecords": [_abandon(ABANDONED[1]), _redrive(RECORD)],
    "logs:GetQueryResults": _gets(f"{_OF_WINDOW}/timeline?logs=true"),
    "logs:StartQuery": _gets(f"{_OF_WINDOW}/timeline?logs=true"),
    "s3:AbortMultipartUpload": [_of_upload("abort")],
    "s3:DeleteObject": [_redrive(RECORD)],
    "s3:GetObject": [
        *_gets(_OF_BATCH, f"{_OF_BATCH}/collages.zip", _OF_WINDOW, f"{_OF_WINDOW}/timeline"),
        *_gets("failures/letters"),
        _EMPTY_CELLS,
    ],
    "s3:ListBucket": _gets(
        _REFUSED, "failures", "failures/csv", "failures/totals", "photos/galleries"
    ),
    "s3:ListMultipartUploadParts": [_of_upload("sent"), _of_upload("complete")],
    "s3:PutObject": [
        Use("failures/drop", {"ids": [DROPPED]}),
        Use("photos/uploads", _LARGE),
    ],
    "sqs:ChangeMessageVisibility": _gets("failures/letters"),
    "sqs:DeleteMessage": [_redrive(REQUEST)],
    "sqs:GetQueueAttributes": _gets("failures/counts", "failures/letters"),
    "sqs:ReceiveMessage": _gets("failures/letters"),
    "sqs:SendMessage": [_REBUILD, _RETRY, _redrive(REQUEST), _RENDER],
}
"""Actions, and what the console cannot do without each."""
_NOT_SENT = _of_upload("complete")
_ABORT = _of_upload("abort")
EVERY_USE: Sequence[Use] = [
    # Not the chart of an alarm: its queries are in a parameter of the embedded AWS alone.
    *_gets(
        "ready", "batches", f"{_OF_BATCH}/windows", "uploads", "uploads/all", "uploads/defaults"
    ),
    *_gets("photos/limits", "photos/jobs", "failures?what=rows", "failures?batch=failing"),
    Use("replays/count", {"windows": [WINDOW]}),
    Use("photos/states", {"keys": [KEY]}),
    Use("photos/uploads", {"gallery": "people", "name": "console.jpg", "bytes": 5}),
    *(use for uses in FAILING.values() for use in uses if use not in (_NOT_SENT, _ABORT)),
    _ABORT,
]
"""All of them, in an order in which each works: dead letters are left until they are dropped."""
OF_OTHER_COMMANDS = {
    "lambda:GetAccountSettings": "doctor",
    "lambda:ListEventSourceMappings": "doctor",
    "logs:DescribeLogGroups": "doctor",
    "s3:ListBucketVersions": "photos backfill",
}
"""Actions of statements that the console shares with other commands, which need them."""
