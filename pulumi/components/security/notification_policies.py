"""Rights of what notifies people: a topic that rules publish to, and a role of rules. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from components.security.policies import Document, allow, deny_plain_http, policy


def topic(topic_arn: str, rule_arns: Sequence[str]) -> Document:
    """Allow these rules, and no other sender, to publish to a topic."""
    return policy(
        {
            "Sid": "Rules",
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": topic_arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": list(rule_arns)}},
        },
        {**deny_plain_http("sns", [topic_arn]), "Action": "sns:Publish"},
    )


def webhook(destination_arn: str) -> Document:
    """Allow a rule to send to an API destination."""
    return policy(allow("Send", ["events:InvokeApiDestination"], [destination_arn]))
