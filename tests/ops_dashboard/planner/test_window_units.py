"""Write units of windows, as the embedded DynamoDB counts them by AWS's rules, against a plan's."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

import pytest

from collage_lambda.lease import Lease, WindowLeases
from collage_lambda.outcomes import WindowEnd
from ops_dashboard.local.aws.stack import LocalAws
from ops_dashboard.planner.command import shipped_figures
from ops_dashboard.planner.state_units import COLLAGE_WRITES
from stream_ingest.contracts.table import WindowStatus
from stream_ingest.windowing.rules.fold import Rules, fold
from stream_ingest.windowing.rules.state import CreatorState
from tests.bench.state import Units, drip, sorted_batch
from tests.fakes.ingest.aws import TABLE, IngestAws
from tests.fakes.ingest.rows import NOW_S, arrivals, header

QUEUED = 3
"""The item, and its place in `due-index`, which is removed and put."""
END = WindowEnd(
    status=WindowStatus.PARTIAL,
    images_ok=34,
    images_failed=1,
    failures={"not_found": 1},
    completed_at="2026-11-20T23:31:00+00:00",
    duration_ms=1_234,
    bytes_downloaded=5_000_000,
    collage_bytes=450_000,
    collage_key="collages/2026/11/20/mysql-push/charli_collage_000001.jpg",
    thumbnail_key="thumbnails/2026/11/20/mysql-push/charli_collage_000001.jpg",
    metadata_key="metadata/2026/11/20/mysql-push/charli_collage_000001.json",
    originals_key="originals/charli/000001.zip",
    collage_sha256="ab" * 32,
)


class Account(IngestAws):
    """An account of the embedded AWS whose write units are counted."""

    def __init__(self, local: LocalAws) -> None:
        clients = {name: local.clients.untyped(name) for name in ("dynamodb", "s3")}
        self.units = Units(clients["dynamodb"])
        super().__init__(clients)


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        with LocalAws.start() as local:
            yield Account(local)


def test_states_and_windows_take_the_measured_units(account: Account) -> None:
    """The two figures of `make bench` from which a plan computes a state's and a window's units."""
    windowing = account.windowing()
    account.units.taken()
    accepted = sorted_batch(windowing)
    together = account.units.taken() / accepted
    apart = statistics.mean(drip(windowing, account.units))
    measured = shipped_figures()
    assert together == pytest.approx(measured.state_units_sorted, rel=0.02)
    assert apart == pytest.approx(measured.state_units_drip, rel=0.02)


def test_a_collage_takes_the_planned_units(account: Account) -> None:
    rows = arrivals(range(35), header("b"))
    change = fold(CreatorState(creator="charli"), rows, NOW_S, Rules())
    account.store.commit(CreatorState(creator="charli"), change, NOW_S)
    (event,) = account.store.events(change.state, change.windows, NOW_S)
    account.units.taken()
    assert account.emitter().emit_windows([event]) == []
    assert account.units.taken() == QUEUED
    leases = WindowLeases(account.dynamodb, TABLE, account.clock)
    lease = leases.claim(event, replay=None, owner="request/message", lease_s=100)
    assert isinstance(lease, Lease)
    claimed = account.units.taken()
    leases.finish(lease, END)
    assert claimed + account.units.taken() == COLLAGE_WRITES
