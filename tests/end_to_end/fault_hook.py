"""Faults inside a deployed function: one module that a test adds to the function's own zip.

The function's handler becomes `handle` here, which hands everything on to the real one. Before a
call leaves for AWS the armed `Fault` may strike: the process dies, the answer is lost, the call is
refused. It strikes as often as it has shots, each of which is a file that only one thread can
remove, so that all processes of a function together fire no more. It also lets time pass: the
wiring's clock runs ahead by what the file ``clock`` says.

Only botocore and the standard library are imported here: this runs where no test code is.
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
"""Variable with the folder in which the test and its functions meet."""
HANDLER = "COVERSTREAM_TEST_HANDLER"
"""Variable with the function's own handler."""
_PLAN, _CLOCK, _FIRED = "plan.json", "clock", "fired"
_BACKOFF = 0.02
"""What is left of botocore's waits between its retries."""
_POLL_S = 0.02
_HELD_FOR_S = 100.0


class Strike(StrEnum):
    """What happens to a call."""

    KILL_BEFORE = "kill-before"
    """The process dies before the request leaves."""
    KILL_AFTER = "kill-after"
    """The process dies after AWS has done what was asked."""
    LOSE = "lose"
    """AWS has done what was asked, and its answer never arrives."""
    THROTTLE = "throttle"
    """AWS refuses because there is too much to do."""
    LEAVE_KEYS = "leave-keys"
    """BatchGetItem answers none of its keys."""
    REFUSE_ENTRY = "refuse-entry"
    """PutEvents takes all entries but the second, or the only one."""
    HOLD = "hold"
    """The request waits until the test lets it go."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Which calls of which function are struck, and how often.

    `call` is ``service.Operation`` in botocore's words; every text in `where` has to be in the
    request's URL or body. The first `skip` calls that match are let through.
    """

    function: str
    call: str
    strike: Strike
    where: tuple[str, ...] = ()
    skip: int = 0
    shots: int = 1


class FaultFolder:
    """What the test has armed, what has fired, and how late it is."""

    def __init__(self, path: Path) -> None:
        """Meet in the folder `path`, which is there."""
        self.path = path

    def arm(self, fault: Fault) -> None:
        """Replace whatever was armed by `fault`."""
        self.disarm()
        for kind, count in (("skip", fault.skip), ("shot", fault.shots)):
            for number in range(count):
                (self.path / f"{kind}-{number:03d}").touch()
        self._write(_PLAN, json.dumps(dataclasses.asdict(fault)))

    def disarm(self) -> None:
        """Leave nothing armed, nothing fired, nothing held."""
        for pattern in (_PLAN, "skip-*", "shot-*", f"{_FIRED}-*", "released"):
            for path in self.path.glob(pattern):
                path.unlink(missing_ok=True)

    def armed(self) -> Fault | None:
        """Return the fault that is armed."""
        try:
            plan = json.loads((self.path / _PLAN).read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        plan["where"] = tuple(plan["where"])
        return Fault(**{**plan, "strike": Strike(plan["strike"])})

    def fired(self) -> int:
        """Return how many shots were fired."""
        return len(list(self.path.glob(f"{_FIRED}-*")))

    def fire(self) -> bool:
        """Take a shot, unless calls are to be let through first or none is left."""
        if self._take("skip-*"):
            return False
        shot = self._take("shot-*")
        if shot:
            (self.path / shot.replace("shot", _FIRED)).touch()
        return bool(shot)

    def release(self) -> None:
        """Let go what is held."""
        (self.path / "released").touch()

    def is_released(self) -> bool:
        """Tell whether what was held may go on."""
        return (self.path / "released").exists()

    def set_clock(self, ahead_s: float) -> None:
        """Let the functions' clocks run ahead by `ahead_s` seconds."""
        self._write(_CLOCK, str(ahead_s))

    def now_s(self) -> float:
        """Return what the functions' clocks show (epoch seconds)."""
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
                continue  # another thread was quicker
            return path.name
        return ""

    def _write(self, name: str, text: str) -> None:
        scratch = self.path / f".{name}"
        scratch.write_text(text)
        scratch.replace(self.path / name)


class _Raw:
    """A made-up body."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def stream(self) -> Iterator[bytes]:
        """Yield the body at once, as urllib3's responses do bit by bit."""
        yield self._data


def _strike(fault: Fault, folder: FaultFolder, request: Any) -> AWSResponse | None:  # noqa: ANN401 - botocore has no types
    match fault.strike:
        case Strike.KILL_BEFORE:
            os._exit(1)
        case Strike.KILL_AFTER:
            _send(request)
            os._exit(1)
        case Strike.LOSE:
            _send(request)
            raise ConnectionClosedError(endpoint_url=request.url)
        case Strike.THROTTLE:
            return _throttled(request)
        case Strike.LEAVE_KEYS:
            wanted = json.loads(request.body)["RequestItems"]
            return _answer(request, 200, {"Responses": {}, "UnprocessedKeys": wanted})
        case Strike.REFUSE_ENTRY:
            return _without_one_entry(request)
        case Strike.HOLD:
            _hold(folder)
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


def _hold(folder: FaultFolder) -> None:
    deadline = time.monotonic() + _HELD_FOR_S
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
    return _strike(fault, folder, request) if folder.fire() else None


def _install() -> Any:  # noqa: ANN401 - a handler
    """Hook into botocore and the wiring's clock, and return the function's own handler."""
    botocore.handlers.BUILTIN_HANDLERS.append(("before-send", _before_send))
    botocore.endpoint.time = SimpleNamespace(sleep=lambda wait_s: time.sleep(wait_s * _BACKOFF))
    module, name = os.environ[HANDLER].rsplit(".", 1)
    wiring = _nearest_wiring(module)
    wiring.time = SimpleNamespace(time=FaultFolder(Path(os.environ[FOLDER])).now_s)
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
    """Run the function's own handler."""
    assert _real is not None
    return _real(event, context)
