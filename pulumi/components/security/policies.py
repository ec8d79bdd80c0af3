"""Builders of IAM policies, and the policies of buckets, queues and trust. Pure.

Policies are data: names and ARNs in, documents out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pulumi
from stream_ingest.contracts.events import EMITTED, Source
from stream_ingest.contracts.item_writes import Partitions, Updates

Statement = dict[str, Any]
Document = dict[str, Any]


def document(build: Callable[..., Document], **inputs: pulumi.Input[Any]) -> pulumi.Output[str]:
    """Return a document as JSON, once its inputs are known."""
    return pulumi.Output.all(**inputs).apply(lambda known: json.dumps(build(**known)))


def policy(*statements: Statement) -> Document:
    """Return a policy document of these statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(
    sid: str,
    actions: Sequence[str],
    resources: Sequence[str],
    condition: Mapping[str, Mapping[str, Any]] | None = None,
) -> Statement:
    """Return a statement for a role's policy."""
    statement: Statement = {
        "Sid": sid,
        "Effect": "Allow",
        "Action": list(actions),
        "Resource": list(resources),
    }
    return statement | ({"Condition": dict(condition)} if condition else {})


def emit(bus_arn: str, source: Source) -> Statement:
    """Allow putting the events of one source on a bus.

    ``ForAllValues``, so that no entry of a request may be of another source. It holds for a request
    without a source or type, too, but EventBridge refuses such entries.
    """
    types = [event.detail_type() for event in EMITTED[source]]
    condition = {"events:source": [source.value], "events:detail-type": types}
    return allow(
        "EmitEvents", ["events:PutEvents"], [bus_arn], {"ForAllValues:StringEquals": condition}
    )


def update(sid: str, table_arn: str, what: Updates, action: str = "UpdateItem") -> Statement:
    """Allow an action that names no other attributes and no other items than `what`."""
    attributes = {"dynamodb:Attributes": list(what.attributes)}
    return allow(
        sid,
        [f"dynamodb:{action}"],
        [table_arn],
        {"ForAllValues:StringEquals": attributes, **items_of(what.partitions, *what.also)},
    )


def items_of(*partitions: Partitions) -> dict[str, dict[str, list[str]]]:
    """Return the condition that a request's items are in some kinds of partitions."""
    if partitions == (Partitions.CREATORS,):
        return {"ForAllValues:StringNotLike": {"dynamodb:LeadingKeys": ["*#*"]}}
    if Partitions.CREATORS in partitions:
        others = [str(each) for each in Partitions if each not in partitions]
        return {"ForAllValues:StringNotLike": {"dynamodb:LeadingKeys": others}}
    return {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [*map(str, partitions)]}}


def bucket_arn(name: str, partition: str) -> str:
    """Return the ARN of a bucket that is not the stack's own."""
    return f"arn:{partition}:s3:::{name}"


def objects(bucket_arn: str, *prefixes: str) -> list[str]:
    """Return the ARNs of all objects under some prefixes of a bucket."""
    return [f"{bucket_arn}/{prefix}/*" for prefix in prefixes]


def trust(service: str, account: str | None = None) -> Document:
    """Allow a service to assume the role, if given only on behalf of `account`."""
    statement: Statement = {
        "Sid": "Assume",
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    if account is not None:
        statement["Condition"] = {"StringEquals": {"aws:SourceAccount": account}}
    return policy(statement)


def deny_plain_http(service: str, resources: Sequence[str]) -> Statement:
    """Deny every request to a resource that does not use TLS."""
    return {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": f"{service}:*",
        "Resource": list(resources),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def bucket(*, bucket_arn: str) -> Document:
    """Return the policy of a bucket and its objects: TLS only."""
    return policy(deny_plain_http("s3", [bucket_arn, f"{bucket_arn}/*"]))


def queue(*, queue_arn: str, rule_arns: Sequence[str], bucket_arns: Sequence[str] = ()) -> Document:
    """Return the policy of a queue: only these rules and buckets may send, over TLS only."""
    statements = [deny_plain_http("sqs", [queue_arn])]
    if rule_arns:
        statements.append(
            {
                "Sid": "OwnRulesOnly",
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": [queue_arn],
                "Condition": {"ArnEquals": {"aws:SourceArn": list(rule_arns)}},
            }
        )
    if bucket_arns:
        statements.append(
            {
                "Sid": "AllowedBucketsOnly",
                "Effect": "Allow",
                "Principal": {"Service": "s3.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": [queue_arn],
                "Condition": {"ArnEquals": {"aws:SourceArn": list(bucket_arns)}},
            }
        )
    return policy(*statements)
