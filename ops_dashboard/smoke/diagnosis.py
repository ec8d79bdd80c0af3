"""Why a step of a smoke test gets no further: wrong parts and errors in logs. Edge (network)."""

from __future__ import annotations

import json
from collections.abc import Iterable

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from ops_dashboard.doctor.checks import run_checks
from ops_dashboard.doctor.deployed import Aws, read_parts
from ops_dashboard.doctor.findings import Finding, Kind, State
from ops_dashboard.doctor.stack import stack_checks
from ops_dashboard.smoke.steps import one_line
from stream_ingest.contracts.errors import CoverstreamError
from stream_ingest.contracts.stack_outputs import StackOutputs

_PARTS = frozenset(
    {"stream", "table", "buckets", "key", "queues", "rules", "functions", "mappings"}
)
"""Checks of `ops-dashboard doctor` whose failure stops a batch."""
_ERRORS = '?ERROR ?CRITICAL ?errorType ?"Task timed out"'
_MAX_EVENTS = 100
_LEVELS = frozenset({"ERROR", "CRITICAL"})


class Diagnosis:
    """Looks for the cause in one stack, since the test began."""

    def __init__(self, session: boto3.Session, outputs: StackOutputs, since_ms: int) -> None:
        """Use the session's credentials; log lines before `since_ms` are ignored."""
        self._aws, self._outputs, self._since_ms = Aws(session), outputs, since_ms

    def wrong_parts(self) -> list[Finding]:
        """Return the findings of `doctor` about parts that are missing or switched off."""
        try:
            parts = read_parts(self._aws, self._outputs.stack)
        except (CoverstreamError, ClientError, BotoCoreError):
            parts = None  # those checks are skipped
        checks = stack_checks(self._aws, self._outputs, parts)
        found = run_checks([check for check in checks if check.name in _PARTS])
        return [
            each for each in found if each.state is State.WRONG and Kind.DENIED not in each.kinds
        ]

    def errors(self, functions: Iterable[str]) -> list[str]:
        """Return the latest error in the log of each function that has one."""
        found = ((name, self._latest_error(name)) for name in functions)
        return [f"the log of {name} says: {error}" for name, error in found if error]

    def _latest_error(self, function: str) -> str | None:
        try:
            events = self._aws("logs").filter_log_events(
                logGroupName=f"/aws/lambda/{function}",
                startTime=self._since_ms,
                filterPattern=_ERRORS,
                limit=_MAX_EVENTS,
            )["events"]
        except ClientError as error:
            return f"(it cannot be read: {one_line(error)})"
        errors = (error_in(event.get("message", "")) for event in reversed(events))
        return next((error for error in errors if error is not None), None)


def error_in(line: str) -> str | None:
    """Return the error that a log line reports, None if it reports none. Pure."""
    try:
        entry = json.loads(line)
    except ValueError:
        is_error = any(sign in line for sign in ("[ERROR]", "Task timed out", "Traceback"))
        return one_line(line) if is_error else None
    if not isinstance(entry, dict):
        return None
    if "errorType" in entry:
        return one_line(f"{entry['errorType']}: {entry.get('errorMessage', '')}")
    if entry.get("level") not in _LEVELS:
        return None
    name, text = entry.get("exception_name"), str(entry.get("exception") or "")
    last = text.strip().rpartition("\n")[2]
    parts = (str(entry.get("message", "")), last or (str(name) if name else ""))
    return one_line(": ".join(filter(None, parts)))
