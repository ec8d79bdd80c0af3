"""All checks of a deployed stack, in the order of the pipeline. Edge (network)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ops_dashboard.doctor import capacity, compute, messaging, storage, work
from ops_dashboard.doctor.account import utc_now
from ops_dashboard.doctor.alarms import check_alarms, check_notices
from ops_dashboard.doctor.cdn import check_cdn
from ops_dashboard.doctor.deployed import Aws, Deployed
from ops_dashboard.doctor.files import check_files
from ops_dashboard.doctor.findings import Check, Finding, skipped
from ops_dashboard.doctor.network import check_network
from ops_dashboard.doctor.photos import check_photos
from stream_ingest.contracts.stack_outputs import StackOutputs
from stream_ingest.contracts.stack_parts import StackParts

CHECKS: dict[str, Callable[[Deployed], Finding | str]] = {
    "stream": storage.check_stream,
    "table": storage.check_table,
    "buckets": storage.check_buckets,
    "key": storage.check_key,
    "cdn": check_cdn,
    "queues": messaging.check_queues,
    "rules": messaging.check_rules,
    "archive": messaging.check_archive,
    "schedule": messaging.check_schedule,
    "functions": compute.check_functions,
    "mappings": compute.check_mappings,
    "network": check_network,
    "memory": partial(capacity.check_memory, now=utc_now),
    "quota": capacity.check_quota,
    "log groups": compute.check_log_groups,
    "alarms": check_alarms,
    "notices": check_notices,
    "batches": work.check_batches,
    "files": check_files,
    "items": work.check_items,
    "photos": check_photos,
    "dead letters": work.check_dead_letters,
}
NEED_PARTS = frozenset(CHECKS) - {
    *("cdn", "notices", "batches", "files", "items", "photos", "dead letters"),
}
"""Checks that need the stack's parts, which stacks of earlier releases do not list."""


def stack_checks(aws: Aws, outputs: StackOutputs, parts: StackParts | None) -> list[Check]:
    """Return the checks of a stack; without its parts, some of them are skipped."""
    stack = Deployed(aws=aws, outputs=outputs, parts=parts or StackParts())
    return [
        Check(name=name, run=partial(_skip, name), do=None)
        if parts is None and name in NEED_PARTS
        else Check(name=name, run=partial(check, stack), do=stack.redeploy)
        for name, check in CHECKS.items()
    ]


def _skip(name: str) -> Finding:
    return skipped(name, "needs the list of the stack's parts")
