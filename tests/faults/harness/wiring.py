"""Wires the real components of the pipeline to fake clients, as each `wiring` does to real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from collage_lambda.assembly.content_memory import ContentMemory
from collage_lambda.cancelled_runs import CancelledRuns
from collage_lambda.lease import WindowLeases
from collage_lambda.originals.temp_store import TempStore
from collage_lambda.output.announcer import Announcer
from collage_lambda.output.batch_sources import BatchSources
from collage_lambda.output.key_template import DEFAULT_TEMPLATE
from collage_lambda.output.links import Links
from collage_lambda.output.publisher import Publisher
from collage_lambda.output.store import OutputStore
from collage_lambda.prefetch.pack_store import PackStore
from collage_lambda.prefetch.prefetcher import Prefetcher
from collage_lambda.prefetch.scrub import cover_scrubber
from collage_lambda.worker import CollageWorker
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.windowing import wiring as processor_wiring
from stream_ingest.windowing.repository import CreatorRepository
from stream_ingest.windowing.settings import WindowingSettings
from stream_ingest.windowing.sweeper import wiring as sweeper_wiring
from stream_ingest.windowing.sweeper.sweeper import Sweeper
from tests.fakes.iam.roles import Guarded
from tests.fakes.ingest.aws import BUS, OUTPUT, SETTINGS, TABLE, TEMP
from tests.fakes.ingest.threads import InlineExecutor
from tests.faults.harness.fake_images import FakeBuilder, FakeFetcher
from tests.faults.harness.injector import AsyncFaulty, Faults, Faulty

if TYPE_CHECKING:
    from tests.faults.harness.simulated_account import SimulatedAccount

_THREADS = InlineExecutor()
PREFETCHED_LIFE_S = 18 * 3_600
"""Short, so that a run settles within simulated days."""


class Clients:
    """The clients of one process, each behind the process's faults.

    Those of a function have the rights of its `role`; those of people have all.
    """

    def __init__(self, account: SimulatedAccount, faults: Faults, role: str | None = None) -> None:
        self.account, self.clock = account, account.clock

        def client(fake: object, service: str) -> Any:  # noqa: ANN401 - behaves like a boto3 client
            return Faulty(Guarded(fake, service, role) if role else fake, service, faults)

        self.dynamodb = client(account.dynamodb, "dynamodb")
        self.s3 = client(account.s3, "s3")
        self.events = client(account.bus, "events")
        self.kinesis: Any = AsyncFaulty(account.kinesis, "kinesis", faults)
        self._faults = faults

    def of_files(self, fake: object, service: str) -> Any:  # noqa: ANN401 - behaves like a boto3 client
        """Return a client of what only dropped files need, with all rights."""
        return Faulty(fake, service, self._faults)


def registry(clients: Clients) -> BatchRegistry:
    """Return the batch registry of one process."""
    return BatchRegistry(clients.dynamodb, TABLE, clients.clock)


def stream_processor(clients: Clients) -> processor_wiring.App:
    """Return the stream processor of one process."""
    return processor_wiring.build(_settings(clients), _wired(clients), clients.clock, _THREADS)


def sweeper(clients: Clients) -> Sweeper:
    """Return the sweeper of one process."""
    files = clients.account.files
    start_files = tuple if files is None else files.search(clients, _THREADS)
    app = sweeper_wiring.build(
        _settings(clients), _wired(clients), clients.clock, _THREADS, start_files
    )
    return app.sweeper


def collage_worker(clients: Clients) -> CollageWorker:
    """Return the collage worker of one process, with a fake builder."""
    temp = TempStore(clients.s3, TEMP)
    outputs = OutputStore(clients.s3, OUTPUT, copies_by_creator=True, threads=_THREADS)
    links = Links(clients.account.s3, OUTPUT, 0, clients.clock)  # type: ignore[arg-type]
    builder: Any = FakeBuilder(
        clients.account.covers,
        temp,
        keep_originals=clients.account.keep_originals,
        has_ended=clients.account.has_ended,
        contents=_contents(clients),
    )
    return CollageWorker(
        windows=WindowLeases(clients.dynamodb, TABLE, clients.clock),
        outputs=outputs,
        temp=temp,
        pack_store=PackStore(clients.s3, TEMP, clients.dynamodb, TABLE),
        builder=builder,
        publisher=Publisher(outputs, links, Announcer(clients.events, BUS), clients.clock),
        batch_sources=BatchSources(clients.dynamodb, TABLE),
        cancelled_runs=CancelledRuns(clients.dynamodb, TABLE, clients.clock),
        clock=clients.clock,
    )


def prefetcher(clients: Clients) -> Prefetcher:
    """Return the prefetcher of one process, with a fake cover fetcher."""
    cover_fetcher: Any = FakeFetcher(clients.account.covers)
    temp = TempStore(clients.s3, TEMP)
    pack_store = PackStore(clients.s3, TEMP, clients.dynamodb, TABLE)
    return Prefetcher(
        creators=_store(clients),
        pack_store=pack_store,
        temp=temp,
        scrubber=cover_scrubber(temp, pack_store),
        cover_fetcher=cover_fetcher,
        threads=_THREADS,
        clock=clients.clock,
        life_s=PREFETCHED_LIFE_S,
    )


def _contents(clients: Clients) -> ContentMemory | None:
    if not clients.account.contents:
        return None
    return ContentMemory(
        clients.dynamodb, TABLE, horizon_days=SETTINGS.horizon_days, threads=_THREADS
    )


def _store(clients: Clients) -> CreatorRepository:
    return CreatorRepository(
        clients.dynamodb,
        TABLE,
        prefetch=clients.account.prefetch_covers,
        key_template=DEFAULT_TEMPLATE,
    )


def _settings(clients: Clients) -> WindowingSettings:
    account = clients.account
    return msgspec.structs.replace(
        SETTINGS, prefetch_covers=account.prefetch_covers, delivery_s=account.delivery_s
    )


def _wired(clients: Clients) -> processor_wiring.Clients:
    return processor_wiring.Clients(dynamodb=clients.dynamodb, events=clients.events, s3=clients.s3)
