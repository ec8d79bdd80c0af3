"""The SSM parameter with the parts of a stack, for `ops-dashboard doctor`. Edge (Pulumi).

The parts are collected from the resources that the program declares, by a transformation that
changes nothing, so that a new queue, function or alarm is checked without another line here.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import pulumi_aws as aws

import pulumi
from stream_ingest.contracts.stack_parts import (
    name_in,
    parts_parameter,
    pattern_digest,
    to_wire,
)

Props = Mapping[str, Any]
Build = Callable[[Props], Any]


class StackParts(pulumi.ComponentResource):
    """The SSM parameter that `ops_dashboard.doctor.parts` reads.

    A list beyond the 4 KB of a standard parameter becomes an advanced one, which costs 0.05 USD a
    month.
    """

    def __init__(
        self,
        name: str,
        stack: str,
        parts: pulumi.Output[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Write the parameter; `parts` is what `PartsCollector.collected` returns."""
        super().__init__("coverstream:index:StackParts", name, None, opts)
        self.parameter = aws.ssm.Parameter(
            name,
            name=parts_parameter(stack),
            type="String",
            tier="Intelligent-Tiering",
            value=parts,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"parameter": self.parameter.name})


class PartsCollector:
    """Collects the parts of all resources that are declared after it was made."""

    def __init__(self, prefix: str) -> None:
        """Begin to collect; `prefix` is ``<project>-<stack>``."""
        self._prefix = prefix
        self._declared: dict[str, list[Props]] = defaultdict(list)
        pulumi.runtime.register_stack_transformation(self._collect)

    def collected(self) -> pulumi.Output[str]:
        """Return the parts of everything that was declared until now, as JSON."""
        return pulumi.Output.from_input(dict(self._declared)).apply(self._encode)

    def _collect(self, args: pulumi.ResourceTransformationArgs) -> None:
        provider, *_, kind = args.type_.split(":")
        if provider == "aws" and kind in _KINDS:
            wanted = _KINDS[kind]
            self._declared[kind].append({key: args.props.get(key) for key in wanted})

    def _encode(self, declared: dict[str, list[Props]]) -> str:
        known = defaultdict(list, declared)
        begin = f"{self._prefix}-"
        return to_wire(
            {
                "functions": [_function(each) for each in known["Function"]],
                "mappings": [_mapping(each) for each in known["EventSourceMapping"]],
                "queues": [_queue(each) for each in known["Queue"]],
                "rules": [_rule(each, known["EventTarget"]) for each in known["EventRule"]],
                "schedules": [_schedule(each) for each in known["Schedule"]],
                "archives": [_retained(each, "retention_days") for each in known["EventArchive"]],
                "log_groups": [_retained(each, "retention_in_days") for each in known["LogGroup"]],
                "buckets": [_bucket(each["bucket"], known) for each in known["Bucket"]],
                "tables": [_table(each) for each in known["Table"]],
                "streams": [_stream(each) for each in known["Stream"]],
                "topics": [_topic(each, known["TopicSubscription"]) for each in known["Topic"]],
                "key_aliases": [each["name"] for each in known["Alias"]],
                "alarm_prefix": begin,
                "alarms": [each["name"].removeprefix(begin) for each in known["MetricAlarm"]],
            }
        )


_KINDS: Mapping[str, tuple[str, ...]] = {
    "Function": ("name", "memory_size", "timeout", "reserved_concurrent_executions"),
    "EventSourceMapping": (
        "function_name",
        "event_source_arn",
        "destination_config",
        "scaling_config",
        "parallelization_factor",
        "maximum_record_age_in_seconds",
        "maximum_retry_attempts",
    ),
    "Queue": ("name", "redrive_policy"),
    "EventRule": ("name", "event_bus_name", "event_pattern"),
    "EventTarget": ("rule", "arn", "dead_letter_config"),
    "Schedule": ("name", "schedule_expression", "target"),
    "EventArchive": ("name", "retention_days"),
    "LogGroup": ("name", "retention_in_days"),
    "Bucket": ("bucket",),
    "BucketVersioning": ("bucket",),
    "BucketNotification": ("bucket", "eventbridge"),
    "BucketLifecycleConfiguration": ("bucket", "rules"),
    "BucketCorsConfiguration": ("bucket", "cors_rules"),
    "Table": ("name", "deletion_protection_enabled", "global_secondary_indexes"),
    "Stream": ("name", "shard_count", "retention_period"),
    "Topic": ("name",),
    "TopicSubscription": ("topic", "protocol", "endpoint"),
    "Alias": ("name",),
    "MetricAlarm": ("name",),
}
"""The inputs that are needed of each kind of resource."""


