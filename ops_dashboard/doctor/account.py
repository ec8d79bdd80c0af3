"""Checks of credentials, clock, stack and release, before all others. Edge (network)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from botocore.exceptions import ClientError

from ops_dashboard.doctor.checks import result
from ops_dashboard.doctor.deployed import RESTART, Aws, read_parts
from ops_dashboard.doctor.findings import Check, Finding, State, note, passed, skipped, wrong
from stream_ingest.aws.stack import is_aws, read_stack
from stream_ingest.contracts.levels import LevelError, level_notice
from stream_ingest.contracts.stack_outputs import StackOutputs
from stream_ingest.contracts.stack_parts import StackParts

WARN_SKEW_S = 30
MAX_SKEW_S = 240
"""AWS rejects a signature that is five minutes off (Signature Version 4), S3 one of 15 minutes."""


class Account:
    """Checks of credentials, clock and stack, on which all other checks depend."""

    def __init__(self, aws: Aws, stack: str, now: Callable[[], datetime]) -> None:
        """Use clients; `now` returns this machine's UTC time."""
        self._aws, self._stack, self._now = aws, stack, now
        self._skew_s: float | None = None
        self.outputs: StackOutputs | None = None
        """The stack's outputs, set by `findings`."""
        self.parts: StackParts | None = None
        """What the stack should consist of, set by `findings`."""

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
        yield result(
            Check(name="stack", run=self._outputs, do=f"deploy it: make up STACK={self._stack}")
        )
        if self.outputs is None:
            return
        yield release_finding(self.outputs)
        yield result(Check(name="parts", run=self._parts, do=self._deploy))

    @property
    def _deploy(self) -> str:
        """How to deploy the stack with this release."""
        if not is_aws(self._aws("ssm").meta.endpoint_url):
            return RESTART
        return f"deploy (make up STACK={self._stack})"

    def _credentials(self) -> str:
        client = self._aws("sts")
        try:
            answer: Any = client.get_caller_identity()
        except ClientError as error:
            self._measure_skew(error.response)
            raise
        self._measure_skew(answer)
        endpoint = client.meta.endpoint_url
        return f"{answer['Arn']} in {client.meta.region_name} at {endpoint}"

    def _measure_skew(self, answer: Any) -> None:  # noqa: ANN401 - a response of boto3's
        date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
        if date is not None:
            self._skew_s = (self._now() - parsedate_to_datetime(date)).total_seconds()

    def _outputs(self) -> str:
        self.outputs = read_stack(self._aws("ssm"), self._stack)
        return f"{self._stack} is deployed in {self.outputs.region}"

    def _parts(self) -> str | Finding:
        self.parts = read_parts(self._aws, self._stack)
        if self.parts is None:
            found = "the stack was deployed by a release that does not list its parts"
            return note("parts", found, self._deploy)
        counts = {
            name: len(value)
            for name in self.parts.__struct_fields__
            if not isinstance(value := getattr(self.parts, name), str) and value
        }
        words = (f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
        return f"the stack should have {', '.join(words)}"


def clock_finding(skew_s: float) -> Finding:
    """Return the finding on a clock's skew; a positive one is ahead of AWS. Pure."""
    side = "ahead of" if skew_s > 0 else "behind"
    found = f"{abs(skew_s):.0f} s {side} AWS"
    do = "set this machine's clock (NTP); AWS rejects a skew of 5 minutes"
    if abs(skew_s) > MAX_SKEW_S:
        return wrong("clock", found, do)
    if abs(skew_s) > WARN_SKEW_S:
        return note("clock", found, do)
    return passed("clock", found)


def release_finding(outputs: StackOutputs) -> Finding:
    """Return the finding on the stack's release, compared with that of the commands. Pure."""
    try:
        notice = level_notice(outputs)
    except LevelError as error:
        found, _, do = str(error).rpartition(": ")
        return wrong("release", found, do)
    if notice is None:
        found = f"contract level {outputs.level} (release {outputs.release}), as these commands"
        return passed("release", found)
    found, _, do = notice.rpartition(": ")
    return note("release", found, do)


def utc_now() -> datetime:
    """Return this machine's UTC time."""
    return datetime.now(UTC)
