from __future__ import annotations

import re
from typing import Any

import pytest

from stream_ingest.batches.batch_id import check_batch_id, new_batch_id
from stream_ingest.batches.batch_item import BATCH_LIFE_S, BatchAbandonedError, BatchTakenError
from stream_ingest.batches.progress import Counted
from stream_ingest.batches.registry import Totals
from stream_ingest.contracts.errors import ConflictError, UserError
from stream_ingest.contracts.settings import FlushPolicy
from stream_ingest.contracts.timestamps import from_epoch_s
from stream_ingest.records.codec import BUCKETS
from stream_ingest.windowing.rules.fold import Rules, fold
from stream_ingest.windowing.rules.state import CreatorState
from tests.fakes.ingest.aws import IngestAws
from tests.fakes.ingest.rows import NOW_S, arrivals, header


@pytest.mark.parametrize("batch_id", ["b", "20261121-030512-9f3a", "A.b_c-d", "x" * 120, "7"])
def test_a_batch_id_is_letters_digits_and_a_few_marks(batch_id: str) -> None:
    assert check_batch_id(batch_id) == batch_id


@pytest.mark.parametrize(
    "batch_id", ["", " ", "a b", "a/b", "../x", "-a", ".a", "a#b", "é", "x" * 121, "a\n"]
)
def test_anything_else_names_no_batch(batch_id: str) -> None:
    with pytest.raises(UserError, match="batch id"):
        check_batch_id(batch_id)


def test_a_batch_is_registered_once(aws: IngestAws) -> None:
    aws.registry.register(header("b", flush=FlushPolicy(kind="batch-end")))
    batch = aws.registry.load("b")
    assert batch is not None
    assert (batch.status, batch.flush, batch.buckets, batch.drained) == (
        "sending",
        "batch-end",
        BUCKETS,
        0,
    )
    assert batch.started_at == from_epoch_s(NOW_S).isoformat()
    item = aws.item("batch#b", "batch")
    assert item is not None
    assert item["expires_at"] == NOW_S + BATCH_LIFE_S
    with pytest.raises(UserError, match="exists already"):
        aws.registry.register(header("b"))
    assert aws.registry.load("b") == batch


def test_a_batch_knows_where_its_rows_came_from(aws: IngestAws) -> None:
    aws.registry.register(header("b"), "s3://in/csv-files/covers.csv?versionId=7")
    aws.registry.register(header("older"))
    batch, progress = aws.registry.load("b"), aws.registry.progress("b")
    older = aws.registry.load("older")
    assert batch is not None
    assert progress is not None
    assert older is not None
    assert batch.source == progress.source == "s3://in/csv-files/covers.csv?versionId=7"
    assert older.source is None


