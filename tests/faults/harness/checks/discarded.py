"""Checks of a settled pipeline in which Lambda has discarded records, or some arrived spoiled.

What is in windows then depends on what was discarded, so nothing is compared with the model of the
stream but its sums: each image is in one window, or in the on-failure destination, or its record
was spoiled. Every batch has ended, and says exactly what it is missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from stream_ingest.batches.progress import ENDED_BATCHES, Batch, BatchProgress
from stream_ingest.contracts import table
from stream_ingest.contracts.events import BatchCompleted
from stream_ingest.records.codec import PackedRecord
from tests.fakes.ingest.aws import OUTPUT
from tests.faults.harness.aws.kinesis import StreamRecord
from tests.faults.harness.checks.figures import tallies_of
from tests.faults.harness.checks.invariants import check_events, check_prefetched
from tests.faults.harness.checks.mysql_rows import images_in_windows
from tests.faults.harness.checks.objects import check_objects
from tests.faults.harness.checks.results import check_results
from tests.faults.harness.checks.table import Table
from tests.faults.harness.history_runner import HistoryRunner
from tests.faults.harness.injector import Faults
from tests.faults.harness.operator import decoded, discarded, discarded_records, redriven
from tests.faults.harness.push_process import Batch as Pushed
from tests.faults.harness.simulated_account import SimulatedAccount
from tests.faults.harness.wiring import Clients, registry

Image = tuple[str, str]
_SLACK_S = 60


def is_whole(run: HistoryRunner) -> bool:
    """Return whether every record was folded, and every mark in time."""
    account, batches = run.account, registry(Clients(run.account, Faults()))
    loaded = [batches.load(batch.header.batch_id) for batch in run.batches]
    late = any(batch is not None and batch.marks_missing for batch in loaded)
    return not (late or account.kinesis.spoiled or next(discarded_records(account), None))


def check_after_discarding(run: HistoryRunner) -> None:
    """Assert every law; then redrive what was discarded, and assert that it is all there."""
    account, before = run.account, list(run.batches)
    check_settled(account, before)
    excused = images_of(_spoiled(account))
    assert not missing_images(account) - images_of(discarded(account)) - excused, "lost"
    ended = _ends(account, before)
    again = redriven(account)
    run.push_to_the_end(again)
    check_settled(account, [*before, *again])
    assert not missing_images(account) - excused, "lost after redrive"
    _send_marks_again(account)
    run.settle()
    check_settled(account, [*before, *again])
    assert _ends(account, before) == ended, "the end of a batch was changed or emitted again"


def check_settled(account: SimulatedAccount, batches: Sequence[Pushed]) -> None:
    """Assert the laws that hold whatever is discarded."""
    found = Table(account)
    images = images_in_windows(account)
    assert not [image for image, count in images.items() if count > 1], "doubled"
    attempted = {(row.creator, row.identity) for batch in batches for row in batch.rows}
    assert images.keys() <= attempted
    for creator, windows in found.windows.items():
        numbers = [window.number for window in windows]
        assert numbers == list(range(1, found.next_window[creator])), creator
    check_events(account, found)
    check_objects(account, found.all_windows)
    check_results(account, batches)
    check_prefetched(account, found)
    check_stored(account)
    for batch in batches:
        _check_batch(account, batch, found)


def check_stored(account: SimulatedAccount) -> None:
    """Every record that cannot be decoded is in quarantine or in the on-failure destination."""
    bad = {each.sequence for each in _stream(account) if decoded(each.data) is None}
    names = [key.rpartition("/")[2] for key in account.s3.keys(OUTPUT) if key.startswith("failed/")]
    stored = {int(name.removesuffix(".json")) for name in names}
    assert len(stored) == len(names)
    assert stored <= bad <= stored | {number for _, number, _ in discarded_records(account)}


def missing_images(account: SimulatedAccount) -> set[Image]:
    """Return the images of records that the stream has taken whole and that are in no window."""
    records = [packed for each in _stream(account) if (packed := decoded(each.data)) is not None]
    return images_of(records) - images_in_windows(account).keys()


def images_of(records: Sequence[PackedRecord]) -> set[Image]:
    """Return the images in some records."""
    return {(row.creator, row.identity) for record in records for row in record.cover_rows()}


def _spoiled(account: SimulatedAccount) -> list[PackedRecord]:
    """Return what was sent as the spoiled records.

    If one is sent again after later ones, its creators take it for a record that was folded.
    """
    sent = map(decoded, account.kinesis.spoiled.values())
    return [packed for packed in sent if packed is not None]


def _stream(account: SimulatedAccount) -> list[StreamRecord]:
    return [record for shard in account.kinesis.shards for record in shard]


def _check_batch(account: SimulatedAccount, pushed: Pushed, found: Table) -> None:
    """A batch has ended; its figures add up, and miss only what was discarded or spoiled."""
    batch_id = pushed.header.batch_id
    batches = registry(Clients(account, Faults()))
    progress, batch = batches.progress(batch_id), batches.load(batch_id)
    assert progress is not None
    assert batch is not None
    assert progress.status in ENDED_BATCHES, batch_id
    lost = progress.refused.get("quarantined", 0)
    folded = progress.rows_accepted + progress.refused.get("duplicate", 0)
    assert progress.rows_sent == folded + lost, batch_id
    assert progress.rows_read == progress.rows_accepted + sum(progress.refused.values()), batch_id
    if not pushed.abandoned:
        assert progress.status == "ended", batch_id
        assert progress.rows_sent == pushed.totals.rows_sent, batch_id
        assert progress.rows_read == pushed.totals.rows_read, batch_id
    away = _rows_away(account, batch_id)
    assert lost <= away, batch_id
    tallies = tallies_of(found, batch_id)
    late = tallies.rows - folded
    assert 0 <= late <= away + (len(pushed.rows) if pushed.late else 0), batch_id
    _check_marks(account, batch, unmarked=pushed.unmarked)
    _check_emitted(account, progress)


def _rows_away(account: SimulatedAccount, batch_id: str) -> int:
    """Return the number of rows of a batch that were discarded or spoiled, at least once."""
    records = {
        (record.bucket, record.number): len(record.rows)
        for record in [*discarded(account), *_spoiled(account)]
        if record.batch.batch_id == batch_id
    }
    return sum(records.values())


def _check_marks(account: SimulatedAccount, batch: Batch, *, unmarked: bool) -> None:
    """Each missing mark was discarded or spoiled, or came later than a batch waits for it.

    All of them may be missing if the batch ended `unmarked`.
    """
    item = Table(account).items[table.batch_partition(batch.batch_id), table.BATCH]
    missing = set(range(batch.buckets)) - set(map(int, item.get("drained", ())))
    assert batch.marks_missing == len(missing), batch.batch_id
    excused = {
        each.bucket
        for each in [*discarded(account), *_spoiled(account)]
        if each.last and each.batch.batch_id == batch.batch_id
    }
    since = datetime.fromisoformat(batch.abandoned_at or batch.sent_at or "").timestamp()
    for record in _stream(account):
        packed = decoded(record.data)
        is_late = record.arrived_at > since + _SLACK_S
        if packed is not None and packed.batch.batch_id == batch.batch_id and is_late:
            excused.add(packed.bucket)
    assert unmarked or missing <= excused, batch.batch_id


def _check_emitted(account: SimulatedAccount, progress: BatchProgress) -> None:
    details = _completed(account, progress.batch_id)
    assert details, f"{progress.batch_id} was never emitted"
    for detail in details:
        assert detail.get("marks_missing", 0) == progress.marks_missing
        assert Counter(detail["refused"]) == Counter(progress.refused)


def _completed(account: SimulatedAccount, batch_id: str) -> list[dict[str, object]]:
    return [each for each in account.emitted(BatchCompleted) if each["batch_id"] == batch_id]


def _ends(account: SimulatedAccount, batches: Sequence[Pushed]) -> list[object]:
    """Return the items of batches, and how often their ends were emitted."""
    ids = [batch.header.batch_id for batch in batches]
    items = account.dynamodb.items
    return [
        (items[table.batch_partition(each), table.BATCH], len(_completed(account, each)))
        for each in ids
    ]


def _send_marks_again(account: SimulatedAccount) -> None:
    """Send every end mark in the stream again, as resumed pushes may."""
    for record in _stream(account):
        packed = decoded(record.data)
        if packed is not None and packed.last:
            entry = {"PartitionKey": record.partition_key, "Data": record.data}
            account.kinesis.put_records(StreamName=account.kinesis.name, Records=[entry])
