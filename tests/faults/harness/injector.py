"""Injects faults at chosen calls: a proxy for any fake client.

A `Fault` names its call: the nth that matches its service and operation (any, if it names none).
Every process of a test has its own `Faults`, shared by all its clients, so that "the fifth call of
this worker" is well defined.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from botocore.exceptions import ClientError

from tests.faults.harness.aws.errors import (
    KilledError,
    Wire,
    client_error,
    no_answer,
    no_connection,
)
from tests.faults.harness.aws.partial import PARTIAL
from tests.faults.harness.tasks import pause

Call = Callable[..., Any]


class Kind(StrEnum):
    """What goes wrong."""

    UNREACHABLE = "unreachable"
    """The request never left."""
    LOST = "lost"
    """The request took effect; its answer never came."""
    RETRIED = "retried"
    """As `LOST`, but the SDK retried and returns the second answer."""
    THROTTLED = "throttled"
    """AWS throttled the request."""
    PARTIAL = "partial"
    """A partial result (PutRecords, PutEvents, BatchGetItem); for other calls as `THROTTLED`."""
    DENIED = "denied"
    """AWS denied the request, which no retry changes."""
    KILLED_BEFORE = "killed before"
    """The process died before the request."""
    KILLED_AFTER = "killed after"
    """The process died after the request took effect."""
    PAUSED_BEFORE = "paused before"
    """The process is slow: others run before its request is sent."""
    PAUSED_AFTER = "paused after"
    """The process is slow: others run after its request, before it continues."""


_KILLS = frozenset({Kind.KILLED_BEFORE, Kind.KILLED_AFTER})
_THROTTLING = {
    "cloudfront": ("TooManyInvalidationsInProgress", 400),
    "cloudwatch": ("Throttling", 400),
    "dynamodb": ("ProvisionedThroughputExceededException", 400),
    "events": ("ThrottlingException", 400),
    "kinesis": ("LimitExceededException", 400),
    "s3": ("SlowDown", 503),
    "sqs": ("RequestThrottled", 403),
}
_IDEMPOTENT_BY_TOKEN = frozenset({"transact_write_items"})
"""botocore adds a client token, so that a retry gets the answer of the first request."""


@dataclass(frozen=True, slots=True)
class Fault:
    """`kind` at `times` matching calls, from the `nth` on (0 is the first)."""

    kind: Kind
    nth: int = 0
    service: str = ""
    operation: str = ""
    times: int = 1

    def matches(self, service: str, operation: str) -> bool:
        """Return whether a call matches."""
        return self.service in {"", service} and self.operation in {"", operation}


class Faults:
    """The faults of one process, and the log of its calls."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self.calls: list[str] = []
        self.injected: list[str] = []
        self.is_dead = False
        """Whether the process was killed: nothing that it calls afterwards has an effect."""
        self.arm(faults)

    def arm(self, faults: Iterable[Fault]) -> None:
        """Replace the faults and reset the counts."""
        self._counts = dict.fromkeys(faults, 0)

    def next(self, service: str, operation: str) -> Kind | None:
        """Count a call and return the kind of its fault, if any."""
        if self.is_dead:
            return Kind.KILLED_BEFORE
        self.calls.append(f"{service}.{operation}")
        found = None
        for fault, count in self._counts.items():
            if fault.matches(service, operation):
                self._counts[fault] = count + 1
                if fault.nth <= count < fault.nth + fault.times and found is None:
                    found = fault.kind
        self.is_dead = found in _KILLS
        if found is not None:
            self.injected.append(f"{found} {self.calls[-1]}")
        return found


class Faulty:
    """Behaves like `client`, except for the faults."""

    def __init__(self, client: object, service: str, faults: Faults) -> None:
        self._client, self._service, self._faults = client, service, faults

    def __getattr__(self, operation: str) -> Call:
        call: Call = getattr(self._client, operation)

        def faulty(**request: Wire) -> Wire:
            kind = self._faults.next(self._service, operation)
            return call(**request) if kind is None else self._inject(kind, operation, call, request)

        return faulty

    def _inject(self, kind: Kind, operation: str, call: Call, request: Wire) -> Wire:
        if kind is Kind.PARTIAL and operation in PARTIAL:
            return PARTIAL[operation](call, request)
        self._before(kind, operation)
        if kind is Kind.LOST:
            with suppress(ClientError):  # the answer of an error is lost, too
                call(**request)
            raise no_answer(self._service)
        answer = call(**request)
        if kind is Kind.RETRIED and operation not in _IDEMPOTENT_BY_TOKEN:
            answer = call(**request)
        if kind is Kind.KILLED_AFTER:
            raise KilledError
        if kind is Kind.PAUSED_AFTER:
            pause()
        return answer

    def _before(self, kind: Kind, operation: str) -> None:
        if kind is Kind.UNREACHABLE:
            raise no_connection(self._service)
        if kind in {Kind.THROTTLED, Kind.PARTIAL}:
            code, status = _THROTTLING[self._service]
            raise client_error(code, operation, status=status)
        if kind is Kind.DENIED:
            denied = "AccessDeniedException"
            raise client_error(denied, operation)
        if kind is Kind.KILLED_BEFORE:
            raise KilledError
        if kind is Kind.PAUSED_BEFORE:
            pause()


class AsyncFaulty:
    """As `Faulty`, for aiobotocore: answers arrive some turns of the event loop later."""

    def __init__(self, client: object, service: str, faults: Faults) -> None:
        self._faulty = Faulty(client, service, faults)
        self._calls = 0

    def __getattr__(self, operation: str) -> Call:
        call: Call = getattr(self._faulty, operation)

        async def faulty(**request: Wire) -> Wire:
            self._calls += 1
            for _ in range(self._calls % 3):  # so that answers overtake each other
                await asyncio.sleep(0)
            answer = call(**request)
            await asyncio.sleep(0)
            return answer

        return faulty
