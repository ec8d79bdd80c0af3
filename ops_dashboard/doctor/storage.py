"""Checks of stream, table, buckets and key. Edge (network)."""

from __future__ import annotations

from typing import Any

from ops_dashboard.doctor.deployed import Deployed, existing
from ops_dashboard.doctor.findings import Finding, Kind, Problem, judged, missing, stopped, wrong
from stream_ingest.contracts import table
from stream_ingest.contracts.stack_parts import BucketPart, StreamPart, TablePart

_WORKING = frozenset({"ACTIVE", "UPDATING"})
_WAIT = "wait until it is ACTIVE"


def check_stream(stack: Deployed) -> Finding:
    """Check that the stream works, and is as it was deployed."""
    problems, good = [], []
    for part in stack.parts.streams:
        found = existing(stack.aws("kinesis").describe_stream_summary, StreamName=part.name)
        if found is None:
            problems.append(missing(f"{part.name} does not exist"))
            continue
        summary = found["StreamDescriptionSummary"]
        status = summary["StreamStatus"]
        if status not in _WORKING:
            return wrong("stream", f"{part.name} is {status}", _WAIT, Kind.STOPPED)
        problems += _stream_problems(part, summary)
        good.append(f"{status}, {summary['OpenShardCount']} open shards")
    return judged("stream", problems, "; ".join(good), stack.redeploy)


def _stream_problems(part: StreamPart, summary: dict[str, Any]) -> list[Problem]:
    problems = []
    hours = summary["RetentionPeriodHours"]
    if hours < part.hours:
        text = f"{part.name} stores records for {hours} hours instead of {part.hours}"
        problems.append(Problem(text))
    if summary.get("EncryptionType", "NONE") == "NONE":
        problems.append(Problem(f"{part.name} is not encrypted"))
    return problems


def check_table(stack: Deployed) -> Finding:
    """Check that each table works, with its indexes, expiry and point-in-time recovery."""
    problems = []
    for part in stack.parts.tables:
        found = existing(stack.aws("dynamodb").describe_table, TableName=part.name)
        if found is None:
            do = "restore it from a backup: docs/operations/restore.md"
            return wrong("table", f"{part.name} does not exist", do, Kind.MISSING)
        described = found["Table"]
        indexes = {
            index["IndexName"]: index.get("IndexStatus", "ACTIVE")
            for index in described.get("GlobalSecondaryIndexes", [])
        }
        wanted = part.indexes or (table.BATCH_INDEX, table.STATUS_INDEX, table.DUE_INDEX)
        states = {part.name: described["TableStatus"]}
        states |= {name: indexes[name] for name in wanted if name in indexes}
        busy = [f"{name} is {state}" for name, state in states.items() if state not in _WORKING]
        if busy:
            return wrong("table", ", ".join(busy), _WAIT, Kind.STOPPED)
        problems += [missing(f"index {name} is missing") for name in wanted if name not in indexes]
        problems += _lacking(stack, part, described)
    return judged("table", problems, "active, with all indexes", stack.redeploy)


def _lacking(stack: Deployed, part: TablePart, described: dict[str, Any]) -> list[Problem]:
    """Return the settings that the table lacks, as a table does that was just restored."""
    dynamodb, name = stack.aws("dynamodb"), part.name
    ttl = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    backups = dynamodb.describe_continuous_backups(TableName=name)
    recovery = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    states = {
        "expiry of items": ttl["TimeToLiveStatus"] in {"ENABLED", "ENABLING"},
        "point-in-time recovery": recovery["PointInTimeRecoveryStatus"] == "ENABLED",
        "deletion protection": not part.protected or described.get("DeletionProtectionEnabled"),
    }
    return [
        Problem(f"{name} is without {setting}") for setting, is_on in states.items() if not is_on
    ]


def check_buckets(stack: Deployed) -> Finding:
    """Check that each bucket can be read, and is as it was deployed."""
    problems = [problem for part in stack.parts.buckets for problem in _bucket(stack, part)]
    return judged("buckets", problems, f"{len(stack.parts.buckets)} as deployed", stack.redeploy)


def _bucket(stack: Deployed, part: BucketPart) -> list[Problem]:
    s3, name = stack.aws("s3"), part.name
    if existing(s3.list_objects_v2, Bucket=name, MaxKeys=1) is None:
        return [missing(f"bucket {name} does not exist")]
    problems = []
    if part.versioned and s3.get_bucket_versioning(Bucket=name).get("Status") != "Enabled":
        problems.append(Problem(f"{name} does not keep versions"))
    lifecycle = existing(s3.get_bucket_lifecycle_configuration, Bucket=name) or {"Rules": []}
    rules = {each.get("ID") for each in lifecycle["Rules"] if each["Status"] == "Enabled"}
    lacking = [rule for rule in part.rules if rule not in rules]
    if lacking:
        problems.append(Problem(f"{name} is without the lifecycle rules {', '.join(lacking)}"))
    if part.events:
        notifications = s3.get_bucket_notification_configuration(Bucket=name)
        if "EventBridgeConfiguration" not in notifications:
            text = f"{name} does not announce uploads to EventBridge: they start nothing"
            problems.append(stopped(text))
    if part.origins:
        problems += _cors_problems(stack, part)
    return problems


def _cors_problems(stack: Deployed, part: BucketPart) -> list[Problem]:
    """Return which pages may not upload to the bucket, or may without being of the stack."""
    found = existing(stack.aws("s3").get_bucket_cors, Bucket=part.name) or {"CORSRules": []}
    allowed = {origin for rule in found["CORSRules"] for origin in rule["AllowedOrigins"]}
    lacking, more = sorted({*part.origins} - allowed), sorted(allowed - {*part.origins})
    problems = []
    if lacking:
        problems.append(stopped(f"{part.name} takes no uploads from pages of {', '.join(lacking)}"))
    if more:
        problems.append(Problem(f"{part.name} also takes uploads from pages of {', '.join(more)}"))
    return problems


def check_key(stack: Deployed) -> Finding:
    """Check that the stack's KMS key can be used."""
    problems = []
    for alias in stack.parts.key_aliases:
        found = existing(stack.aws("kms").describe_key, KeyId=alias)
        state = found["KeyMetadata"]["KeyState"] if found else "missing"
        if state == "PendingDeletion":
            do = "cancel it at once: aws kms cancel-key-deletion, then aws kms enable-key"
            return wrong(
                "key", f"{alias} is going to be deleted, and all data with it", do, Kind.STOPPED
            )
        if state == "Disabled":
            do = "enable it: aws kms enable-key; nothing can be read or written without it"
            return wrong("key", f"{alias} is disabled", do, Kind.STOPPED)
        if state != "Enabled":
            kind = Kind.STOPPED if found else Kind.MISSING
            problems.append(Problem(f"{alias} is {state}", kind))
    good = "enabled" if stack.parts.key_aliases else "none: AWS's own keys are used"
    return judged("key", problems, good, stack.redeploy)
