"""The whole Lambda, from an SQS event to its answer, log lines and metrics."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from logging import LogRecord
from typing import Any

import msgspec
import pytest

from collage_lambda import handler, wiring
from collage_lambda.handler import handle, logger
from collage_lambda.outcomes import Ending, WindowOutcome
from collage_lambda.settings import CollageSettings
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import TransientError
from stream_ingest.contracts.network_probe import probe_event
from tests.fakes.collage.aws import BUS, OUTPUT, TABLE, TEMP, CollageAws
from tests.fakes.collage.cover_server import CoverServer
from tests.fakes.collage.events import envelope, window_image, window_ready
from tests.fakes.collage.images import plain_jpeg
from tests.fakes.lambda_variables import lambda_variables
from tests.fakes.sqs_delivery import sqs_event


@dataclass
class Context:
    """The invocation's context, as Lambda passes it."""

    aws_request_id: str = "request-1"
    function_name: str = "collage"
    memory_limit_in_mb: int = 1_024
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:collage"
    remaining_ms: int = 60_000

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_ms


def app_on(aws: CollageAws, server: CoverServer, **changes: object) -> wiring.App:
    """Return the Lambda's application on moto's AWS; `changes` are other settings."""
    variables = lambda_variables(
        table=TABLE,
        bus=BUS,
        output=OUTPUT,
        temp=TEMP,
        ALLOWED_SOURCES=f"127.0.0.1:{server.port}",
    )
    settings = CollageSettings.from_env(variables)
    clients = replace(wiring.connect(settings), sqs=aws.sqs.client)
    aws.listen_to(clients.events)
    return wiring.build(msgspec.structs.replace(settings, **changes), clients, time.time)


@pytest.fixture
def wired(aws: CollageAws, server: CoverServer, monkeypatch: pytest.MonkeyPatch) -> CollageAws:
    server.bodies["0"] = plain_jpeg((200, 30, 30))
    app = app_on(aws, server)
    monkeypatch.setattr(handler, "app", lambda: app)
    return aws


def deliver(*bodies: str, **context: object) -> list[str]:
    """Deliver messages; return the ids of those reported as failed."""
    answer = handle(sqs_event(*bodies), Context(**context))
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def printed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    lines = capsys.readouterr().out.splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Log lines as they would be printed; the logger holds on to the stdout of its import."""
    lines: list[dict[str, Any]] = []
    printer = logger.registered_handler

    def note(record: LogRecord) -> None:
        lines.append(json.loads(printer.format(record)))

    monkeypatch.setattr(printer, "emit", note)
    return lines


def metrics_in(lines: list[dict[str, Any]]) -> dict[tuple[str, ...], dict[str, float]]:
    """Return the EMF metrics by the values of their dimensions."""
    found: dict[tuple[str, ...], dict[str, float]] = {}
    for line in lines:
        for directive in line.get("_aws", {}).get("CloudWatchMetrics", []):
            assert directive["Namespace"] == "Coverstream"
            for dimensions in directive["Dimensions"]:
                values = found.setdefault(tuple(line[name] for name in dimensions), {})
                for metric in directive["Metrics"]:
                    value = line[metric["Name"]]
                    values[metric["Name"]] = value[0] if isinstance(value, list) else value
    return found


def test_a_delivery_of_good_messages_reports_no_failure(
    wired: CollageAws, server: CoverServer
) -> None:
    events = [
        window_ready([window_image(server.url("body/0"))], number=number) for number in (1, 2)
    ]
    assert deliver(*map(envelope, events)) == []
    for event in events:
        assert wired.window(event.window_id)["status"] == "completed"
    assert [entry["DetailType"] for entry in wired.heard()] == ["CollageCreated"] * 2


def test_only_failed_messages_are_reported(
    wired: CollageAws, server: CoverServer, log: list[dict[str, Any]]
) -> None:
    good = window_ready([window_image(server.url("body/0"))])
    assert deliver("no json", envelope(good), envelope(good, detail={})) == [
        "message-0",
        "message-2",
    ]
    assert wired.window(good.window_id)["status"] == "completed"
    lines = [line for line in log if line["message"] == "message failed"]
    assert [line["error"] for line in lines] == ["DecodeError", "DecodeError"]
    assert "envelope" in lines[0]["reason"]


def test_a_delivery_in_which_all_messages_fail_does_not_raise(wired: CollageAws) -> None:
    assert deliver("no json", "{}") == ["message-0", "message-1"]
    assert wired.stored() == []


def test_a_message_delivered_twice_at_once_is_built_once(
    wired: CollageAws, server: CoverServer
) -> None:
    event = window_ready([window_image(server.url("body/0"))])
    assert deliver(envelope(event), envelope(event)) == []
    assert server.hits["body/0"] == 1
    assert len(wired.heard()) == 1


def test_a_replayed_message_rebuilds(wired: CollageAws, server: CoverServer) -> None:
    event = window_ready([window_image(server.url("body/0"))])
    assert deliver(envelope(event), envelope(event, replay="again")) == []
    assert wired.window(event.window_id)["replayed_as"] == "again"
    assert len(wired.heard()) == 2


def test_a_leased_window_is_reported_for_redelivery(
    wired: CollageAws, server: CoverServer, log: list[dict[str, Any]]
) -> None:
    event = window_ready([window_image(server.url("body/0"))])
    wired.put_window(event.window_id, status="processing", lease_owner="x", lease_until=2**33)
    assert deliver(envelope(event)) == ["message-0"]
    assert log[-1]["error"] == "WindowLeasedError"
    assert [change["VisibilityTimeout"] for change in wired.sqs.changes] == [12 * 3_600]


def test_a_message_whose_timeout_cannot_be_changed_still_fails_by_itself(
    wired: CollageAws, log: list[dict[str, Any]]
) -> None:
    wired.sqs.error = TransientError("throttled")
    assert deliver("no json") == ["message-0"]
    assert [line["message"] for line in log[-2:]] == [
        "message failed",
        "visibility timeout not changed",
    ]


def test_an_invocation_about_to_end_reports_its_message(
    wired: CollageAws, server: CoverServer
) -> None:
    event = window_ready([window_image(server.url("body/0"))])
    assert deliver(envelope(event), remaining_ms=10_000) == ["message-0"]
    assert wired.window(event.window_id) == {}


def test_an_unexpected_exception_is_logged_with_its_traceback_and_its_message_reported(
    wired: CollageAws,
    server: CoverServer,
    log: list[dict[str, Any]],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = app_on(wired, server, output_bucket="not-there")
    monkeypatch.setattr(handler, "app", lambda: app)
    event = window_ready([window_image(server.url("body/0"))])
    assert deliver(envelope(event)) == ["message-0"]
    assert "NoSuchBucket" in log[-1]["exception"]
    assert log[-1]["window_id"] == event.window_id
    assert metrics_in(printed(capsys))[("collage",)]["MessagesFailed"] == 1
    assert table.window_status(wired.window(event.window_id)) == "queued"


def test_every_log_line_of_a_message_has_window_batch_message_and_request(
    wired: CollageAws, server: CoverServer, log: list[dict[str, Any]]
) -> None:
    """One query finds all lines of a window; an undecodable message belongs to none."""
    event = window_ready([window_image(server.url("body/0"))])
    wired.put_window(event.window_id, status="processing", lease_owner="x", lease_until=2**33)
    deliver(envelope(event, replay="again"), "no json")
    ids = ("function_request_id", "message_id", "receives", "window_id", "batch_id", "replay")
    lines = [(line["message"], *(line.get(name) for name in ids)) for line in log]
    window = (event.window_id, event.batch_id, "again")
    assert lines == [
        ("message failed", "request-1", "message-1", "1", None, None, None),
        ("window taken up", "request-1", "message-0", "1", *window),
        ("message failed", "request-1", "message-0", "1", *window),
    ]


def test_a_lease_belongs_to_one_receipt_of_one_message(
    wired: CollageAws, server: CoverServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if Lambda calls again under the same request id."""
    owners: list[str] = []
    monkeypatch.setattr(
        handler.app().worker,
        "begin",
        lambda _message, *, owner, **_: owners.append(owner) or done(),
    )
    event = window_ready([window_image(server.url("body/0"))])
    deliver(envelope(event))
    deliver(envelope(event))
    assert wired.heard() == []
    assert len(set(owners)) == 2
    assert {owner.rpartition("/")[0] for owner in owners} == {"request-1/message-0"}


