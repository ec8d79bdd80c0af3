"""The handler acknowledges a message whose photo waits for CloudFront, and requests it later."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from rendition_lambda import handler
from rendition_lambda.cdn import CdnBusyError
from rendition_lambda.messages import RenderRequest
from stream_ingest.contracts.errors import TransientError
from tests.fakes.ingest.lambda_context import LambdaContext
from tests.fakes.sqs_delivery import sqs_event

BODY = '{"render": "g/a.jpg", "bucket": "archive", "again": true, "run": "r1"}'


class App:
    """The handler's parts; each photo fails with an error."""

    def __init__(self, error: Exception) -> None:
        self._error = error
        self.sent: list[tuple[RenderRequest, int]] = []
        self.uploads_bucket, self.other_buckets, self.max_receives = "uploads", ("archive",), 5
        self.redelivery = SimpleNamespace(schedule=lambda *_: None)
        self.reconciler = self.requests = self

    def reconcile(self, *_: object, **__: object) -> None:
        raise self._error

    def send(self, request: RenderRequest, *, delay_s: int) -> None:
        self.sent.append((request, delay_s))


def handled(monkeypatch: pytest.MonkeyPatch, app: App) -> dict[str, Any]:
    monkeypatch.setattr(handler, "app", lambda: app)
    answer: dict[str, Any] = handler.handle(sqs_event(BODY), LambdaContext())  # type: ignore[arg-type]  # what powertools reads
    return answer


def test_a_photo_for_which_cloudfront_is_busy_is_requested_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = App(CdnBusyError("busy"))

    assert handled(monkeypatch, app) == {"batchItemFailures": []}
    request = RenderRequest(render="g/a.jpg", bucket="archive", again=True, run="r1")
    assert app.sent == [(request, 60)]


def test_another_failure_is_left_to_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    app = App(TransientError("throttled"))

    assert handled(monkeypatch, app)["batchItemFailures"] == [{"itemIdentifier": "message-0"}]
    assert app.sent == []
