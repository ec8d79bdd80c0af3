"""A deployed stack as its checks see it: clients, outputs and parts. Edge (network)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3
import msgspec
from botocore.config import Config
from botocore.exceptions import ClientError

from stream_ingest.aws.errors import error_code
from stream_ingest.aws.stack import is_aws
from stream_ingest.contracts import stack_parts
from stream_ingest.contracts.errors import DecodeError
from stream_ingest.contracts.stack_outputs import StackOutputs
from stream_ingest.contracts.stack_parts import StackParts

CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 2}, connect_timeout=5, read_timeout=15
)
"""Short timeouts, so that an unreachable service is reported quickly."""
PATIENT = Config(
    retries={"mode": "standard", "total_max_attempts": 1}, connect_timeout=5, read_timeout=60
)
"""For an invocation, which includes the start of a function and is not repeated."""
RESTART = "start it again: ops-dashboard local down, then ops-dashboard local up"
"""How to deploy a stack on the embedded AWS."""
_MISSING = frozenset(
    {
        "404",
        "AWS.SimpleQueueService.NonExistentQueue",
        "NoSuchBucket",
        "NoSuchBucketPolicy",
        "NoSuchCORSConfiguration",
        "NoSuchDistribution",
        "NoSuchLifecycleConfiguration",
        "NotFound",
        "NotFoundException",
        "ParameterNotFound",
        "QueueDoesNotExist",
        "ResourceNotFound",
        "ResourceNotFoundException",
    }
)


class Aws:
    """Clients of a session, each made once; safe to call from many threads."""

    def __init__(self, session: boto3.Session) -> None:
        """Use the session's credentials."""
        self._session, self._lock = session, threading.Lock()
        self._clients: dict[tuple[str, Config], Any] = {}

    def __call__(self, service: str, config: Config = CONFIG) -> Any:  # noqa: ANN401 - a client of any service
        """Return the client of a service."""
        with self._lock:  # a session is not safe to be used by many threads
            key = service, config
            if key not in self._clients:
                made = self._session.client(service, config=config)  # type: ignore[call-overload]  # by name
                self._clients[key] = made
            return self._clients[key]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """One stack, and what it should consist of."""

    aws: Aws
    outputs: StackOutputs
    parts: StackParts

    @property
    def redeploy(self) -> str:
        """How to bring back what is missing, switched off or changed.

        `pulumi up` alone compares the program with Pulumi's own record, not with AWS.
        """
        if not is_aws(self.aws("lambda").meta.endpoint_url):
            return RESTART
        stack = self.outputs.stack
        return f"deploy it again: make refresh STACK={stack}, then make up STACK={stack}"


def read_parts(aws: Aws, stack: str) -> StackParts | None:
    """Return the parts of a stack; None if it was deployed by a release that did not list them.

    Raises `DecodeError` if the list is invalid.
    """
    name = stack_parts.parts_parameter(stack)
    found = existing(aws("ssm").get_parameter, Name=name)
    if found is None:
        return None
    try:
        return stack_parts.from_wire(found["Parameter"]["Value"])
    except msgspec.DecodeError as error:
        msg = f"parameter {name}: {error}"
        raise DecodeError(msg) from error


def existing(call: Callable[..., Any], **arguments: object) -> Any:  # noqa: ANN401 - a response of boto3's
    """Return the response of a call about one resource; None if the resource does not exist."""
    try:
        return call(**arguments)
    except ClientError as error:
        if error_code(error) in _MISSING:
            return None
        raise
