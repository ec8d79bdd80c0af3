"""Injects faults in a deployed function: a module that a test adds to the function's zip.

The function's handler becomes `handle`, which calls the real one. Before a request is sent to AWS,
the armed `Fault` may be injected: the process dies, the answer is lost, the call is refused. It is
injected `times` times, each of which is a file that only one thread can remove, so that the limit
holds for all processes of a function together. The wiring's clock is ahead by the seconds in the
file ``clock``.

Only botocore and the standard library are imported, since the zip has no test code.
"""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import botocore.endpoint
import botocore.handlers
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError
from botocore.httpsession import URLLib3Session

FOLDER = "COVERSTREAM_TEST_FAULTS"
"""Variable with the folder that the test shares with its functions."""
HANDLER = "COVERSTREAM_TEST_HANDLER"
"""Variable with the real handler."""
_PLAN, _CLOCK, _FIRED = "plan.json", "clock", "fired"
_BACKOFF = 0.02
"""Factor for botocore's waits between retries."""
_POLL_S = 0.02
_MAX_PAUSE_S = 100.0


class FaultKind(StrEnum):
    """What happens to a request."""

    KILL_BEFORE = "kill-before"
    """The process dies before the request is sent."""
    KILL_AFTER = "kill-after"
    """The process dies after AWS has executed the request."""
    LOSE = "lose"
    """AWS executes the request, and its answer is lost."""
    THROTTLE = "throttle"
    """AWS throttles the request."""
    LEAVE_KEYS = "leave-keys"
    """BatchGetItem returns all keys as unprocessed."""
    REFUSE_ENTRY = "refuse-entry"
    """PutEvents accepts all entries but the second, or the only one."""
    PAUSE = "pause"
    """The request waits until the test releases it."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Which calls of which function fail, and how often.

    `call` is ``service.Operation`` in botocore's terms. The request's URL or body has to contain
    every text in `where`. The first `skip` matching calls succeed.
    """

    function: str
    call: str
    kind: FaultKind
    where: tuple[str, ...] = ()
    skip: int = 0
    times: int = 1


