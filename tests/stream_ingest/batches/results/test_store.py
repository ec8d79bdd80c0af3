from __future__ import annotations

import io
from typing import Any

import pytest

from stream_ingest.batches.results.store import CSV, JSON, ResultStore
from stream_ingest.contracts.errors import ConflictError, DecodeError
from tests.fakes.ingest.aws import OUTPUT, IngestAws

KEY = "results/processing-summaries/2026/11/processing_summary_b_20261106_212000.json"


def count_up(found: bytes | None) -> bytes:
    """Add one to the number in an object."""
    try:
        return b"%d" % (int(found or b"0") + 1)
    except ValueError as error:
        msg = "not a number"
        raise DecodeError(msg) from error


class Meddler:
    """A client before whose puts somebody else puts something, so many times."""

    def __init__(self, s3: Any, times: int) -> None:  # noqa: ANN401 - a boto3 client
        self._s3, self.left = s3, times

    def put_object(self, **request: Any) -> Any:  # noqa: ANN401 - as boto3
        if self.left:
            self.left -= 1
            self._s3.put_object(Bucket=OUTPUT, Key=KEY, Body=b"%d" % (1_000 * (self.left + 1)))
        return self._s3.put_object(**request)

    def __getattr__(self, operation: str) -> Any:  # noqa: ANN401 - as boto3
        return getattr(self._s3, operation)


@pytest.fixture
def store(aws: IngestAws) -> ResultStore:
    return ResultStore(aws.s3, OUTPUT)


def test_what_was_said_stays_said(aws: IngestAws, store: ResultStore) -> None:
    assert store.put_once(KEY, b"first", JSON, run="monday", note="1") == "1"
    assert store.put_once(KEY, b"second", JSON, run="monday", note="2") == "1"
    assert aws.read(OUTPUT, KEY) == store.read(KEY) == b"first"


def test_a_later_batch_of_the_same_name_has_the_say(aws: IngestAws, store: ResultStore) -> None:
    """Batches are forgotten after 400 days, what they came to is not."""
    store.put_once(KEY, b"first", JSON, run="last year", note="1")
    assert store.put_once(KEY, b"second", JSON, run="today", note="2") == "2"
    assert aws.read(OUTPUT, KEY) == b"second"


def test_a_file_is_put_from_its_beginning_however_often(aws: IngestAws, store: ResultStore) -> None:
    store.put_once(KEY, b"old", CSV, run="last year")
    file = io.BytesIO(b"a,b\n")
    file.seek(0, io.SEEK_END)
    store.put_once(KEY, file, CSV, run="today")
    assert aws.read(OUTPUT, KEY) == b"a,b\n"


def test_what_is_put_says_what_it_is_and_that_it_may_change(
    aws: IngestAws, store: ResultStore
) -> None:
    store.put_once(KEY, b"a", CSV, run="r")
    found = aws.s3.head_object(Bucket=OUTPUT, Key=KEY)
    assert (found["ContentType"], found["CacheControl"]) == ("text/csv; charset=utf-8", "no-cache")


def test_what_is_there_is_amended(aws: IngestAws, store: ResultStore) -> None:
    store.amend(KEY, count_up)
    store.amend(KEY, count_up)
    assert aws.read(OUTPUT, KEY) == b"2"


def test_what_others_put_meanwhile_is_amended_not_overwritten(aws: IngestAws) -> None:
    meddler: Any = Meddler(aws.s3, times=3)
    ResultStore(meddler, OUTPUT).amend(KEY, count_up)
    assert aws.read(OUTPUT, KEY) == b"1001"


def test_who_is_never_first_says_so(aws: IngestAws) -> None:
    meddler: Any = Meddler(aws.s3, times=100)
    with pytest.raises(
        ConflictError, match=r"processing_summary_b_\S+\.json was amended by others 8 times"
    ):
        ResultStore(meddler, OUTPUT).amend(KEY, count_up)


def test_nothing_is_put_where_nothing_changes(aws: IngestAws) -> None:
    meddler: Any = Meddler(aws.s3, times=0)
    store = ResultStore(meddler, OUTPUT)
    store.amend(KEY, lambda _: b"same")
    before = aws.s3.head_object(Bucket=OUTPUT, Key=KEY)["LastModified"]
    store.amend(KEY, lambda _: b"same")
    assert aws.s3.head_object(Bucket=OUTPUT, Key=KEY)["LastModified"] == before


def test_what_cannot_be_read_is_kept_and_told_and_does_not_stop_the_rest(aws: IngestAws) -> None:
    printed: list[str] = []
    aws.s3.put_object(Bucket=OUTPUT, Key=KEY, Body=b"edited by hand")
    ResultStore(aws.s3, OUTPUT, printed.append).amend(KEY, count_up)
    assert aws.read(OUTPUT, KEY) == b"1"
    assert aws.read(OUTPUT, f"{KEY}.unreadable") == b"edited by hand"
    assert printed == [KEY]