def _function(props: Props) -> Props:
    return {
        "name": props["name"],
        "memory_mb": int(props["memory_size"]),
        "timeout_s": int(props["timeout"]),
        "reserved": max(int(props["reserved_concurrent_executions"] or 0), 0),
    }


def _mapping(props: Props) -> Props:
    failure = (props["destination_config"] or {}).get("on_failure", {})
    scaling, retries = props["scaling_config"] or {}, props["maximum_retry_attempts"]
    return {
        "name": name_in(props["function_name"]),
        "source": name_in(props["event_source_arn"]),
        "on_failure": name_in(failure.get("destination_arn", "")),
        "max_concurrency": int(scaling.get("maximum_concurrency", 0)),
        "parallelization": int(props["parallelization_factor"] or 1),
        "max_age_s": int(props["maximum_record_age_in_seconds"] or 0),
        "retries": -1 if retries is None else int(retries),
    }


def _queue(props: Props) -> Props:
    redrive = json.loads(props["redrive_policy"] or "{}")
    return {
        "name": props["name"],
        "dead_letters": name_in(redrive.get("deadLetterTargetArn", "")),
        "max_receives": int(redrive.get("maxReceiveCount", 0)),
    }


def _rule(props: Props, targets: list[Props]) -> Props:
    return {
        "name": props["name"],
        "bus": props["event_bus_name"],
        "pattern": pattern_digest(props["event_pattern"]),
        "targets": {
            name_in(target["arn"]): name_in((target["dead_letter_config"] or {}).get("arn", ""))
            for target in targets
            if target["rule"] == props["name"]
        },
    }


def _topic(props: Props, subscriptions: list[Props]) -> Props:
    emails = [
        each["endpoint"]
        for each in subscriptions
        if each["protocol"] == "email" and name_in(each["topic"]) == props["name"]
    ]
    return {"name": props["name"], "emails": emails}


def _schedule(props: Props) -> Props:
    return {
        "name": props["name"],
        "rate": props["schedule_expression"],
        "target": name_in(props["target"]["arn"]),
    }


def _retained(props: Props, days: str) -> Props:
    return {"name": props["name"], "days": int(props[days] or 0)}


def _bucket(name: str, known: Mapping[str, list[Props]]) -> Props:
    def is_own(each: Props) -> bool:
        return bool(each["bucket"] == name)

    return {
        "name": name,
        "versioned": any(map(is_own, known["BucketVersioning"])),
        "events": any(each["eventbridge"] for each in known["BucketNotification"] if is_own(each)),
        "rules": [
            rule["id"]
            for each in known["BucketLifecycleConfiguration"]
            if is_own(each)
            for rule in each["rules"]
        ],
        "origins": [
            origin
            for each in known["BucketCorsConfiguration"]
            if is_own(each)
            for rule in each["cors_rules"]
            for origin in rule["allowed_origins"]
        ],
    }


def _table(props: Props) -> Props:
    return {
        "name": props["name"],
        "protected": bool(props["deletion_protection_enabled"]),
        "indexes": [each.name for each in props["global_secondary_indexes"] or ()],
    }


def _stream(props: Props) -> Props:
    return {
        "name": props["name"],
        "hours": int(props["retention_period"]),
        "shards": int(props["shard_count"] or 0),
    }
