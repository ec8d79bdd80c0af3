"""Steps of a smoke test, their results, and what a failure means. Edge (clock)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from collage_lambda.reasons import FailureReason
from ops_dashboard.inspect.window_record import WindowRecord
from stream_ingest.aws.denials import RIGHTS_PAGE, is_denial, missing_right
from stream_ingest.contracts.errors import CoverstreamError, UserError
from stream_ingest.contracts.table import WindowStatus

_MAX_TEXT = 400


class StepResult(msgspec.Struct, frozen=True, kw_only=True):
    """What one step found, and for a failed one what was expected and what to look at next."""

    step: str
    ok: bool
    seconds: float
    found: str
    expected: str | None = None
    next: tuple[str, ...] = ()


class SmokeReport(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a smoke test."""

    stack: str
    ok: bool
    name: str
    """Name of its batch and of its creator."""
    seconds: float
    steps: list[StepResult]


class StepFailedError(CoverstreamError):
    """The stack did not do what a step expected."""

    def __init__(self, expected: str, found: str, further: Iterable[str] = ()) -> None:
        """Say what was expected and found, and what to look at next (`further`)."""
        super().__init__(f"expected {expected}; found {found}")
        self.expected, self.found, self.next = expected, found, tuple(further)


def status_text(window: WindowRecord) -> str:
    """Return where a window is that has not ended, and for whom it waits."""
    waits = {
        WindowStatus.READY: "is closed, but the bus has not taken its event",
        WindowStatus.QUEUED: "is on the bus, but the collage function has not taken it",
        WindowStatus.PROCESSING: "is being built",
    }
    status = next((each for each in waits if each == window.status), None)
    text = waits[status] if status else f"is {window.status}"
    tries = f", attempt {window.attempts}" if window.attempts > 1 else ""
    return f"window {window.window_id} {text}{tries}"


def end_text(window: WindowRecord) -> str:
    """Return how a window ended, with the reasons of its empty cells."""
    failures = ", ".join(f"{count} {reason}" for reason, count in window.failures.items())
    why = "; ".join(filter(None, (window.error, window.kept_because, failures)))
    return f"window {window.window_id} is {window.status}" + (f" ({why})" if why else "")


def advice(failures: Mapping[str, int], source: str) -> list[str]:
    """Return what to look at if covers could not be downloaded from `source`, a host and port."""
    known = {
        FailureReason.BLOCKED_ADDRESS: f"the collage function may not fetch from {source}: add"
        " it to the setting allowedSources if its address is not public (a VPC endpoint of S3 with"
        " private DNS, an embedded AWS), or its port to allowedPorts",
        FailureReason.CONNECTION: f"the collage function cannot connect to {source}: check its"
        " subnets, routes (NAT, S3 endpoint), security groups, and the certificate",
        FailureReason.TIMEOUT: f"the collage function does not reach {source} in time: check its"
        " subnets, routes (NAT, S3 endpoint) and security groups",
        FailureReason.FORBIDDEN: "S3 refuses the signed links: check the policies of the temp"
        " bucket, of its key and of the S3 endpoint, and that your credentials have not expired",
        FailureReason.NOT_FOUND: "the covers have gone from the temp bucket: check its lifecycle"
        " rules, and who else deletes objects in it",
    }
    return [text for reason, text in known.items() if failures.get(reason)]


def one_line(text: object) -> str:
    """Return text in one line of limited length."""
    line = " ".join(str(text).split())
    return line if len(line) <= _MAX_TEXT else f"{line[: _MAX_TEXT - 1]}…"


def attempt(step: str, action: Callable[[], str], stack: str) -> StepResult:
    """Run one step and return its result; known errors become results, too.

    Raises `UserError` if it cannot be run from here, as with credentials that have no right to.
    """
    started = time.monotonic()
    expected: str | None = None
    further: tuple[str, ...] = ()
    try:
        found = action()
        is_ok = True
    except StepFailedError as error:
        found, expected, further, is_ok = error.found, error.expected, error.next, False
    except UserError:
        raise
    except (CoverstreamError, ClientError, BotoCoreError) as error:
        if isinstance(error, ClientError) and is_denial(error):
            msg = f"{step}: you lack the right {missing_right(error)} ({RIGHTS_PAGE}): {error}"
            raise UserError(msg) from error
        found, is_ok = one_line(error), False
        further = (f"ops-dashboard doctor --stack {stack}",)
    seconds = round(time.monotonic() - started, 1)
    return StepResult(
        step=step, ok=is_ok, seconds=seconds, found=found, expected=expected, next=further
    )
