"""What a smoke test has stored is removed, however far it came, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from collage_lambda.lease import ClaimRefusal, Lease
from collage_lambda.originals.originals_pack import OriginalsReader
from collage_lambda.shares import shared_key
from ops_dashboard.erase.stored_files import SHARES
from ops_dashboard.inspect.creators import CreatorReader
from ops_dashboard.smoke.remains import CLOCK_SKEW, Remains, covers_prefix, new_name
from stream_ingest.batches.registry import Totals
from stream_ingest.contracts.errors import ConflictError, TransientError
from stream_ingest.contracts.naming import SMOKE_TRIGGER, window_id
from stream_ingest.push.refused_rows import RefusedRows
from stream_ingest.records.codec import BUCKETS
from stream_ingest.records.rows import RefusalReason, RowRefusal
from stream_ingest.windowing.rules.fold import Arrival
from tests.fakes.collage.shared_packs import store_shares
from tests.fakes.ingest.aws import OUTPUT, TABLE, TEMP
from tests.fakes.ingest.rows import NOW_S, cover_row, header
from tests.fakes.ops.erase_bench import BOB, ERASE_S, EraseBench
from tests.fakes.ops.stack_outputs import stack_outputs
from tests.fakes.ops.table import OpsTable
from tests.faults.harness.aws.errors import KilledError
from tests.faults.harness.injector import Fault, Faults, Faulty, Kind

NAME, OTHER = "smoke-20261106-120000-a1b2", "smoke-20261106-113000-0000"
MARK = f"{NAME}/state"
BATCH = header(NAME, images=2, trigger=SMOKE_TRIGGER)


@pytest.fixture
def bench(ops_table: OpsTable, monkeypatch: pytest.MonkeyPatch) -> EraseBench:
    """A stack with the batches of two creators; the present is that of its clock."""
    bench = EraseBench(ops_table.aws)
    monkeypatch.setattr("time.time", bench.aws.clock)
    return bench


def remains(
    bench: EraseBench, wrap: Callable[[Any, str], Any] = lambda client, _: client
) -> Remains:
    def client(name: str, config: object) -> Any:  # noqa: ANN401, ARG001 - a session's client
        return wrap(bench.aws.clients[name], name)

    return Remains(SimpleNamespace(client=client), stack_outputs())  # type: ignore[arg-type] # a session


def store_covers(bench: EraseBench, name: str = NAME) -> None:
    for number in range(2):
        key = f"{covers_prefix(name)}{number}.jpg"
        bench.aws.s3.put_object(Bucket=TEMP, Key=key, Body=b"cover")


def run(bench: EraseBench) -> None:
    """Store all that a smoke test leaves: two windows, one of them not built, and its reports."""
    aws = bench.aws
    store_covers(bench)
    aws.registry.register(BATCH)
    bench.fold(NAME, range(500, 504), BATCH)
    bench.shares |= store_shares(aws.s3, TEMP, {window_id(NAME, 1): b"cover"})
    bench.build(NAME, 1)
    for key in (each for each in aws.keys_in(TEMP) if "failed-downloads" in each and NAME in each):
        aws.s3.delete_object(Bucket=TEMP, Key=key)  # of batches in debug mode
    refusal = RowRefusal(reason=RefusalReason.EXPIRED, creator=NAME, cover="c", created_at="d")
    RefusedRows(aws.s3, OUTPUT, NAME).store([refusal])
    aws.registry.record_totals(NAME, Totals(rows_read=4, rows_sent=4), sent=True)
    aws.registry.record_drained(NAME, set(range(BUCKETS)))
    aws.set_item(NAME, "window#000002", status="failed", images_ok=0, images_failed=2)
    assert aws.sweeper().sweep_batch(NAME).batches_ended == (NAME,)


def without_mark(bench: EraseBench) -> dict[str, bytes]:
    """Return all that is stored but what remains of an erased creator."""
    left = {MARK, *bench.bars()}
    return {place: content for place, content in bench.everything().items() if place not in left}


def has_windows(bench: EraseBench) -> bool:
    return any(place.startswith(f"{NAME}/window#") for place in bench.everything())


def test_everything_of_a_run_goes_but_the_mark_that_keeps_it_out(bench: EraseBench) -> None:
    before = bench.everything()
    run(bench)
    event = bench.event(NAME, 1)
    found = remains(bench).remove(NAME)
    assert without_mark(bench) == before
    assert found["covers"] == 2
    assert found["windows"] == 2

    assert bench.claim(event, replay="r-1") is ClaimRefusal.ERASED  # from a queue or the archive
    bench.commit(NAME, [Arrival(BATCH, 9, cover_row(600, NAME), ERASE_S - 1)])  # from the stream
    assert not has_windows(bench)
    assert not CreatorReader(bench.aws.dynamodb, TABLE).list_page("smoke-").creators


def fold_beside_bob(bench: EraseBench, name: str) -> None:
    """Fold a run's window, and store its originals in a pack with those of another creator."""
    bench.aws.registry.register(BATCH)
    bench.fold(name, range(500, 502), BATCH)
    bodies = {window_id(BOB, 9): b"of bob", window_id(name, 1): b"of the run"}
    bench.shares |= store_shares(bench.aws.s3, TEMP, bodies)


