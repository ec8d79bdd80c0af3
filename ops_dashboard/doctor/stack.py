"""Checks of the parts of a deployed stack. Edge (network)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from itertools import islice
from typing import Any

import boto3

from ops_dashboard.doctor.checks import CONFIG, Check, Finding, State
from stream_ingest.aws.queue_depth import queue_depth
from stream_ingest.batches.progress import (
    ENDED_BATCHES,
    FOLLOW_TRIGGER,
    STALE_AFTER_S,
    Batch,
    progress_of,
    sum_windows,
)
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import UnreadableItemError, UserError
from stream_ingest.contracts.object_keys import FAILED_BATCHES_PREFIX, QUARANTINE_PREFIX
from stream_ingest.contracts.stack_outputs import StackOutputs
from stream_ingest.contracts.timestamps import from_epoch_s, iso_second
from stream_ingest.records.rows import RefusalReason
from stream_ingest.windowing.unreadable.unreadable_list import UnreadableList

_REDEPLOY = "deploy the stack again: make up STACK=<stack>"
PARTS = (
    "stream",
    "table",
    "batches",
    "items",
    "queues",
    "dead letters",
    "bus",
    "buckets",
    "functions",
    "mappings",
)
_GOOD_MAPPINGS = frozenset({"Enabled"})
_MAX_BATCHES = 20
"""Maximum number of batches that are loaded, the oldest ones."""
_MAX_SHOWN = 3
"""Maximum number of unreadable items in a finding."""
_MAX_KEYS = 1_000
"""Maximum number of keys in a response of ListObjectsV2."""
_IN_PROGRESS = frozenset({"Creating", "Enabling", "Updating"})


class StackChecks:
    """Checks each part of one stack."""

    def __init__(self, session: boto3.Session, outputs: StackOutputs) -> None:
        """Use the session's credentials."""
        self._session, self._outputs = session, outputs

    def checks(self) -> list[Check]:
        """Return the checks, in the order of the pipeline."""
        checks = {
            "stream": self._stream,
            "table": self._table,
            "batches": self._batches,
            "items": self._items,
            "queues": self._queues,
            "dead letters": self._dead_letters,
            "bus": self._bus,
            "buckets": self._buckets,
            "functions": self._functions,
            "mappings": self._mappings,
        }
        return [Check(name=name, run=run, do=_REDEPLOY) for name, run in checks.items()]

    def _stream(self) -> str | Finding:
        kinesis = self._client("kinesis")
        found = kinesis.describe_stream_summary(StreamName=self._outputs.stream_name)
        summary = found["StreamDescriptionSummary"]
        status = summary["StreamStatus"]
        text = f"{status}, {summary['OpenShardCount']} open shards"
        if status in {"ACTIVE", "UPDATING"}:
            return text
        return _wrong("stream", text, "wait until it is ACTIVE")

    def _table(self) -> str | Finding:
        answer = self._client("dynamodb").describe_table(TableName=self._outputs.table_name)
        found = answer["Table"]
        indexes = {
            index["IndexName"]: index.get("IndexStatus", "ACTIVE")
            for index in found.get("GlobalSecondaryIndexes", [])
        }
        wanted = {table.BATCH_INDEX, table.STATUS_INDEX, table.DUE_INDEX}
        missing = sorted(wanted - indexes.keys())
        if missing:
            return _wrong("table", f"missing {', '.join(missing)}", _REDEPLOY)
        busy = [name for name in sorted(wanted) if indexes[name] != "ACTIVE"]
        text = f"{found['TableStatus']}, {len(wanted)} indexes"
        if found["TableStatus"] not in {"ACTIVE", "UPDATING"} or busy:
            where = f"; {', '.join(busy)} not yet ACTIVE" if busy else ""
            return _wrong("table", text + where, "wait until it is ACTIVE")
        if lacking := self._lacking():
            return _wrong("table", f"{text}; without {' and '.join(lacking)}", _REDEPLOY)
        return text

    def _lacking(self) -> list[str]:
        """Return the settings that the table lacks, as a table does that was just restored."""
        dynamodb, name = self._client("dynamodb"), self._outputs.table_name
        ttl = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        backups = dynamodb.describe_continuous_backups(TableName=name)
        recovery = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
        states = {
            "expiry of items": ttl["TimeToLiveStatus"] in {"ENABLED", "ENABLING"},
            "point-in-time recovery": recovery["PointInTimeRecoveryStatus"] == "ENABLED",
        }
        return [setting for setting, is_on in states.items() if not is_on]

    def _batches(self) -> str | Finding:
        """Find batches that are being sent for so long that their push may not come back."""
        name = self._outputs.table_name
        registry = BatchRegistry(self._client("dynamodb"), name, time.time)
        before = iso_second(from_epoch_s(int(time.time()) - STALE_AFTER_S))
        old = [batch_id for at, batch_id in registry.started_in("sending") if at < before]
        loaded = (_readable(registry, batch_id) for batch_id in old[:_MAX_BATCHES])
        stale = [each.batch_id for each in loaded if each and each.trigger != FOLLOW_TRIGGER]
        if not stale:
            return self._incomplete(registry) or "none is sending for over a day"
        text = f"sending for over a day: {', '.join(stale)}"
        do = "continue it where it began: stream-ingest push --resume --batch-id ID; or end it:"
        return Finding(
            check="batches", state=State.NOTE, found=text, do=f"{do} stream-ingest abandon ID"
        )

    def _items(self) -> str | Finding:
        """Find items of the table that functions could not read."""
        listed = UnreadableList(self._client("dynamodb"), self._outputs.table_name, time.time)
        entries = list(listed.entries())
        if not entries:
            return "all that were met can be read"
        shown = "; ".join(f"{each.key}: {each.reason}" for each in entries[:_MAX_SHOWN])
        more = f"; and {len(entries) - _MAX_SHOWN:,} more" if len(entries) > _MAX_SHOWN else ""
        do = "see what can be done: ops-dashboard repair"
        return _wrong("items", f"{len(entries):,} cannot be read: {shown}{more}", do)

    @staticmethod
    def _incomplete(registry: BatchRegistry) -> Finding | None:
        """Find batches that ended within a day without all of their rows or end marks."""
        newest = islice(registry.newest_in(ENDED_BATCHES), _MAX_BATCHES)
        loaded = (_readable(registry, batch_id) for _, batch_id in newest)
        found = [each.batch_id for each in loaded if each is not None and _is_incomplete(each)]
        if not found:
            return None
        text = f"ended within a day without all of their rows or end marks: {', '.join(found)}"
        do = "see ops-dashboard status --batch ID; after a fix: ops-dashboard dlq redrive --all"
        return Finding(check="batches", state=State.NOTE, found=text, do=do)

    def _queues(self) -> str:
        depth = queue_depth(self._client("sqs"), self._outputs.collage_queue_url)
        return f"{depth.waiting:,} windows waiting, {depth.received:,} being built"

    def _dead_letters(self) -> str | Finding:
        urls = self._outputs.dead_letter_urls
        sqs = self._client("sqs")
        counts = {kind: queue_depth(sqs, url).total for kind, url in sorted(urls.items())}
        counts["record"] = self._objects(QUARANTINE_PREFIX)
        counts["stream"] = self._objects(FAILED_BATCHES_PREFIX)
        waiting = {kind: count for kind, count in counts.items() if count}
        if not waiting:
            return "none"
        text = ", ".join(
            f"{count:,}{' or more' if count == _MAX_KEYS else ''} {kind}"
            for kind, count in waiting.items()
        )
        do = "list them: ops-dashboard dlq list; after a fix: ops-dashboard dlq redrive --all"
        return Finding(check="dead letters", state=State.NOTE, found=text, do=do)

    def _objects(self, prefix: str) -> int:
        """Return the number of failed records or batches, as far as one request lists them."""
        bucket = self._outputs.output_bucket
        found = self._client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix)
        keys = (each["Key"] for each in found.get("Contents", []))
        return sum(not key.endswith(".redriven") for key in keys)

    def _bus(self) -> str | Finding:
        events, bus = self._client("events"), self._outputs.bus_name
        events.describe_event_bus(Name=bus)
        rule = self._outputs.window_rule_arn.rpartition("/")[2]
        archive = self._outputs.archive_arn.rpartition("/")[2]
        states = {
            f"rule {rule}": events.describe_rule(Name=rule, EventBusName=bus)["State"],
            f"archive {archive}": events.describe_archive(ArchiveName=archive)["State"],
        }
        return _all(states, {"ENABLED"}, "bus", f"{bus}, its rule and its archive are enabled")

    def _buckets(self) -> str:
        s3 = self._client("s3")
        names = (
            self._outputs.input_bucket,
            self._outputs.output_bucket,
            self._outputs.temp_bucket,
        )
        for name in names:
            try:
                s3.list_objects_v2(Bucket=name, MaxKeys=1)
            except s3.exceptions.NoSuchBucket as error:
                msg = f"bucket {name} does not exist"
                raise UserError(msg) from error
        return f"{len(names)} can be read"

    def _functions(self) -> str | Finding:
        client = self._client("lambda")
        states: dict[str, str] = {}
        for name in self._function_names():
            found = client.get_function_configuration(FunctionName=name)
            states[name] = found.get("State", "Active")
            if found.get("LastUpdateStatus", "Successful") == "Failed":
                states[name] = f"update failed: {found.get('LastUpdateStatusReason', '')}"
        return _all(states, {"Active", "Inactive"}, "functions", f"{len(states)} are active")

    def _mappings(self) -> str | Finding:
        client = self._client("lambda")
        states: dict[str, str] = {}
        for name in self._fed_functions():
            found = client.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
            states[name] = found[0]["State"] if found else "missing"
        in_progress = [name for name, state in states.items() if state in _IN_PROGRESS]
        if in_progress:
            text = ", ".join(f"{name} is {states[name]}" for name in in_progress)
            return Finding(check="mappings", state=State.NOTE, found=text, do="wait a minute")
        return _all(states, _GOOD_MAPPINGS, "mappings", "enabled for stream and queues")

    def _function_names(self) -> tuple[str, ...]:
        outputs = self._outputs
        return (*self._fed_functions(), outputs.sweeper_function)

    def _fed_functions(self) -> tuple[str, ...]:
        """Return the functions that a stream or a queue invokes."""
        outputs = self._outputs
        return outputs.windowing_function, outputs.collage_function, outputs.intake_function

    def _client(self, service: str) -> Any:  # noqa: ANN401 - a client of any service
        return self._session.client(service, config=CONFIG)  # type: ignore[call-overload]  # by name


def _readable(registry: BatchRegistry, batch_id: str) -> Batch | None:
    """Return a batch; None if there is none, or it cannot be read (`StackChecks._items`)."""
    try:
        return registry.load(batch_id)
    except UnreadableItemError:
        return None


def _is_incomplete(batch: Batch) -> bool:
    """Return whether a batch ended within a day, and lacks rows or end marks."""
    now_s = int(time.time())
    if batch.counted is None or batch.counted.since < now_s - STALE_AFTER_S:
        return False
    progress = progress_of(batch, sum_windows(()), now_s)
    return bool(progress.marks_missing or progress.refused.get(RefusalReason.QUARANTINED))


def _all(
    states: Mapping[str, str], good: set[str] | frozenset[str], check: str, text: str
) -> str | Finding:
    """Return `text` if every state is good, else a finding with the others."""
    bad = [f"{name} is {state}" for name, state in states.items() if state not in good]
    return text if not bad else _wrong(check, ", ".join(bad), _REDEPLOY)


def _wrong(check: str, found: str, do: str) -> Finding:
    return Finding(check=check, state=State.WRONG, found=found, do=do)
