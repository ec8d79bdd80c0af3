"""Checks of the alarms and of whom they notify. Edge (network)."""

from __future__ import annotations

from typing import Any, cast

from ops_dashboard.doctor.deployed import Deployed, existing
from ops_dashboard.doctor.findings import Finding, Kind, Problem, judged, missing, note, passed
from stream_ingest.contracts.stack_parts import TopicPart

RUNBOOK = "docs/operations/runbook.md"
_PENDING = "PendingConfirmation"
"""What SNS lists instead of the ARN of a subscription that is not confirmed."""
_DELETED = "Deleted"
"""What SNS lists for some days of a subscription that was cancelled."""
_CONFIRM = (
    "open the link in each mail from AWS Notifications; AWS deletes a subscription that is not"
    " confirmed within two days"
)


def check_alarms(stack: Deployed) -> Finding:
    """Check that no alarm is raised, and that none is missing or switched off."""
    prefix = stack.parts.alarm_prefix
    pages = (
        stack.aws("cloudwatch")
        .get_paginator("describe_alarms")
        .paginate(AlarmNamePrefix=prefix, AlarmTypes=["MetricAlarm"])
    )
    found: dict[str, dict[str, Any]] = {
        alarm["AlarmName"].removeprefix(prefix): alarm
        for page in pages
        for alarm in page["MetricAlarms"]
    }
    lost = [name for name in stack.parts.alarms if name not in found]
    known = [name for name in stack.parts.alarms if name in found]
    silent = [name for name in known if not found[name].get("ActionsEnabled", True)]
    topic = stack.outputs.alarm_topic_arn
    mute = [name for name in known if topic not in found[name].get("AlarmActions", ())]
    raised = [name for name in known if found[name]["StateValue"] == "ALARM"]
    problems = [
        Problem(f"{text}: {', '.join(names)}", kind)
        for text, names, kind in (
            ("in alarm", raised, Kind.RAISED),
            ("missing", lost, Kind.MISSING),
            ("with actions switched off", silent, Kind.STOPPED),
            ("without the alarms' topic", mute, Kind.STOPPED),
        )
        if names
    ]
    return judged("alarms", problems, f"{len(known)}, none raised", _fix(stack, raised, problems))


def _fix(stack: Deployed, raised: list[str], problems: list[Problem]) -> str:
    """Return how to fix the problems: the runbook's section of a raised alarm comes first."""
    sections = ", ".join(f"{RUNBOOK}#{name}" for name in raised)
    both = [f"see {sections}"] if raised else []
    if len(problems) > len(both):
        both.append(stack.redeploy)
    return "; ".join(both)


def check_notices(stack: Deployed) -> Finding:
    """Check that each topic exists, and that its subscriptions are there and confirmed."""
    region, _, name = stack.outputs.alarm_topic_arn.rpartition(":")
    problems: list[Problem] = []
    pending: list[str] = []
    good: list[str] = []
    for part in stack.parts.topics or (TopicPart(name=name),):
        listed = _subscriptions(stack, f"{region}:{part.name}")
        if listed is None:
            problems.append(missing(f"topic {part.name} does not exist, so nobody is notified"))
            continue
        problems += [
            missing(f"{email} is not subscribed to {part.name}")
            for email in part.emails
            if email not in {each.get("Endpoint") for each in listed}
        ]
        waiting = [each for each in listed if each["SubscriptionArn"] == _PENDING]
        if waiting:
            names = ", ".join(map(_subscriber, waiting))
            pending.append(f"not confirmed: the subscription of {names} to {part.name}")
        good.append(f"{len(listed) - len(waiting)} to {part.name}")
    if problems:
        texts = [Problem(text) for text in pending]
        return judged("notices", [*problems, *texts], "", f"{stack.redeploy}; {_CONFIRM}")
    if pending:
        return note("notices", "; ".join(pending), _CONFIRM)
    return passed("notices", f"confirmed subscriptions: {', '.join(good)}")


def _subscriptions(stack: Deployed, topic_arn: str) -> list[dict[str, Any]] | None:
    """Return the subscriptions of a topic; None if it does not exist."""
    pages = stack.aws("sns").get_paginator("list_subscriptions_by_topic")

    def read() -> list[dict[str, Any]]:
        found = pages.paginate(TopicArn=topic_arn)
        every = (each for page in found for each in page["Subscriptions"])
        return [each for each in every if each["SubscriptionArn"] != _DELETED]

    return cast("list[dict[str, Any]] | None", existing(read))


def _subscriber(subscription: dict[str, Any]) -> str:
    """Return an e-mail address, or the protocol: a URL may have a password in it."""
    protocol: str = subscription["Protocol"]
    return str(subscription["Endpoint"]) if protocol.startswith("email") else f"one by {protocol}"
