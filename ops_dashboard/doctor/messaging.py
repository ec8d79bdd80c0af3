"""Checks of queues, rules, archive and schedule. Edge (network)."""

from __future__ import annotations

import json
from typing import Any

from ops_dashboard.doctor.deployed import Deployed, existing
from ops_dashboard.doctor.findings import Finding, judged
from stream_ingest.aws.queue_depth import queue_depth
from stream_ingest.contracts.stack_parts import QueuePart, RulePart, name_in, pattern_digest


def check_queues(stack: Deployed) -> Finding:
    """Check that each queue exists, with its policy and its dead-letter queue."""
    problems = [problem for part in stack.parts.queues for problem in _queue(stack, part)]
    good = f"{len(stack.parts.queues)} as deployed"
    if not problems:
        depth = queue_depth(stack.aws("sqs"), stack.outputs.collage_queue_url)
        good += f"; {depth.waiting:,} windows waiting, {depth.received:,} being built"
    return judged("queues", problems, good, stack.redeploy)


def _queue(stack: Deployed, part: QueuePart) -> list[str]:
    url = f"{stack.outputs.collage_queue_url.rpartition('/')[0]}/{part.name}"
    sqs = stack.aws("sqs")
    found = existing(sqs.get_queue_attributes, QueueUrl=url, AttributeNames=["All"])
    if found is None:
        return [f"{part.name} does not exist"]
    attributes = found.get("Attributes", {})
    problems = []
    if not attributes.get("Policy"):
        problems.append(f"{part.name} has no policy, so EventBridge cannot send to it")
    redrive = json.loads(attributes.get("RedrivePolicy") or "{}")
    dead_letters = name_in(redrive.get("deadLetterTargetArn", ""))
    if dead_letters != part.dead_letters:
        problems.append(
            f"{part.name} has the dead-letter queue {dead_letters or 'none'} instead of"
            f" {part.dead_letters or 'none'}"
        )
    elif part.max_receives and int(redrive["maxReceiveCount"]) != part.max_receives:
        problems.append(
            f"{part.name} delivers a message {redrive['maxReceiveCount']} times instead of"
            f" {part.max_receives}"
        )
    return problems


def check_rules(stack: Deployed) -> Finding:
    """Check that each rule is enabled, and sends the same events to the same target."""
    problems = [problem for part in stack.parts.rules for problem in _rule(stack, part)]
    good = f"{len(stack.parts.rules)} enabled, with their targets"
    return judged("rules", problems, good, stack.redeploy)


def _rule(stack: Deployed, part: RulePart) -> list[str]:
    events, name = stack.aws("events"), part.name
    rule = existing(events.describe_rule, Name=name, EventBusName=part.bus)
    if rule is None:
        return [f"rule {name} does not exist"]
    problems = []
    if rule["State"] != "ENABLED":
        problems.append(f"rule {name} is {rule['State']}")
    if pattern_digest(rule.get("EventPattern") or "{}") != part.pattern:
        problems.append(f"the pattern of rule {name} was changed")
    listed = events.list_targets_by_rule(Rule=name, EventBusName=part.bus)["Targets"]
    if (problem := _target_problem(part, listed)) is not None:
        problems.append(problem)
    return problems


def _target_problem(part: RulePart, listed: list[dict[str, Any]]) -> str | None:
    for target in listed:
        if name_in(target["Arn"]) == part.target:
            dead_letters = name_in(target.get("DeadLetterConfig", {}).get("Arn", ""))
            if dead_letters == part.dead_letters:
                return None
            found = dead_letters or "none"
            return f"rule {part.name} has the dead-letter queue {found}, not {part.dead_letters}"
    names = ", ".join(name_in(target["Arn"]) for target in listed) or "nothing"
    return f"rule {part.name} sends to {names}, not to {part.target}"


def check_archive(stack: Deployed) -> Finding:
    """Check that each archive stores events, for as long as it was deployed with."""
    problems = []
    for part in stack.parts.archives:
        found = existing(stack.aws("events").describe_archive, ArchiveName=part.name)
        if found is None:
            problems.append(f"{part.name} does not exist, so nothing can be replayed")
        elif found["State"] not in {"ENABLED", "CREATING", "UPDATING"}:
            problems.append(f"{part.name} is {found['State']}: {found.get('StateReason', '')}")
        elif found.get("RetentionDays", 0) != part.days:
            days = found.get("RetentionDays", 0)
            problems.append(f"{part.name} stores events for {days} days instead of {part.days}")
    return judged("archive", problems, "enabled", stack.redeploy)


def check_schedule(stack: Deployed) -> Finding:
    """Check that each schedule is enabled, at its rate and for its function."""
    problems = []
    for part in stack.parts.schedules:
        found = existing(stack.aws("scheduler").get_schedule, Name=part.name)
        if found is None:
            problems.append(f"{part.name} does not exist")
            continue
        if found["State"] != "ENABLED":
            problems.append(f"{part.name} is {found['State']}")
        if found["ScheduleExpression"] != part.rate:
            problems.append(f"{part.name} runs at {found['ScheduleExpression']}, not {part.rate}")
        if (target := name_in(found["Target"]["Arn"])) != part.target:
            problems.append(f"{part.name} starts {target}, not {part.target}")
    rates = ", ".join(part.rate for part in stack.parts.schedules)
    return judged("schedule", problems, f"enabled: {rates}", stack.redeploy)
