"""What a deployed stack consists of, as Pulumi writes it for `ops-dashboard doctor`. Pure.

The list is collected from the resources that the program declares, so no part is left out. Parts
refer to each other by name. Names of fields are short and defaults are left out: the list has to
fit into one SSM parameter.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import msgspec

from stream_ingest.contracts.stack_outputs import parameter_name


class Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One resource of a stack, by its name in AWS."""

    name: str


class FunctionPart(Part, frozen=True, kw_only=True):
    """A Lambda function; `reserved` is its reserved concurrency, 0 if it has none."""

    memory_mb: int
    timeout_s: int
    reserved: int = 0


class MappingPart(Part, frozen=True, kw_only=True):
    """The event source mapping from the stream or queue `source` to the function `name`."""

    source: str
    on_failure: str = ""
    """Bucket of what the function could not process; empty if a queue's dead letters have it."""
    max_concurrency: int = 0
    """Invocations at once; 0 if shards limit them."""
    parallelization: int = 1
    """Invocations at once for each shard."""
    max_age_s: int = 0
    """Age from which records of a stream are discarded; 0 for a queue."""
    retries: int = -1
    """How often a delivery of a stream is tried again; -1 is without a limit."""


class QueuePart(Part, frozen=True, kw_only=True):
    """An SQS queue; after `max_receives` receipts its messages go to the queue `dead_letters`."""

    dead_letters: str = ""
    max_receives: int = 0


class RulePart(Part, frozen=True, kw_only=True):
    """An EventBridge rule; `pattern` is the `pattern_digest` of its pattern."""

    bus: str
    pattern: str
    targets: dict[str, str] = {}
    """What gets the events, with the queue of those that could not be delivered to it."""


class SchedulePart(Part, frozen=True, kw_only=True):
    """A schedule of EventBridge Scheduler; `rate` is its expression."""

    rate: str
    target: str


class RetainedPart(Part, frozen=True, kw_only=True):
    """A log group or an archive, which stores for so many days; 0 means for ever."""

    days: int = 0


class BucketPart(Part, frozen=True, kw_only=True):
    """A bucket; `events` if S3 announces its uploads, `rules` are the ids of lifecycle rules."""

    versioned: bool = False
    events: bool = False
    rules: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    """Origins whose pages may upload; empty without any, and as earlier releases wrote it."""


class TablePart(Part, frozen=True, kw_only=True):
    """A table; `protected` if DynamoDB refuses to delete it."""

    protected: bool = False
    indexes: tuple[str, ...] = ()
    """Empty as earlier releases wrote it, for a table with the indexes of the state."""


class StreamPart(Part, frozen=True, kw_only=True):
    """The stream; `shards` is 0 if it scales on demand."""

    hours: int
    shards: int = 0


class TopicPart(Part, frozen=True, kw_only=True):
    """An SNS topic; `emails` are the addresses that are subscribed to it."""

    emails: tuple[str, ...] = ()


class StackParts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything of a stack that can be missing, switched off or changed."""

    functions: tuple[FunctionPart, ...] = ()
    mappings: tuple[MappingPart, ...] = ()
    queues: tuple[QueuePart, ...] = ()
    rules: tuple[RulePart, ...] = ()
    schedules: tuple[SchedulePart, ...] = ()
    archives: tuple[RetainedPart, ...] = ()
    log_groups: tuple[RetainedPart, ...] = ()
    buckets: tuple[BucketPart, ...] = ()
    tables: tuple[TablePart, ...] = ()
    streams: tuple[StreamPart, ...] = ()
    topics: tuple[TopicPart, ...] = ()
    key_aliases: tuple[str, ...] = ()
    alarm_prefix: str = ""
    """Beginning of the names of all alarms."""
    alarms: tuple[str, ...] = ()
    """Their names without it."""


def parts_parameter(stack: str) -> str:
    """Return the name of the SSM parameter with a stack's parts."""
    return f"{parameter_name(stack)}/parts"


def pattern_digest(pattern: str) -> str:
    """Return 12 hex digits that two event patterns share if they mean the same JSON."""
    canonical = json.dumps(json.loads(pattern), sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]


def name_in(arn: str) -> str:
    """Return the name at the end of an ARN, such as that of a queue, function or stream.

    An API destination has an id of EventBridge's behind its name.
    """
    kind, _, rest = arn.rpartition(":")[2].partition("/")
    return rest.partition("/")[0] if kind == "api-destination" else rest.rpartition("/")[2] or kind


def from_wire(text: str) -> StackParts:
    """Return the parts in a parameter's value; raises `msgspec.DecodeError` if it is invalid."""
    return msgspec.json.decode(text, type=StackParts)


def to_wire(entries: dict[str, Any]) -> str:
    """Return a parameter's value; raises `msgspec.ValidationError` for a wrong part."""
    return msgspec.json.encode(msgspec.convert(entries, StackParts)).decode()