def test_a_registration_that_the_sdk_repeats_after_a_lost_answer_is_ones_own(
    aws: IngestAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user of a new id must not be refused because it exists already."""
    put = aws.dynamodb.put_item

    def twice(**request: Any) -> Any:  # noqa: ANN401 - boto's own
        put(**request)
        return put(**request)

    monkeypatch.setattr(aws.dynamodb, "put_item", twice)
    aws.registry.register(header("b"))
    assert aws.registry.load("b") is not None


def test_nobody_registered_what_is_not_there(aws: IngestAws) -> None:
    assert aws.registry.load("b") is None
    assert aws.registry.progress("b") is None
    assert not aws.registry.record_drained("b", {1})
    assert not aws.registry.move("b", "sent", "ended")
    assert aws.snapshot() == []


def test_totals_are_absolute_so_that_writing_them_twice_is_the_same(aws: IngestAws) -> None:
    aws.registry.register(header("b"))
    aws.registry.record_totals("b", Totals(rows_read=5, rows_sent=3, refused={}), sent=False)
    for _ in range(2):
        totals = Totals(rows_read=10, rows_sent=8, refused={"expired": 2})
        aws.registry.record_totals("b", totals, sent=True)
    batch = aws.registry.load("b")
    assert batch is not None
    assert (batch.rows_read, batch.rows_sent, batch.refused) == (10, 8, {"expired": 2})
    assert batch.status == "sent"


def test_totals_noted_on_the_way_do_not_take_back_that_all_is_sent(aws: IngestAws) -> None:
    """A push that was killed behind its last totals notes some on its way again when resumed."""
    aws.registry.register(header("b"))
    aws.registry.record_totals("b", Totals(rows_read=2, rows_sent=2), sent=True)
    aws.registry.record_totals("b", Totals(rows_read=1, rows_sent=1), sent=False)
    batch = aws.registry.load("b")
    assert batch is not None
    assert (batch.status, batch.rows_sent) == ("sent", 1)


@pytest.mark.parametrize("status", ["flushed", "ended"])
def test_the_totals_of_a_batch_that_was_flushed_stay(aws: IngestAws, status: str) -> None:
    aws.registry.register(header("b"))
    aws.registry.record_totals("b", Totals(), sent=True)
    aws.registry.move("b", "sent", status)
    for sent in (False, True):
        with pytest.raises(ConflictError):
            aws.registry.record_totals("b", Totals(rows_read=1), sent=sent)


def test_a_batch_is_drained_with_its_last_bucket(aws: IngestAws) -> None:
    aws.registry.register(header("b"))
    assert not aws.registry.record_drained("b", set(range(100)))
    assert not aws.registry.record_drained("b", {5})
    assert aws.registry.record_drained("b", set(range(90, BUCKETS)))
    assert aws.registry.record_drained("b", {7}), "a redelivered end says so again"
    drained = aws.snapshot()
    aws.clock.advance(60)
    assert aws.registry.record_drained("b", {7})
    assert aws.snapshot() == drained, "and changes nothing, whenever it comes"


def test_a_batch_moves_from_where_it_was_and_from_nowhere_else(aws: IngestAws) -> None:
    aws.registry.register(header("b"))
    assert not aws.registry.move("b", "sent", "flushed")
    assert aws.registry.move("b", "sending", "sent")
    assert not aws.registry.move("b", "sending", "sent")


def test_batches_are_found_by_their_status_and_windows_are_not(aws: IngestAws) -> None:
    for name in ("a", "b", "c"):
        aws.registry.register(header(name))
    aws.registry.move("b", "sending", "sent")
    state = CreatorState(creator="charli")
    aws.store.commit(state, fold(state, arrivals([1], header(images=1)), NOW_S, Rules()), NOW_S)
    assert sorted(aws.registry.ids_in("sending")) == ["a", "c"]
    assert list(aws.registry.ids_in("sent")) == ["b"]
    assert list(aws.registry.ids_in("ready")) == []


def test_progress_is_read_off_the_windows_and_the_count_that_was_noted(aws: IngestAws) -> None:
    batch = header("b", images=2)
    aws.registry.register(batch)
    state = CreatorState(creator="charli")
    aws.store.commit(state, fold(state, arrivals([1, 2, 3, 3], batch), NOW_S, Rules()), NOW_S)
    before = aws.registry.progress("b")
    assert before is not None
    assert (before.rows_accepted, before.refused, before.windows) == (2, {}, 1)
    assert (before.windows_by_status, before.open_images) == ({"waiting": 1}, 0)
    assert (before.settled, before.ended, before.collages) == (False, False, 0)

    counted = Counted(accepted=3, duplicates=1, windows=1, open_images=1, since=NOW_S, final=True)
    aws.registry.record_count("b", counted)
    after = aws.registry.progress("b")
    assert after is not None
    assert (after.rows_accepted, after.refused, after.windows) == (3, {"duplicate": 1}, 1)
    assert (after.windows_by_status, after.open_images) == ({"waiting": 1}, 1)
    batch_now = aws.registry.load("b")
    assert batch_now is not None
    assert batch_now.counted == counted


def test_a_final_count_stays_and_only_a_registered_batch_has_one(aws: IngestAws) -> None:
    assert not aws.registry.record_count("b", Counted())
    assert aws.snapshot() == []
    aws.registry.register(header("b"))
    assert aws.registry.record_count("b", Counted(accepted=1))
    assert aws.registry.record_count("b", Counted(accepted=2, final=True))
    assert not aws.registry.record_count("b", Counted(accepted=1))
    batch = aws.registry.load("b")
    assert batch is not None
    assert batch.counted == Counted(accepted=2, final=True)


def test_a_batch_ends_when_its_rows_are_counted_and_its_windows_have_ended(aws: IngestAws) -> None:
    batch = header("b", images=1)
    aws.registry.register(batch)
    state = CreatorState(creator="charli")
    aws.store.commit(state, fold(state, arrivals([1], batch), NOW_S, Rules()), NOW_S)
    aws.registry.record_totals(
        "b", Totals(rows_read=2, rows_sent=1, refused={"expired": 1}), sent=True
    )
    aws.registry.record_drained("b", set(range(BUCKETS)))
    aws.registry.record_count("b", Counted(accepted=1, windows=1, since=NOW_S, final=True))
    under_way = aws.registry.progress("b")
    assert under_way is not None
    assert (under_way.settled, under_way.ended) == (True, False)
    aws.set_item("charli", "window#000001", status="completed", images_ok=1, images_failed=0)
    ended = aws.registry.progress("b")
    assert ended is not None
    assert (ended.ended, ended.collages, ended.images_ok) == (True, 1, 1)


def test_a_generated_batch_id_is_valid_and_sorts_by_time() -> None:
    assert re.fullmatch(r"\d{8}-\d{6}-[0-9a-f]{4}", new_batch_id())
    assert new_batch_id() != new_batch_id()


def test_a_batch_belongs_to_whoever_registered_it(aws: IngestAws) -> None:
    """Two pushes under one id would take each other's rows for their own repeated ones."""
    aws.registry.register(header("b"), "/data/a.csv", owner="a")
    aws.registry.record_totals("b", Totals(rows_read=5, rows_sent=5), sent=True)
    before = aws.snapshot()
    aws.registry.register(header("b"), "/data/a.csv", owner="a")  # of a push that is resumed
    for other in ("another", None):
        with pytest.raises(BatchTakenError, match=r"'b' exists already, from /data/a.csv"):
            aws.registry.register(header("b"), "/data/a.csv", owner=other)
    assert aws.snapshot() == before


def test_a_batch_belongs_to_its_owner_even_after_its_end(aws: IngestAws) -> None:
    aws.registry.register(header("b"), owner="a")
    aws.registry.move("b", "sending", "ended")
    with pytest.raises(BatchTakenError):
        aws.registry.register(header("b"), owner="another")


def test_a_push_of_an_earlier_version_owns_the_batch_of_its_source_and_settings(
    aws: IngestAws,
) -> None:
    aws.registry.register(header("b", images=5), "/data/a.csv")
    aws.registry.register(header("b", images=5), "/data/a.csv", owner="")
    for others, source in ((header("b", images=6), "/data/a.csv"), (header("b", images=5), "c")):
        with pytest.raises(BatchTakenError):
            aws.registry.register(others, source, owner="")


@pytest.mark.parametrize("status", ["sending", "sent"])
def test_an_abandoned_batch_is_closed_to_its_producer(aws: IngestAws, status: str) -> None:
    aws.registry.register(header("b"), owner="a")
    aws.registry.record_totals("b", Totals(rows_read=9, rows_sent=4), sent=status == "sent")
    batch = aws.registry.abandon("b", "arn:ann")
    assert (batch.status, batch.abandoned_by) == ("abandoning", "arn:ann")
    assert batch.abandoned_at == "2026-11-06T21:20:00Z"
    before = aws.snapshot()
    for refused in (
        lambda: aws.registry.record_totals("b", Totals(rows_read=10), sent=False),
        lambda: aws.registry.record_totals("b", Totals(rows_read=10), sent=True),
        lambda: aws.registry.register(header("b"), owner="a"),
    ):
        with pytest.raises(BatchAbandonedError, match="abandoned at 2026-11-06T21:20:00Z by arn:a"):
            refused()
    with pytest.raises(BatchTakenError):
        aws.registry.register(header("b"), owner="another")
    assert aws.registry.abandon("b", "arn:ben") == batch, "the first one counts"
    assert aws.snapshot() == before


def test_what_cannot_be_abandoned_says_why(aws: IngestAws) -> None:
    for name in ("drained", "flushed", "ended", "abandoned"):
        aws.registry.register(header(name))
    aws.registry.record_totals("drained", Totals(), sent=True)
    aws.registry.record_drained("drained", set(range(BUCKETS)))
    aws.registry.move("flushed", "sending", "flushed")
    aws.registry.move("ended", "sending", "ended")
    aws.registry.abandon("abandoned", "ann")
    aws.registry.move("abandoned", "abandoning", "abandoned")
    before = aws.snapshot()
    reasons = {
        "drained": "ends by itself",
        "flushed": "ends by itself",
        "ended": "has ended; there is nothing to abandon",
        "abandoned": "abandoned already, at 2026-11-06T21:20:00Z by ann",
        "unknown": "no batch 'unknown'",
    }
    for name, reason in reasons.items():
        with pytest.raises(UserError, match=reason):
            aws.registry.abandon(name, "ben")
    assert aws.snapshot() == before
