"""The whole prefetch Lambda, from an SQS event to its answer, log lines and metrics."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from collage_lambda.prefetch import handler, wiring
from collage_lambda.prefetch.handler import handle, logger
from collage_lambda.settings import CollageSettings
from tests.fakes.collage.aws import BUS, OUTPUT, TABLE, TEMP
from tests.fakes.collage.events import envelope, expiring_envelope, window_image, window_ready
from tests.fakes.lambda_variables import lambda_variables
from tests.fakes.prefetch_bench import PACK, PrefetchBench
from tests.fakes.sqs_delivery import sqs_event


@dataclass
class Context:
    """The invocation's context, as Lambda passes it."""

    aws_request_id: str = "request-1"
    function_name: str = "prefetch"
    memory_limit_in_mb: str = "1024"
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:prefetch"
    remaining_ms: int = 60_000

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_ms


def app_on(bench: PrefetchBench, **changes: object) -> wiring.App:
    """Return the Lambda's application on the bench's AWS, server and clock."""
    variables = lambda_variables(
        table=TABLE,
        bus=BUS,
        output=OUTPUT,
        temp=TEMP,
        ALLOWED_SOURCES=f"127.0.0.1:{bench.server.port}",
    )
    settings = msgspec.structs.replace(CollageSettings.from_env(variables), **changes)
    return wiring.build(settings, wiring.connect(settings), bench.clock)


@pytest.fixture
def wired(bench: PrefetchBench, monkeypatch: pytest.MonkeyPatch) -> PrefetchBench:
    app = app_on(bench)
    monkeypatch.setattr(handler, "app", lambda: app)
    return bench


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    printer = logger.registered_handler
    monkeypatch.setattr(
        printer, "emit", lambda record: lines.append(json.loads(printer.format(record)))
    )
    return lines


def deliver(*bodies: str, **context: int) -> list[str]:
    """Deliver messages; return the ids of those reported as failed."""
    with redirect_stdout(io.StringIO()):
        answer = handle(sqs_event(*bodies), Context(**context))  # type: ignore[arg-type]
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def test_a_message_becomes_a_pack_that_expires_a_day_before_its_object(
    wired: PrefetchBench, log: list[dict[str, Any]]
) -> None:
    wired.put("ann", "body/0", "status/404")
    assert deliver(expiring_envelope(wired.event("ann"))) == []
    prefetched, none = wired.prefetched("ann")
    assert prefetched is not None
    assert none is None
    assert prefetched.until == int(wired.clock()) + 59 * 86_400
    (line,) = [each for each in log if each["message"] == "covers prefetched"]
    assert (line["pack"], line["prefetched"], line["at_risk"]) == (PACK, 1, 2)
    assert line["lost"] == {"not_found": 1}


def test_a_redelivered_message_fetches_nothing(wired: PrefetchBench) -> None:
    wired.put("ann", "body/0")
    body = expiring_envelope(wired.event("ann"))
    assert deliver(body) == deliver(body) == []
    assert wired.server.hits["body/0"] == 1


def test_only_failed_messages_are_reported(wired: PrefetchBench, log: list[dict[str, Any]]) -> None:
    wired.put("ann", "body/0")
    good = expiring_envelope(wired.event("ann"))
    other = envelope(window_ready([window_image("https://e.com/1")]))
    hostile = good.replace(PACK, "originals/../collages/a.zip")
    assert deliver("no json", good, other, hostile) == ["message-0", "message-2", "message-3"]
    assert wired.packs() == [PACK]
    reasons = [line["reason"] for line in log if line["message"] == "message failed"]
    assert [reason.partition(":")[0] for reason in reasons] == [
        "envelope",
        "envelope",
        "CoversExpiring",
    ]


def test_a_message_is_redelivered_if_too_little_time_is_left(wired: PrefetchBench) -> None:
    wired.put("ann", "body/0")
    assert deliver(expiring_envelope(wired.event("ann")), remaining_ms=20_000) == ["message-0"]


def test_an_unexpected_exception_is_logged_and_its_message_redelivered(
    wired: PrefetchBench, log: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = app_on(wired, table="nowhere")
    monkeypatch.setattr(handler, "app", lambda: app)
    assert deliver(expiring_envelope(wired.event("ann"))) == ["message-0"]
    assert [line["level"] for line in log if line["message"] != "covers prefetched"] == ["ERROR"]
