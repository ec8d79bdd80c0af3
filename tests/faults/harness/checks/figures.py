"""Checks that every counter of a batch is exact.

Counts are compared with the batch as it was pushed and with the model of the stream; nothing is
compared only with another count of the same table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from stream_ingest.batches.progress import BatchProgress, Counted, sum_tallies
from stream_ingest.contracts import table
from stream_ingest.contracts.events import BatchCompleted, convert_detail
from stream_ingest.contracts.table import WindowStatus
from tests.fakes.ingest.aws import OUTPUT
from tests.faults.harness.checks.model import Model
from tests.faults.harness.checks.table import Table, Window
from tests.faults.harness.fake_images import identities_in
from tests.faults.harness.injector import Faults
from tests.faults.harness.push_process import Batch
from tests.faults.harness.simulated_account import SimulatedAccount
from tests.faults.harness.wiring import Clients, registry

_COLLAGES = (WindowStatus.COMPLETED, WindowStatus.PARTIAL)


def check_figures(
    account: SimulatedAccount, batches: Sequence[Batch], model: Model, found: Table
) -> None:
    """Every batch has ended and was emitted as completed, with exact figures."""
    registered = registry(Clients(account, Faults()))
    open_images = 0
    for batch in batches:
        batch_id = batch.header.batch_id
        progress = registered.progress(batch_id)
        assert progress is not None
        assert progress.status == ("abandoned" if batch.abandoned else "ended"), batch_id
        owned = [each for each in found.all_windows if each.event.batch_id == batch_id]
        _check_rows(batch, model, progress)
        _check_windows(account, owned, progress)
        _check_announcements(account, batch, owned, progress)
        item = found.items[table.batch_partition(batch_id), table.BATCH]
        assert sorted(map(int, item["drained"])) == list(range(int(item["buckets"]))), batch_id
        exact = tallies_of(found, batch_id)
        assert (exact.accepted, exact.duplicates, exact.windows) == (
            model.accepted[batch_id],
            model.duplicates[batch_id],
            len(owned),
        ), batch_id
        open_images += exact.open_images
    waiting = sum(len(each.images) for windows in found.open.values() for each in windows)
    assert open_images == waiting, "every open image is counted by one batch"


def tallies_of(found: Table, batch_id: str) -> Counted:
    """Return the sum of a batch's tallies, in states and in items of their own."""
    return sum_tallies(
        item
        for (partition, sort), item in found.items.items()
        if (sort == table.STATE and item.get("batch_id") == batch_id)
        or (partition == table.batch_partition(batch_id) and sort.startswith("tally#"))
    )


def _check_rows(batch: Batch, model: Model, progress: BatchProgress) -> None:
    batch_id, totals = progress.batch_id, batch.totals
    accepted, duplicates = model.accepted[batch_id], model.duplicates[batch_id]
    if batch.abandoned:
        _check_abandoned(batch, accepted, duplicates, progress)
        return
    refused = dict(totals.refused) | ({"duplicate": duplicates} if duplicates else {})
    assert progress.rows_read == totals.rows_read, batch_id
    assert progress.rows_sent == totals.rows_sent == accepted + duplicates, batch_id
    assert progress.rows_accepted == accepted, batch_id
    assert progress.refused == refused, batch_id
    assert progress.rows_read == accepted + sum(refused.values()), batch_id


def _check_abandoned(batch: Batch, accepted: int, duplicates: int, progress: BatchProgress) -> None:
    """What an abandoned batch has sent is counted exactly, unless some of it came too late."""
    batch_id, refused = progress.batch_id, progress.refused
    known = refused.get("duplicate", 0)
    late = (accepted - progress.rows_accepted, duplicates - known)
    assert min(late) >= 0 if batch.late else late == (0, 0), batch_id
    assert progress.rows_sent == progress.rows_accepted + known, batch_id
    assert progress.rows_read == progress.rows_accepted + sum(refused.values()), batch_id
    assert progress.rows_read <= batch.totals.rows_read, batch_id
    assert progress.abandoned_by == "a person", batch_id


def _check_windows(
    account: SimulatedAccount, owned: Sequence[Window], progress: BatchProgress
) -> None:
    batch_id = progress.batch_id
    statuses = Counter(table.index_status(window.status) for window in owned)
    collages = [
        account.s3.read(OUTPUT, window.status["collage_key"])
        for window in owned
        if window.status["status"] in _COLLAGES
    ]
    images, shown = images_in(owned), sum(len(identities_in(collage)) for collage in collages)
    assert progress.windows == len(owned), batch_id
    assert progress.windows_by_status == statuses, batch_id
    assert progress.collages == len(collages), batch_id
    assert (progress.images_ok, progress.images_failed) == (shown, images - shown), batch_id


def _check_announcements(
    account: SimulatedAccount, batch: Batch, owned: Sequence[Window], progress: BatchProgress
) -> None:
    """Repeated events are equal, except for what a replay has changed in between."""
    batch_id = progress.batch_id
    events = [
        event
        for event in (
            convert_detail(each, BatchCompleted) for each in account.emitted(BatchCompleted)
        )
        if event.batch_id == batch_id
    ]
    assert events, f"{batch_id} was never emitted"
    for event in events:
        assert event.rows_read == progress.rows_read
        assert event.rows_accepted == progress.rows_accepted
        assert event.refused == progress.refused
        assert event.collages <= event.windows <= len(owned), batch_id
        if batch.header.settings.flush.kind == "batch-end":  # no window of the batch can follow
            assert event.windows == len(owned), batch_id
            assert event.images_ok + event.images_failed == images_in(owned), batch_id


def images_in(windows: Sequence[Window]) -> int:
    """Return how many images these windows hold."""
    return sum(len(window.event.images) for window in windows)
