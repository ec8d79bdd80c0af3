"""What holds after states were unreadable for a while, and can be read again."""

from __future__ import annotations

from tests.faults.harness.checks.accounting import BALANCED, accounting_of
from tests.faults.harness.checks.invariants import check_quarantine, check_windows
from tests.faults.harness.checks.model import model_of
from tests.faults.harness.checks.objects import check_objects
from tests.faults.harness.checks.table import Table
from tests.faults.harness.history_runner import HistoryRunner
from tests.faults.harness.injector import Faults
from tests.faults.harness.wiring import Clients, registry


def check_after_healing(run: HistoryRunner) -> None:
    """Nothing is lost, doubled or out of order; no row waits; every batch has ended and adds up.

    A batch that ended before has counted the rows that waited then as deferred.
    """
    account = run.account
    model, found = model_of(account.kinesis.shards), Table(account)
    check_windows(model, found, repaired=True)
    check_objects(account, found.all_windows)
    assert accounting_of(account, run.batches) == BALANCED
    assert [key for key in found.items if key[0].startswith(("deferred#", "unreadable#"))] == []
    assert not any("deferred_at" in item for item in found.items.values())
    registered = registry(Clients(account, Faults()))
    for batch in run.batches:
        progress = registered.progress(batch.header.batch_id)
        assert progress is not None
        assert progress.status == "ended"
        assert progress.rows_read == batch.totals.rows_read
        assert progress.rows_read == progress.rows_accepted + sum(progress.refused.values())
    check_quarantine(account, model)
