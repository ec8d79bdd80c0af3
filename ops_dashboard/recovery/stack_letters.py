"""The parts that work on the dead letters of one stack. Edge: composition root."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from ops_dashboard.recovery.dead_letter_queues import DeadLetterQueues
from ops_dashboard.recovery.drop import Drop, abandoning
from ops_dashboard.recovery.failed_records import FailedRecords
from ops_dashboard.recovery.letter_jobs import letter_jobs
from ops_dashboard.recovery.letters import Letters
from ops_dashboard.recovery.redrive import Redrive
from stream_ingest.aws import clients
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.contracts.stack_outputs import StackOutputs

if TYPE_CHECKING:
    import boto3
    from botocore.config import Config


@dataclass(frozen=True, kw_only=True)
class StackLetters:
    """Lists, redrives and drops dead letters."""

    letters: Letters
    redrive: Redrive
    drop: Drop

    @classmethod
    def of(
        cls, session: boto3.Session, outputs: StackOutputs, config: Config = clients.CONFIG
    ) -> Self:
        """Return the parts for one stack; `config` is that of the clients which list and drop."""
        s3 = session.client("s3", config=config)
        dynamodb = session.client("dynamodb", config=config)
        queues = DeadLetterQueues(session.client("sqs", config=config), outputs)
        records = FailedRecords(s3, outputs)
        registry = BatchRegistry(dynamodb, outputs.table_name, time.time)
        jobs = letter_jobs(s3, dynamodb, outputs)
        return cls(
            letters=Letters(queues, records),
            redrive=Redrive(session, outputs),
            drop=Drop(queues, records, s3, outputs, abandoning(registry, jobs, outputs)),
        )
