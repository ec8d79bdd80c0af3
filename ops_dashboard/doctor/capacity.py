"""Checks of memory and concurrency against their limits. Edge (network)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from ops_dashboard.doctor.deployed import Deployed
from ops_dashboard.doctor.findings import Finding, note, passed, wrong
from stream_ingest.contracts.concurrency_quota import quota_request
from stream_ingest.contracts.metrics import (
    FUNCTIONS,
    MEMORY_PERCENT,
    SERVICE,
    Service,
    namespace_of,
)
from stream_ingest.contracts.settings import DAY_S

_DAYS = 3
_HIGH_PERCENT = 80
_FULL_PERCENT = 95
"""Lambda ends a function at 100 %; what was measured is the peak of invocations that ended well."""


def check_memory(stack: Deployed, now: Callable[[], datetime]) -> Finding:
    """Compare the memory of each function with what it used at most within three days."""
    percents = _memory_percents(stack, now())
    set_mb = {part.name: part.memory_mb for part in stack.parts.functions}
    texts = {
        service: f"{service} used {percent:.0f} % of {set_mb[_function_of(stack, service)]:,} MB"
        for service, percent in percents.items()
        if _function_of(stack, service) in set_mb
    }
    high = [service for service in texts if percents[service] > _HIGH_PERCENT]
    if not high:
        found = ", ".join(texts.values()) or "nothing was measured yet"
        return passed("memory", found)
    text = ", ".join(texts[service] for service in high)
    settings = ", ".join(f"{service}MemoryMb" for service in high)
    do = f"raise {settings} in Pulumi.{stack.outputs.stack}.yaml and deploy"
    is_full = any(percents[service] >= _FULL_PERCENT for service in high)
    return (wrong if is_full else note)("memory", f"{text} within {_DAYS} days", do)


def _memory_percents(stack: Deployed, now: datetime) -> dict[Service, float]:
    queries = [
        {
            "Id": f"memory_{service}",
            "MetricStat": {
                "Metric": {
                    "Namespace": namespace_of(stack.outputs.stack),
                    "MetricName": MEMORY_PERCENT.name,
                    "Dimensions": [{"Name": SERVICE, "Value": str(service)}],
                },
                "Period": DAY_S,
                "Stat": "Maximum",
            },
        }
        for service in FUNCTIONS
    ]
    found = stack.aws("cloudwatch").get_metric_data(
        MetricDataQueries=queries, StartTime=now - timedelta(days=_DAYS), EndTime=now
    )["MetricDataResults"]
    values = {each["Id"].removeprefix("memory_"): each["Values"] for each in found}
    return {service: max(values[service]) for service in FUNCTIONS if values.get(service)}


def _function_of(stack: Deployed, service: Service) -> str:
    name: str = getattr(stack.outputs, f"{service}_function")
    return name


def check_quota(stack: Deployed) -> Finding:
    """Compare what the mappings run at once with the account's limit of concurrent executions."""
    wanted = _wanted(stack)
    reserved = {part.name for part in stack.parts.functions if part.reserved}
    settings = stack.aws("lambda").get_account_settings()["AccountLimit"]
    limit, unreserved = (
        settings["ConcurrentExecutions"],
        settings["UnreservedConcurrentExecutions"],
    )
    total = sum(wanted.values())
    free = sum(number for name, number in wanted.items() if name not in reserved)
    parts = ", ".join(f"{name} {number}" for name, number in wanted.items())
    text = f"up to {total} invocations run at once, of {limit} that the account may run"
    if total > limit:
        do = f"lower the concurrency in the stack's settings, or {quota_request(total)}"
        return wrong("quota", f"{text} ({parts})", do)
    if free > unreserved:
        problem = f"{free} invocations need unreserved concurrency ({parts}); {unreserved} is left"
        do = f"reserve less for other functions, or {quota_request(limit + free - unreserved)}"
        return wrong("quota", problem, do)
    return passed("quota", f"{text}; {unreserved} unreserved")


def _wanted(stack: Deployed) -> dict[str, int]:
    """Return how many invocations of each function may run at once."""
    shards = 0
    for stream in stack.parts.streams:
        found = stack.aws("kinesis").describe_stream_summary(StreamName=stream.name)
        shards += found["StreamDescriptionSummary"]["OpenShardCount"]
    wanted = {
        part.name: part.max_concurrency or shards * part.parallelization
        for part in stack.parts.mappings
    }
    return wanted | {part.target: 1 for part in stack.parts.schedules}
