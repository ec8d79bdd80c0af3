"""Checks of functions, event source mappings and log groups. Edge (network)."""

from __future__ import annotations

from typing import Any

from ops_dashboard.doctor.deployed import Deployed, existing
from ops_dashboard.doctor.findings import Finding, Problem, judged, missing, note, stopped
from stream_ingest.contracts.stack_parts import FunctionPart, MappingPart, name_in

_IN_PROGRESS = frozenset({"Creating", "Enabling", "Updating"})
_PARTIAL = "ReportBatchItemFailures"


def check_functions(stack: Deployed) -> Finding:
    """Check that each function can be invoked, and is as it was deployed."""
    problems = [problem for part in stack.parts.functions for problem in _function(stack, part)]
    good = f"{len(stack.parts.functions)} active, as deployed"
    return judged("functions", problems, good, stack.redeploy)


def _function(stack: Deployed, part: FunctionPart) -> list[Problem]:
    client, name = stack.aws("lambda"), part.name
    found = existing(client.get_function_configuration, FunctionName=name)
    if found is None:
        return [missing(f"{name} does not exist")]
    problems = []
    if found.get("State", "Active") not in {"Active", "Inactive"}:
        problems.append(stopped(f"{name} is {found['State']}: {found.get('StateReason', '')}"))
    if found.get("LastUpdateStatus") == "Failed":
        reason = found.get("LastUpdateStatusReason", "")
        problems.append(Problem(f"the update of {name} failed: {reason}"))
    limits = {
        "MB of memory": (found["MemorySize"], part.memory_mb),
        "seconds": (found["Timeout"], part.timeout_s),
    }
    problems += [
        Problem(f"{name} has {actual:,} {unit} instead of {wanted:,}")
        for unit, (actual, wanted) in limits.items()
        if actual != wanted
    ]
    reserved = client.get_function_concurrency(FunctionName=name)
    concurrency = reserved.get("ReservedConcurrentExecutions")
    if concurrency == 0:
        problems.append(stopped(f"{name} is throttled: its reserved concurrency is 0"))
    elif (concurrency or 0) != part.reserved:
        wanted = part.reserved or "none"
        text = f"{name} has a reserved concurrency of {concurrency or 'none'}, not {wanted}"
        problems.append(Problem(text))
    return problems


def check_mappings(stack: Deployed) -> Finding:
    """Check that each function gets what is in its stream or queue."""
    problems: list[Problem] = []
    states: dict[str, str] = {}
    for part in stack.parts.mappings:
        client = stack.aws("lambda")
        found = existing(client.list_event_source_mappings, FunctionName=part.name)
        of_source = [
            each
            for each in (found or {}).get("EventSourceMappings", [])
            if name_in(each["EventSourceArn"]) == part.source
        ]
        if not of_source:
            problems.append(missing(f"{part.name} is not invoked for {part.source}: no mapping"))
            continue
        states[part.name] = of_source[0]["State"]
        problems += _mapping_problems(part, of_source[0])
    busy = [f"{name} is {state}" for name, state in states.items() if state in _IN_PROGRESS]
    if busy and not problems:
        return note("mappings", ", ".join(busy), "wait a minute")
    good = f"{len(states)} enabled, as deployed"
    return judged("mappings", problems, good, stack.redeploy)


def _mapping_problems(part: MappingPart, found: dict[str, Any]) -> list[Problem]:
    problems = []
    state, name = found["State"], f"the mapping of {part.name}"
    if state != "Enabled" and state not in _IN_PROGRESS:
        reason = found.get("StateTransitionReason", "")
        problems.append(
            stopped(f"{name} is {state} ({reason})" if reason else f"{name} is {state}")
        )
    last = found.get("LastProcessingResult") or ""
    if last.startswith("PROBLEM"):
        problems.append(Problem(f"{name} reports {last}"))
    if found.get("FilterCriteria", {}).get("Filters"):
        problems.append(Problem(f"{name} filters messages, so some are dropped"))
    if _PARTIAL not in found.get("FunctionResponseTypes", []):
        problems.append(Problem(f"{name} is without {_PARTIAL}"))
    failure = found.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination", "")
    if name_in(failure) != part.on_failure:
        wanted = part.on_failure or "nowhere"
        text = f"{name} sends failures to {name_in(failure) or 'nowhere'}, not {wanted}"
        problems.append(Problem(text))
    concurrency = found.get("ScalingConfig", {}).get("MaximumConcurrency", 0)
    if concurrency != part.max_concurrency:
        text = f"{name} runs {concurrency or 'any number of'} invocations at once, not"
        problems.append(Problem(f"{text} {part.max_concurrency}"))
    return problems + (_stream_problems(part, found, name) if part.max_age_s else [])


def _stream_problems(part: MappingPart, found: dict[str, Any], name: str) -> list[Problem]:
    """Return what is wrong with the mapping of a stream: when it gives up, and what it delivers."""
    limits = {
        "ParallelizationFactor": part.parallelization,
        "MaximumRecordAgeInSeconds": part.max_age_s,
        "MaximumRetryAttempts": part.retries,
    }
    problems = [
        Problem(f"{name} has {limit} {found.get(limit)} instead of {wanted}")
        for limit, wanted in limits.items()
        if found.get(limit) != wanted
    ]
    if not found.get("BisectBatchOnFunctionError"):
        problems.append(Problem(f"{name} does not halve a delivery on which the function fails"))
    return problems


def check_log_groups(stack: Deployed) -> Finding:
    """Check that each log group exists, and stores lines for as long as it was deployed with."""
    logs = stack.aws("logs")
    problems = []
    for part in stack.parts.log_groups:
        listed = logs.describe_log_groups(logGroupNamePrefix=part.name)["logGroups"]
        found = [each for each in listed if each["logGroupName"] == part.name]
        if not found:
            problems.append(missing(f"{part.name} does not exist, so errors are not shown"))
        elif (days := found[0].get("retentionInDays", 0)) != part.days:
            stored = f"{days} days" if days else "ever"
            text = f"{part.name} stores lines for {stored} instead of {part.days} days"
            problems.append(Problem(text))
    good = f"{len(stack.parts.log_groups)} as deployed"
    return judged("log groups", problems, good, stack.redeploy)