class FaultFolder:
    """The shared folder: the armed fault, how often it fired, and the clock."""

    def __init__(self, path: Path) -> None:
        """Use the existing folder `path`."""
        self.path = path

    def arm(self, fault: Fault) -> None:
        """Arm `fault` only."""
        self.disarm()
        for kind, count in (("skip", fault.skip), ("shot", fault.times)):
            for number in range(count):
                (self.path / f"{kind}-{number:03d}").touch()
        self._write(_PLAN, json.dumps(dataclasses.asdict(fault)))

    def disarm(self) -> None:
        """Remove the fault and its counts."""
        for pattern in (_PLAN, "skip-*", "shot-*", f"{_FIRED}-*", "released"):
            for path in self.path.glob(pattern):
                path.unlink(missing_ok=True)

    def armed(self) -> Fault | None:
        """Return the armed fault."""
        try:
            plan = json.loads((self.path / _PLAN).read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        plan["where"] = tuple(plan["where"])
        return Fault(**{**plan, "kind": FaultKind(plan["kind"])})

    def fired(self) -> int:
        """Return how often the fault was injected."""
        return len(list(self.path.glob(f"{_FIRED}-*")))

    def fire(self) -> bool:
        """Count a matching call; return whether to inject the fault."""
        if self._take("skip-*"):
            return False
        shot = self._take("shot-*")
        if shot:
            (self.path / shot.replace("shot", _FIRED)).touch()
        return bool(shot)

    def release(self) -> None:
        """Release paused requests."""
        (self.path / "released").touch()

    def is_released(self) -> bool:
        """Return whether paused requests were released."""
        return (self.path / "released").exists()

    def set_clock(self, ahead_s: float) -> None:
        """Set the functions' clocks `ahead_s` seconds ahead."""
        self._write(_CLOCK, str(ahead_s))

    def now_s(self) -> float:
        """Return the time of the functions' clocks (epoch seconds)."""
        try:
            ahead = float((self.path / _CLOCK).read_text())
        except FileNotFoundError:
            ahead = 0.0
        return time.time() + ahead

    def _take(self, pattern: str) -> str:
        for path in sorted(self.path.glob(pattern)):
            try:
                path.unlink()
            except FileNotFoundError:
                continue  # taken by another thread
            return path.name
        return ""

    def _write(self, name: str, text: str) -> None:
        scratch = self.path / f".{name}"
        scratch.write_text(text)
        scratch.replace(self.path / name)


class _Raw:
    """The raw body of a made-up response."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def stream(self) -> Iterator[bytes]:
        """Yield the whole body."""
        yield self._data


def _inject(fault: Fault, folder: FaultFolder, request: Any) -> AWSResponse | None:  # noqa: ANN401 - botocore has no types
    match fault.kind:
        case FaultKind.KILL_BEFORE:
            os._exit(1)
        case FaultKind.KILL_AFTER:
            _send(request)
            os._exit(1)
        case FaultKind.LOSE:
            _send(request)
            raise ConnectionClosedError(endpoint_url=request.url)
        case FaultKind.THROTTLE:
            return _throttled(request)
        case FaultKind.LEAVE_KEYS:
            wanted = json.loads(request.body)["RequestItems"]
            return _answer(request, 200, {"Responses": {}, "UnprocessedKeys": wanted})
        case FaultKind.REFUSE_ENTRY:
            return _without_one_entry(request)
        case FaultKind.PAUSE:
            _pause(folder)
    return None


def _send(request: Any) -> AWSResponse:  # noqa: ANN401 - as above
    return URLLib3Session().send(request)  # type: ignore[no-any-return]  # as above


def _throttled(request: Any) -> AWSResponse:  # noqa: ANN401 - as above
    if "X-Amz-Target" in request.headers:
        return _answer(request, 400, {"__type": "ThrottlingException", "message": "by a test"})
    text = b"<Error><Code>SlowDown</Code><Message>by a test</Message></Error>"
    return AWSResponse(request.url, 503, {"Content-Type": "application/xml"}, _Raw(text))


def _without_one_entry(request: Any) -> AWSResponse:  # noqa: ANN401 - as above
    entries = json.loads(request.body)["Entries"]
    at = min(1, len(entries) - 1)
    taken = entries[:at] + entries[at + 1 :]
    results = []
    if taken:
        request.body = json.dumps({"Entries": taken}).encode()
        request.headers["Content-Length"] = str(len(request.body))
        results = json.loads(_send(request).content)["Entries"]
    results.insert(at, {"ErrorCode": "InternalFailure", "ErrorMessage": "by a test"})
    return _answer(request, 200, {"FailedEntryCount": 1, "Entries": results})


def _answer(request: Any, status: int, content: object) -> AWSResponse:  # noqa: ANN401 - as above
    headers = {"Content-Type": "application/x-amz-json-1.1"}
    return AWSResponse(request.url, status, headers, _Raw(json.dumps(content).encode()))


def _pause(folder: FaultFolder) -> None:
    deadline = time.monotonic() + _MAX_PAUSE_S
    while not folder.is_released() and time.monotonic() < deadline:
        time.sleep(_POLL_S)


def _before_send(event_name: str, request: Any, **_: object) -> AWSResponse | None:  # noqa: ANN401 - as above
    folder = FaultFolder(Path(os.environ[FOLDER]))
    fault = folder.armed()
    if fault is None or event_name != f"before-send.{fault.call}":
        return None
    if not os.environ["AWS_LAMBDA_FUNCTION_NAME"].endswith(f"-{fault.function}"):
        return None
    body = request.body if isinstance(request.body, bytes) else b""
    if not all(text in request.url or text.encode() in body for text in fault.where):
        return None
    return _inject(fault, folder, request) if folder.fire() else None


def _install() -> Any:  # noqa: ANN401 - a handler
    """Hook into botocore and the process's clock, and return the real handler."""
    botocore.handlers.BUILTIN_HANDLERS.append(("before-send", _before_send))
    botocore.endpoint.time = SimpleNamespace(sleep=lambda wait_s: time.sleep(wait_s * _BACKOFF))
    module, name = os.environ[HANDLER].rsplit(".", 1)
    for part in (importlib.import_module(module), _nearest_wiring(module)):
        if hasattr(part, "time"):
            part.time = SimpleNamespace(
                time=FaultFolder(Path(os.environ[FOLDER])).now_s, monotonic=time.monotonic
            )
    return getattr(importlib.import_module(module), name)


def _nearest_wiring(module: str) -> Any:  # noqa: ANN401 - a module
    """Return the composition root of a handler: beside its module, or in a package above."""
    package = module
    while package := package.rpartition(".")[0]:
        if importlib.util.find_spec(f"{package}.wiring"):
            return importlib.import_module(f"{package}.wiring")
    msg = f"no wiring for {module}"
    raise ModuleNotFoundError(msg)


_real = _install() if HANDLER in os.environ else None


def handle(event: object, context: object) -> object:
    """Run the real handler."""
    assert _real is not None
    return _real(event, context)
