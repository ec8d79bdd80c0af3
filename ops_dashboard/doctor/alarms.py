"""Checks of the alarms and of whom they notify. Edge (network)."""

from __future__ import annotations

from typing import Any

from ops_dashboard.doctor.deployed import Deployed, existing
from ops_dashboard.doctor.findings import Finding, judged, note, passed, wrong

RUNBOOK = "docs/operations/runbook.md"


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
    missing = [name for name in stack.parts.alarms if name not in found]
    known = [name for name in stack.parts.alarms if name in found]
    silent = [name for name in known if not found[name].get("ActionsEnabled", True)]
    raised = [name for name in known if found[name]["StateValue"] == "ALARM"]
    problems = [
        f"{text}: {', '.join(names)}"
        for text, names in (
            ("in alarm", raised),
            ("missing", missing),
            ("with actions switched off", silent),
        )
        if names
    ]
    return judged("alarms", problems, f"{len(known)}, none raised", _fix(stack, raised, problems))


def _fix(stack: Deployed, raised: list[str], problems: list[str]) -> str:
    """Return how to fix the problems: the runbook's section of a raised alarm comes first."""
    sections = ", ".join(f"{RUNBOOK}#{name}" for name in raised)
    both = [f"see {sections}"] if raised else []
    if len(problems) > len(both):
        both.append(stack.redeploy)
    return "; ".join(both)


def check_notices(stack: Deployed) -> Finding:
    """Check that the topic of the alarms exists, and that its subscriptions are confirmed."""
    arn = stack.outputs.alarm_topic_arn
    found = existing(stack.aws("sns").get_topic_attributes, TopicArn=arn)
    if found is None:
        return wrong("notices", f"topic {arn} does not exist: alarms notify nobody", stack.redeploy)
    counts = found["Attributes"]
    confirmed = int(counts.get("SubscriptionsConfirmed", 0))
    pending = int(counts.get("SubscriptionsPending", 0))
    if pending:
        text = f"{pending} of the alarms' subscriptions not confirmed"
        return note("notices", text, "open the link in the mail from AWS Notifications")
    text = f"alarms notify {confirmed} subscriptions"
    return passed("notices", text)
