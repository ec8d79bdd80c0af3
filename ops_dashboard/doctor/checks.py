"""Runs checks, many at once, and turns known errors into findings. Edge (threads)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

from ops_dashboard.doctor.findings import Check, Finding, Kind, State, passed, wrong
from stream_ingest.aws.errors import error_code
from stream_ingest.contracts.errors import CoverstreamError

_AT_ONCE = 8
DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"})
"""Codes of AWS's answers to whoever lacks a right."""
_NAMED_ACTION = re.compile(r"perform:? ([a-z0-9-]+:[A-Za-z]+)")
_ACTIONS = {
    "GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "GetBucketNotificationConfiguration": "s3:GetBucketNotification",
    "GetBucketVersioning": "s3:GetBucketVersioning",
    "Invoke": "lambda:InvokeFunction",
    "ListObjectsV2": "s3:ListBucket",
}
"""Actions of operations whose errors may not name them, as S3's."""


def run_checks(checks: Sequence[Check]) -> Iterator[Finding]:
    """Run checks at once; yield their findings in order."""
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="check") as threads:
        yield from threads.map(result, checks)


def result(check: Check) -> Finding:
    """Run a check and return its finding; known errors become findings, too."""
    try:
        found = check.run()
    except ClientError as error:
        if error_code(error) in DENIED:
            return _denied(check.name, error)
        return _failed(check, error)
    except (CoverstreamError, BotoCoreError, OSError) as error:
        return _failed(check, error)
    if isinstance(found, Finding):
        return found
    return passed(check.name, found)


def _failed(check: Check, error: Exception) -> Finding:
    return Finding(
        check=check.name,
        state=State.WRONG,
        found=" ".join(str(error).split()),
        do=_hint(error) or check.do,
    )


def _denied(check: str, error: ClientError) -> Finding:
    """Return the finding of a check that needs a right which the user lacks."""
    message = " ".join(str(error).split())
    named = _NAMED_ACTION.search(message)
    action = named[1] if named else _ACTIONS.get(error.operation_name, error.operation_name)
    found = f"cannot be checked without the right {action}: {message}"
    do = f"grant your user or role {action} (docs/operations/rights.md)"
    return wrong(check, found, do, Kind.DENIED)


def _hint(error: Exception) -> str | None:
    """Return how to fix an error that has the same cause in every check."""
    if isinstance(error, NoCredentialsError):
        return 'set AWS_PROFILE, or eval "$(ops-dashboard local up)" for the embedded AWS'
    if isinstance(error, NoRegionError):
        return "set AWS_REGION"
    return None
