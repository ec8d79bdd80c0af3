"""Checks of credentials, clock and stack, each with a finding and a fix. Edge (network).

Checks only read. A check is skipped if it needs something that an earlier one did not find.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any

import boto3
import msgspec
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

from stream_ingest.aws.errors import error_code
from stream_ingest.aws.stack import read_stack
from stream_ingest.contracts.errors import CoverstreamError
from stream_ingest.contracts.levels import LevelError, level_notice
from stream_ingest.contracts.stack_outputs import StackOutputs

CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 2}, connect_timeout=5, read_timeout=15
)
"""Short timeouts, so that an unreachable service is reported quickly."""
WARN_SKEW_S = 30
MAX_SKEW_S = 240
"""AWS rejects a signature that is five minutes off (Signature Version 4)."""
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"})


class State(StrEnum):
    """Result of a check."""

    OK = "ok"
    NOTE = "note"
    """It works, but needs attention."""
    WRONG = "wrong"
    SKIPPED = "skipped"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What one check found, and how to fix it."""

    check: str
    state: State
    found: str
    do: str | None = None


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One check: `run` returns what it found, or raises; `do` is how to fix that.

    `do` is None if the error itself says so.
    """

    name: str
    run: Callable[[], Finding | str]
    do: str | None = None


def result(check: Check) -> Finding:
    """Run a check and return its finding; known errors become findings, too."""
    try:
        found = check.run()
    except (CoverstreamError, ClientError, BotoCoreError, OSError) as error:
        return Finding(
            check=check.name,
            state=State.WRONG,
            found=" ".join(str(error).split()),
            do=_hint(error) or check.do,
        )
    if isinstance(found, Finding):
        return found
    return Finding(check=check.name, state=State.OK, found=found)


def _hint(error: Exception) -> str | None:
    """Return how to fix an error that has the same cause in every check."""
    if isinstance(error, NoCredentialsError):
        return 'set AWS_PROFILE, or eval "$(ops-dashboard local up)" for the embedded AWS'
    if isinstance(error, NoRegionError):
        return "set AWS_REGION"
    if isinstance(error, ClientError) and error_code(error) in _DENIED:
        return "grant your user or role the permission that the message names"
    return None


class Account:
    """Checks of credentials, clock and stack, on which all other checks depend."""

    def __init__(self, session: boto3.Session, stack: str, now: Callable[[], datetime]) -> None:
        """Use the session's credentials; `now` returns this machine's UTC time."""
        self._session, self._stack, self._now = session, stack, now
        self._skew_s: float | None = None
        self.outputs: StackOutputs | None = None
        """The stack's outputs, set by `findings`."""

    def findings(self) -> Iterator[Finding]:
        """Yield the findings on credentials, clock and stack; each depends on the previous one."""
        credentials = result(
            Check(
                name="credentials",
                run=self._credentials,
                do="check AWS_PROFILE, AWS_ENDPOINT_URL and the network",
            )
        )
        yield credentials
        if self._skew_s is None:
            yield skipped("clock", "needs a response from AWS")
        else:
            yield clock_finding(self._skew_s)
        if credentials.state is State.WRONG:
            yield skipped("stack", "needs credentials")
            return
        yield result(Check(name="stack", run=self._outputs, do="deploy it: make up STACK=<stack>"))
        if self.outputs is not None:
            yield release_finding(self.outputs)

    def _credentials(self) -> str:
        client = self._session.client("sts", config=CONFIG)
        try:
            answer: Any = client.get_caller_identity()
        except ClientError as error:
            self._measure_skew(error.response)
            raise
        self._measure_skew(answer)
        endpoint = client.meta.endpoint_url
        return f"{answer['Arn']} in {self._session.region_name} at {endpoint}"

    def _measure_skew(self, answer: Any) -> None:  # noqa: ANN401 - a response of boto3's
        date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
        if date is not None:
            self._skew_s = (self._now() - parsedate_to_datetime(date)).total_seconds()

    def _outputs(self) -> str:
        self.outputs = read_stack(self._session.client("ssm", config=CONFIG), self._stack)
        return f"{self._stack} is deployed in {self.outputs.region}"


def skipped(check: str, why: str) -> Finding:
    """Return the finding of a check that was skipped."""
    return Finding(check=check, state=State.SKIPPED, found=why)


def clock_finding(skew_s: float) -> Finding:
    """Return the finding on a clock's skew; a positive one is ahead of AWS. Pure."""
    side = "ahead of" if skew_s > 0 else "behind"
    found = f"{abs(skew_s):.0f} s {side} AWS"
    state = State.OK
    if abs(skew_s) > WARN_SKEW_S:
        state = State.WRONG if abs(skew_s) > MAX_SKEW_S else State.NOTE
    do = (
        None
        if state is State.OK
        else "set this machine's clock (NTP); AWS rejects a skew of 5 minutes"
    )
    return Finding(check="clock", state=state, found=found, do=do)


def release_finding(outputs: StackOutputs) -> Finding:
    """Return the finding on the stack's release, compared with that of the commands. Pure."""
    try:
        notice = level_notice(outputs)
    except LevelError as error:
        found, _, do = str(error).rpartition(": ")
        return Finding(check="release", state=State.WRONG, found=found, do=do)
    if notice is None:
        found = f"contract level {outputs.level} (release {outputs.release}), as these commands"
        return Finding(check="release", state=State.OK, found=found)
    found, _, do = notice.rpartition(": ")
    return Finding(check="release", state=State.NOTE, found=found, do=do)


def utc_now() -> datetime:
    """Return this machine's UTC time."""
    return datetime.now(UTC)
