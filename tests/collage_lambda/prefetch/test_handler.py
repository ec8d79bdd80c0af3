"""The whole prefetch Lambda, from an SQS event to its answer, log lines and metrics."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any

import pytest

from collage_lambda.prefetch import wiring
from collage_lambda.prefetch.handler import handle, logger
from stream_ingest.contracts import environment as env
from tests.fakes.collage.aws import BUS, OUTPUT, TABLE, TEMP
from tests.fakes.collage.events import envelope, expiring_envelope, window_image, window_ready
from tests.fakes.lambda_variables import lambda_variables
from tests.fakes.prefetch_bench import PACK, PrefetchBench
from tests.fakes.sqs_delivery import sqs_event


@dataclass
class Context:
    """What Lambda tells a handler of its invocation."""

    aws_request_id: str = "request-1"
    function_name: str = "prefetch"
    memory_limit_in_mb: str = "1024"
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:prefetch"
    remaining_ms: int = 60_000

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_ms


@pytest.fixture
def wired(bench: PrefetchBench, monkeypatch: pytest.MonkeyPatch) -> Iterator[PrefetchBench]:
    """The real composition, on the bench's AWS, server and clock."""
    variables = lambda_variables(
        table=TABLE,
        bus=BUS,
        output=OUTPUT,
        temp=TEMP,
        ALLOWED_SOURCES=f"127.0.0.1:{bench.server.port}",
    )
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(wiring.time, "time", bench.clock)
    wiring.prefetcher.cache_clear()
    yield bench
    wiring.prefetcher.cache_clear()


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    handler = logger.registered_handler
    monkeypatch.setattr(
        handler, "emit", lambda record: lines.append(json.loads(handler.format(record)))
    )
    return lines


def deliver(*bodies: str, **context: int) -> list[str]:
    """Deliver messages; return the ids of those that are to come again."""
    with redirect_stdout(io.StringIO()):
        answer = handle(sqs_event(*bodies), Context(**context))  # type: ignore[arg-type]
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def test_a_message_becomes_a_pack_for_a_day_less_than_it_is_kept(
    wired: PrefetchBench, log: list[dict[str, Any]]
) -> None:
    wired.put("ann", "body/0", "status/404")
    assert deliver(expiring_envelope(wired.event("ann"))) == []
    prefetched, none = wired.prefetched("ann")
    assert prefetched is not None
    assert none is None
    assert prefetched.until == int(wired.clock()) + 59 * 86_400
    (told,) = [line for line in log if line["message"] == "covers prefetched"]
    assert (told["pack"], told["prefetched"], told["at_risk"]) == (PACK, 1, 2)
    assert told["lost"] == {"not_found": 1}


def test_a_message_that_comes_again_is_done(wired: PrefetchBench) -> None:
    wired.put("ann", "body/0")
    body = expiring_envelope(wired.event("ann"))
    assert deliver(body) == deliver(body) == []
    assert wired.server.hits["body/0"] == 1


def test_only_the_messages_that_failed_come_again(
    wired: PrefetchBench, log: list[dict[str, Any]]
) -> None:
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


def test_a_message_without_time_left_comes_again(wired: PrefetchBench) -> None:
    wired.put("ann", "body/0")
    assert deliver(expiring_envelope(wired.event("ann")), remaining_ms=20_000) == ["message-0"]


def test_a_bug_is_a_message_that_comes_again_and_is_told(
    wired: PrefetchBench, log: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(env.TABLE, "nowhere")
    assert deliver(expiring_envelope(wired.event("ann"))) == ["message-0"]
    assert [line["level"] for line in log if line["message"] != "covers prefetched"] == ["ERROR"]