def done() -> WindowOutcome:
    return WindowOutcome(ending=Ending.ALREADY_DONE)


def test_metrics_are_printed_with_few_dimensions(
    wired: CollageAws, server: CoverServer, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = ("body/0", "status/404", "status/410", "status/403")
    event = window_ready([window_image(server.url(path)) for path in paths])
    deliver(envelope(event))
    metrics = metrics_in(printed(capsys))
    own = metrics[("collage",)]
    assert own["CollagesCreated"] == 1
    assert (own["ImagesOk"], own["ImagesFailed"]) == (1, 3)
    assert own["BytesDownloaded"] == len(server.bodies["0"])
    assert own["MemoryPercent"] > 1
    assert own["WindowLatencyMs"] > 0
    assert metrics[("collage", "not_found")] == {"ImagesFailed": 2}
    assert metrics[("collage", "forbidden")] == {"ImagesFailed": 1}
    assert len(metrics) == 3
    assert wired.heard()


def test_a_failed_window_and_a_failed_message_have_their_metrics(
    wired: CollageAws, server: CoverServer, capsys: pytest.CaptureFixture[str]
) -> None:
    event = window_ready([window_image(server.url("status/404"))])
    deliver(envelope(event), "no json")
    own = metrics_in(printed(capsys))[("collage",)]
    assert (own["CollagesFailed"], own["MessagesFailed"]) == (1, 1)
    assert wired.window(event.window_id)["status"] == "failed"


@pytest.mark.usefixtures("wired")
def test_a_log_line_has_window_batch_and_request_but_no_signature(
    server: CoverServer, log: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    urls = [server.url(f"{path}?x-signature=secret") for path in ("body/0", "status/403")]
    deliver(envelope(window_ready([window_image(url) for url in urls])))
    (line,) = [line for line in log if line["message"] == "window ended"]
    assert (line["window_id"], line["batch_id"]) == ("charli:000012", "batch-1")
    assert line["function_request_id"] == "request-1"
    assert (line["ending"], line["failures"]) == ("created", {"forbidden": 1})
    assert "secret" not in json.dumps(log) + capsys.readouterr().out


def test_a_probe_is_answered_and_nothing_is_done(wired: CollageAws, server: CoverServer) -> None:
    answer = handle(probe_event(internet=False), Context())
    assert [each["host"] for each in answer["sources"]] == [f"127.0.0.1:{server.port}"]
    assert not answer["internet"]
    assert (wired.stored(OUTPUT), wired.stored(TEMP), wired.heard()) == ([], [], [])
