"""The runs of one stack: its store, what works on them, and what counts them. Edge (boto3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ops_dashboard.inspect.windows import WindowReader
from ops_dashboard.recovery.rebuild import Rebuild
from ops_dashboard.recovery.replay import ArchiveReplay
from ops_dashboard.recovery.runs.counting import RunCounter
from ops_dashboard.recovery.runs.runner import Runner
from ops_dashboard.recovery.runs.store import RunStore
from ops_dashboard.recovery.runs.upload_runs import UploadRuns
from stream_ingest.aws import clients
from stream_ingest.contracts.stack_outputs import StackOutputs
from stream_ingest.push.whoami import current_owner

if TYPE_CHECKING:
    import boto3
    from botocore.config import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class StackRuns:
    """The runs of one stack."""

    store: RunStore
    runner: Runner
    counter: RunCounter
    uploads: UploadRuns
    owner: str

    @classmethod
    def of(
        cls,
        session: boto3.Session,
        outputs: StackOutputs,
        config: Config = clients.CONFIG,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> StackRuns:
        """Return the runs of a deployed stack, with `config` for its clients.

        New runs belong to this process.
        """
        dynamodb = session.client("dynamodb", config=config)
        windows = WindowReader(dynamodb, outputs.table_name)
        store, owner = RunStore(dynamodb, outputs.table_name, now), current_owner()
        rebuild = Rebuild(
            windows,
            session.client("sqs", config=config),
            session.client("s3", config=config),
            outputs,
        )
        archive = ArchiveReplay(session.client("events", config=config), outputs)
        return cls(
            store=store,
            runner=Runner(
                store=store,
                windows=windows,
                rebuild=rebuild,
                archive=archive,
                owner=owner,
                now=now,
            ),
            counter=RunCounter(store, windows, now),
            uploads=UploadRuns(store, owner, now),
            owner=owner,
        )
