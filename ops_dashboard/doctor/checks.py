"""Runs checks, many at once, and turns known errors into findings. Edge (threads)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

from ops_dashboard.doctor.findings import Check, Finding, Kind, State, passed, wrong
from stream_ingest.aws.denials import RIGHTS_PAGE, is_denial, missing_right
from stream_ingest.contracts.errors import CoverstreamError

_AT_ONCE = 8


def run_checks(checks: Sequence[Check]) -> Iterator[Finding]:
    """Run checks at once; yield their findings in order."""
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="check") as threads:
        yield from threads.map(result, checks)


def result(check: Check) -> Finding:
    """Run a check and return its finding; known errors become findings, too."""
    try:
        found = check.run()
    except ClientError as error:
        if is_denial(error):
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
    message, action = " ".join(str(error).split()), missing_right(error)
    found = f"cannot be checked without the right {action}: {message}"
    do = f"grant your user or role {action} ({RIGHTS_PAGE})"
    return wrong(check, found, do, Kind.DENIED)


def _hint(error: Exception) -> str | None:
    """Return how to fix an error that has the same cause in every check."""
    if isinstance(error, NoCredentialsError):
        return 'set AWS_PROFILE, or eval "$(ops-dashboard local up)" for the embedded AWS'
    if isinstance(error, NoRegionError):
        return "set AWS_REGION"
    return None
