"""Checks of queues, rules, archive and schedule. Edge (network)."""

from __future__ import annotations

import json
from typing import Any

from ops_dashboard.doctor.deployed import Deployed, existing
from ops_dashboard.doctor.findings import Finding, Problem, judged, missing, stopped
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


def _queue(stack: Deployed, part: QueuePart) -> list[Problem]:
    url = f"{stack.outputs.collage_queue_url.rpartition('/')[0]}/{part.name}"
    sqs = stack.aws("sqs")
    found = existing(sqs.get_queue_attributes, QueueUrl=url, AttributeNames=["All"])
    if found is None:
        return [missing(f"{part.name} does not exist")]
    attributes = found.get("Attributes", {})
    problems = []
    if not attributes.get("Policy"):
        problems.append(stopped(f"{part.name} has no policy, so EventBridge cannot send to it"))
    redrive = json.loads(attributes.get("RedrivePolicy") or "{}")
    dead_letters = name_in(redrive.get("deadLetterTargetArn", ""))
    if dead_letters != part.dead_letters:
        text = f"{part.name} has the dead-letter queue {dead_letters or 'none'} instead of"
        problems.append(Problem(f"{text} {part.dead_letters or 'none'}"))
    elif part.max_receives and int(redrive["maxReceiveCount"]) != part.max_receives:
        text = f"{part.name} delivers a message {redrive['maxReceiveCount']} times instead of"
        problems.append(Problem(f"{text} {part.max_receives}"))
    return problems


def check_rules(stack: Deployed) -> Finding:
    """Check that each rule is enabled, and sends the same events to the same target."""
    problems = [problem for part in stack.parts.rules for problem in _rule(stack, part)]
    good = f"{len(stack.parts.rules)} enabled, with their targets"
    return judged("rules", problems, good, stack.redeploy)


def _rule(stack: Deployed, part: RulePart) -> list[Problem]:
    events, name = stack.aws("events"), part.name
    rule = existing(events.describe_rule, Name=name, EventBusName=part.bus)
    if rule is None:
        return [missing(f"rule {name} does not exist")]
    problems = []
    if rule["State"] != "ENABLED":
        problems.append(stopped(f"rule {name} is {rule['State']}"))
    if pattern_digest(rule.get("EventPattern") or "{}") != part.pattern:
        problems.append(Problem(f"the pattern of rule {name} was changed"))
    listed = events.list_targets_by_rule(Rule=name, EventBusName=part.bus)["Targets"]
    return problems + _target_problems(part, listed)


def _target_problems(part: RulePart, listed: list[dict[str, Any]]) -> list[Problem]:
    """Return what is wrong with the deployed targets; others may have been added by hand."""
    found = {
        name_in(target["Arn"]): name_in(target.get("DeadLetterConfig", {}).get("Arn", ""))
        for target in listed
    }
    names = ", ".join(found) or "nothing"
    problems = []
    for target, wanted in part.targets.items():
        if target not in found:
            problems.append(missing(f"rule {part.name} sends to {names}, not to {target}"))
        elif found[target] != wanted:
            other = found[target] or "none"
            text = f"rule {part.name} has the dead-letter queue {other}, not {wanted or 'none'}"
            problems.append(Problem(f"{text}, for {target}"))
    return problems


def check_archive(stack: Deployed) -> Finding:
    """Check that each archive stores events, for as long as it was deployed with."""
    problems = []
    for part in stack.parts.archives:
        found = existing(stack.aws("events").describe_archive, ArchiveName=part.name)
        if found is None:
            problems.append(missing(f"{part.name} does not exist, so nothing can be replayed"))
        elif found["State"] not in {"ENABLED", "CREATING", "UPDATING"}:
            reason = found.get("StateReason", "")
            problems.append(stopped(f"{part.name} is {found['State']}: {reason}"))
        elif found.get("RetentionDays", 0) != part.days:
            days = found.get("RetentionDays", 0)
            text = f"{part.name} stores events for {days} days instead of {part.days}"
            problems.append(Problem(text))
    return judged("archive", problems, "enabled", stack.redeploy)


def check_schedule(stack: Deployed) -> Finding:
    """Check that each schedule is enabled, at its rate and for its function."""
    problems = []
    for part in stack.parts.schedules:
        found = existing(stack.aws("scheduler").get_schedule, Name=part.name)
        if found is None:
            problems.append(missing(f"{part.name} does not exist"))
            continue
        if found["State"] != "ENABLED":
            problems.append(stopped(f"{part.name} is {found['State']}"))
        if found["ScheduleExpression"] != part.rate:
            text = f"{part.name} runs at {found['ScheduleExpression']}, not {part.rate}"
            problems.append(Problem(text))
        if (target := name_in(found["Target"]["Arn"])) != part.target:
            problems.append(stopped(f"{part.name} starts {target}, not {part.target}"))
    rates = ", ".join(part.rate for part in stack.parts.schedules)
    return judged("schedule", problems, f"enabled: {rates}", stack.redeploy)