def assert_only_bob_is_left(bench: EraseBench) -> None:
    share = bench.shares[window_id(BOB, 9)]
    body = bench.aws.read(TEMP, share.key)
    left = BytesIO(body[share.offset :][: share.length])
    assert OriginalsReader(left).read("0") == b"of bob"
    assert b"of the run" not in body
    assert NAME.encode() not in body


def test_windows_that_were_built_beside_those_of_a_run_keep_their_originals(
    bench: EraseBench,
) -> None:
    fold_beside_bob(bench, NAME)
    bench.build(NAME, 1)
    assert remains(bench).remove(NAME)[SHARES] == 1
    assert_only_bob_is_left(bench)


def test_the_originals_of_a_window_that_was_not_published_go_too(bench: EraseBench) -> None:
    bench.aws.s3.put_object(Bucket=TEMP, Key=shared_key("0" * 24), Body=b"unreadable")
    fold_beside_bob(bench, NAME)
    assert remains(bench).remove(NAME)[SHARES] == 1
    assert_only_bob_is_left(bench)


def test_packs_from_before_a_run_are_not_read(bench: EraseBench) -> None:
    name = new_name(datetime.now(UTC) + 2 * CLOCK_SKEW, "a1b2")
    fold_beside_bob(bench, name)
    assert SHARES not in remains(bench).remove(name)


def test_a_run_that_has_pushed_nothing_leaves_no_mark(bench: EraseBench) -> None:
    before = bench.everything()
    store_covers(bench)
    assert remains(bench).remove(NAME) == {"covers": 2}
    assert bench.everything() == before


def test_rows_that_nobody_has_read_yet_are_kept_out(bench: EraseBench) -> None:
    """The stream's consumer may be switched on again much later."""
    before = bench.everything()
    bench.aws.registry.register(BATCH)
    remains(bench).remove(NAME)
    assert without_mark(bench) == before
    bench.commit(
        NAME, [Arrival(BATCH, number, cover_row(number, NAME), NOW_S) for number in range(4)]
    )
    assert not has_windows(bench)


def test_a_collage_that_is_being_built_is_waited_for(
    bench: EraseBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.aws.registry.register(BATCH)
    bench.fold(NAME, range(500, 502), BATCH)
    assert isinstance(bench.claim(bench.event(NAME, 1), lease_s=10), Lease)
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        bench.aws.clock.advance(seconds)

    monkeypatch.setattr("time.sleep", sleep)
    remains(bench).remove(NAME)
    assert sum(slept) > 10
    assert not has_windows(bench)


KINDS = (Kind.KILLED_BEFORE, Kind.KILLED_AFTER, Kind.LOST, Kind.THROTTLED, Kind.DENIED)
EACH = 6


@pytest.mark.parametrize("first", [0, 3])
def test_a_clean_up_that_failed_at_any_call_is_finished_by_the_next(
    bench: EraseBench, first: int
) -> None:
    before = bench.everything()
    run(bench)
    nth = first
    while True:
        faults = Faults([Fault(KINDS[nth % len(KINDS)], nth)])
        with suppress(KilledError, TransientError, ConflictError, ClientError):
            remains(bench, lambda client, name, faults=faults: Faulty(client, name, faults)).remove(  # type: ignore[misc] # a default binds it
                NAME
            )
        if not faults.injected:
            break
        nth += EACH
    remains(bench).remove(NAME)
    assert without_mark(bench) == before


def test_only_runs_of_an_hour_ago_have_been_left(bench: EraseBench) -> None:
    """A younger one may still run, from another machine."""
    for name in (NAME, OTHER, "not-ours"):
        store_covers(bench, name)
    noon = datetime(2026, 11, 6, 12, tzinfo=UTC)
    assert remains(bench).stale(noon + timedelta(minutes=45)) == [OTHER]
    assert remains(bench).stale(noon + timedelta(minutes=61)) == [OTHER, NAME]


def test_a_new_name_is_that_of_its_moment() -> None:
    noon = datetime(2026, 11, 6, 12, tzinfo=UTC)
    assert new_name(noon, "a1b2") == NAME


def test_buckets_that_do_not_exist_have_no_remains(bench: EraseBench) -> None:
    """A smoke test says that they are missing; its clean up must not hide it."""
    bench.aws.registry.register(BATCH)
    for bucket in (OUTPUT, TEMP):
        for version in bench.aws.s3.list_object_versions(Bucket=bucket).get("Versions", []):
            bench.aws.s3.delete_object(
                Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"]
            )
        bench.aws.s3.delete_bucket(Bucket=bucket)
    assert not remains(bench).remove(NAME)
    assert remains(bench).stale(datetime.now(UTC)) == []
