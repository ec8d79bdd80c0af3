from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from ops_dashboard.inspect.batches.batch_tables import batch_table, progress_table
from ops_dashboard.inspect.status import Progress, ProgressReader, changes, started_between
from stream_ingest.batches.progress import BatchProgress
from stream_ingest.batches.registry import BatchRegistry, Totals
from stream_ingest.contracts.errors import UserError
from tests.fakes.ingest.aws import TABLE
from tests.fakes.ingest.rows import header
from tests.fakes.ops.table import OpsTable


def progress(collages: int, *, ended: bool = False) -> BatchProgress:
    return BatchProgress(
        batch_id="b",
        trigger="csv-push",
        status="sent",
        rows_read=10,
        rows_sent=10,
        rows_accepted=10,
        refused={},
        windows=2,
        windows_by_status={"completed": collages},
        collages=collages,
        images_ok=0,
        images_failed=0,
        open_images=0,
        settled=True,
        ended=ended,
    )


class Scripted:
    """Returns one progress after another, one for each wait; the last one repeatedly."""

    def __init__(self, *shown: Progress) -> None:
        self.shown, self.waited = list(shown), 0

    def read(self) -> Progress:
        return self.shown[min(self.waited, len(self.shown) - 1)]

    def wait(self, _seconds: float) -> None:
        self.waited += 1
        if self.waited > 10:
            raise KeyboardInterrupt


def test_a_batch_is_followed_until_it_ends_and_shown_when_it_changes() -> None:
    steps = [progress(0), progress(0), progress(1), progress(2, ended=True), progress(2)]
    script = Scripted(*steps)
    assert list(changes(script.read, script.wait)) == [steps[0], steps[2], steps[3]]
    assert script.waited == 3


def test_all_batches_are_followed_until_interrupted() -> None:
    script = Scripted([], [progress(1)], [progress(2, ended=True)])
    seen = changes(script.read, script.wait)
    assert [next(seen), next(seen), next(seen)] == script.shown
    with pytest.raises(KeyboardInterrupt):
        next(seen)


@pytest.fixture
def reader(ops_table: OpsTable) -> ProgressReader:
    """Three batches that ended within one day, and two that are being sent."""
    registry = BatchRegistry(ops_table.aws.dynamodb, TABLE, ops_table.aws.clock)
    for name in ("zoe", "ann", "mia"):
        registry.register(header(name))
        registry.record_totals(name, Totals(rows_read=1), sent=True)
        registry.move(name, "sent", "ended")
        ops_table.aws.clock.advance(600)
    for name in ("x-open", "now"):
        registry.register(header(name))
        ops_table.aws.clock.advance(600)
    return ProgressReader(registry, "dev")


@pytest.mark.parametrize(
    ("ended", "expected"),
    [
        (None, ["now", "x-open", "mia", "ann", "zoe"]),
        (2, ["now", "x-open", "mia", "ann"]),
        (0, ["now", "x-open"]),
    ],
)
def test_open_batches_come_first_then_the_latest_ended_ones(
    reader: ProgressReader, ended: int | None, expected: list[str]
) -> None:
    assert [batch.batch_id for batch in reader.latest(ended)] == expected


def test_abandoned_batches_are_among_the_ended_ones_and_say_who_did_it(
    reader: ProgressReader, ops_table: OpsTable
) -> None:
    registry = ops_table.aws.registry
    registry.abandon("x-open", "arn:ann")
    assert [batch.batch_id for batch in reader.latest(1)] == ["now", "x-open", "mia"]
    registry.move("x-open", "abandoning", "abandoned")
    assert [batch.batch_id for batch in reader.latest(2)] == ["now", "x-open", "mia"]
    figures = progress_table(reader.find("x-open"))
    cells = [str(cell) for column in figures.columns for cell in column.cells]
    assert {"abandoned", "abandoned by", "arn:ann"} <= set(cells)


def test_a_missing_batch_is_an_error_that_names_the_stack(reader: ProgressReader) -> None:
    with pytest.raises(UserError, match="no batch 'nope' in stack 'dev'"):
        reader.find("nope")


def test_the_table_of_batches_has_one_row_per_batch() -> None:
    table = batch_table([progress(2)])
    assert table.row_count == 1
    assert "2 of 2" in [str(cell) for column in table.columns for cell in column.cells]


def test_a_range_of_time_includes_batches_by_their_start(
    reader: ProgressReader, ops_table: OpsTable
) -> None:
    end = datetime.fromtimestamp(ops_table.aws.clock(), UTC)
    ago = [end - timedelta(seconds=600 * number) for number in range(6)]
    since_ann = reader.latest(None, started_between(ago[4], None))
    assert [each.batch_id for each in since_ann] == ["now", "x-open", "mia", "ann"]
    between = reader.latest(None, started_between(ago[4], ago[2]))
    assert [each.batch_id for each in between] == ["mia", "ann"]
    assert reader.latest(None, started_between(None, ago[5])) == []


def test_the_tables_say_when_a_batch_started_and_how_long_it_took() -> None:
    ended = msgspec.structs.replace(
        progress(2, ended=True),
        started_at="2026-11-28T10:11:12Z",
        sent_at="2026-11-28T10:11:20Z",
        built_at="2026-11-28T10:14:12.345000+00:00",
    )
    row = [str(cell) for column in batch_table([ended]).columns for cell in column.cells]
    assert row[2:4] == ["2026-11-28 10:11", "3 min"]
    cells = [str(cell) for column in progress_table(ended).columns for cell in column.cells]
    assert {"2026-11-28 10:11:20", "2026-11-28 10:14:12", "3 min"} <= set(cells)
    running = msgspec.structs.replace(ended, ended=False)
    assert [str(cell) for cell in batch_table([running]).columns[3].cells] == [""]
