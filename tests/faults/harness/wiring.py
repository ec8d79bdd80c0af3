"""Wires the real components of the pipeline to fake clients, as each `wiring` does to real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from collage_lambda.lease import Windows
from collage_lambda.originals.temp_store import TempStore
from collage_lambda.output.announcer import Announcer
from collage_lambda.output.links import Links
from collage_lambda.output.publisher import Publisher
from collage_lambda.output.store import Outputs
from collage_lambda.prefetch.pack_store import PackStore
from collage_lambda.prefetch.prefetcher import Prefetcher
from collage_lambda.worker import CollageWorker
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.batches.results.reports import Reports
from stream_ingest.batches.results.store import ResultStore
from stream_ingest.contracts.events import Source
from stream_ingest.windowing.emitter import Emitter
from stream_ingest.windowing.quarantine import Quarantine
from stream_ingest.windowing.repository import CreatorRepository
from stream_ingest.windowing.rules.fold import Rules
from stream_ingest.windowing.stream_processor import Windowing
from stream_ingest.windowing.sweeper.sweeper import Sweeper
from tests.fakes.ingest.aws import BUS, OUTPUT, TABLE, TEMP
from tests.fakes.ingest.threads import InlineExecutor
from tests.faults.harness import handlers
from tests.faults.harness.fake_images import FakeBuilder, FakeFetching
from tests.faults.harness.injector import AsyncFaulty, Faults, Faulty

if TYPE_CHECKING:
    from tests.faults.harness.simulated_account import SimulatedAccount

_THREADS = InlineExecutor()
PREFETCHED_LIFE_S = 18 * 3_600
"""Short, so that a run settles within simulated days."""


class Clients:
    """The clients of one process, each behind the process's faults."""

    def __init__(self, account: SimulatedAccount, faults: Faults) -> None:
        self.account, self.clock = account, account.clock
        self.dynamodb: Any = Faulty(account.dynamodb, "dynamodb", faults)
        self.s3: Any = Faulty(account.s3, "s3", faults)
        self.events: Any = Faulty(account.bus, "events", faults)
        self.kinesis: Any = AsyncFaulty(account.kinesis, "kinesis", faults)


def registry(clients: Clients) -> BatchRegistry:
    """Return the batch registry of one process."""
    return BatchRegistry(clients.dynamodb, TABLE, clients.clock)


def windowing(clients: Clients) -> Windowing:
    """Return the stream processor of one process."""
    return Windowing(
        store=_store(clients),
        emitter=_emitter(clients, Source.WINDOWING),
        registry=registry(clients),
        quarantine=Quarantine(clients.s3, OUTPUT),
        rules=Rules(),
        threads=_THREADS,
        clock=clients.clock,
    )


def sweeper(clients: Clients) -> Sweeper:
    """Return the sweeper of one process."""
    return Sweeper(
        store=_store(clients),
        emitter=_emitter(clients, Source.SWEEPER),
        registry=registry(clients),
        reports=Reports(registry(clients), ResultStore(clients.s3, OUTPUT), clients.clock),
        dynamodb=clients.dynamodb,
        table_name=TABLE,
        threads=_THREADS,
        clock=clients.clock,
        max_attempts=handlers.SETTINGS.max_receives,
        prefetch=clients.account.prefetch_covers,
    )


def collage_worker(clients: Clients) -> CollageWorker:
    """Return the collage worker of one process, with a fake builder."""
    temp = TempStore(clients.s3, TEMP)
    outputs = Outputs(clients.s3, OUTPUT, copies_by_creator=True, threads=_THREADS)
    links = Links(clients.account.s3, OUTPUT, 0, clients.clock)  # type: ignore[arg-type]
    builder: Any = FakeBuilder(
        clients.account.covers,
        temp,
        keep_originals=clients.account.keep_originals,
        has_ended=clients.account.has_ended,
    )
    return CollageWorker(
        windows=Windows(clients.dynamodb, TABLE, clients.clock),
        outputs=outputs,
        temp=temp,
        shelf=PackStore(clients.s3, TEMP, clients.dynamodb, TABLE),
        builder=builder,
        publisher=Publisher(outputs, links, Announcer(clients.events, BUS), clients.clock),
        clock=clients.clock,
    )


def prefetcher(clients: Clients) -> Prefetcher:
    """Return the prefetcher of one process, with fake fetching."""
    fetching: Any = FakeFetching(clients.account.covers)
    return Prefetcher(
        store=_store(clients),
        shelf=PackStore(clients.s3, TEMP, clients.dynamodb, TABLE),
        temp=TempStore(clients.s3, TEMP),
        fetching=fetching,
        threads=_THREADS,
        clock=clients.clock,
        life_s=PREFETCHED_LIFE_S,
    )


def _store(clients: Clients) -> CreatorRepository:
    return CreatorRepository(clients.dynamodb, TABLE, prefetch=clients.account.prefetch_covers)


def _emitter(clients: Clients, source: Source) -> Emitter:
    return Emitter(
        events=clients.events,
        dynamodb=clients.dynamodb,
        s3=clients.s3,
        bus=BUS,
        table_name=TABLE,
        temp_bucket=TEMP,
        source=source,
        threads=_THREADS,
        clock=clients.clock,
    )
