"""The stream processor's real handler, called for a simulated process."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from stream_ingest.windowing import handler, wiring
from tests.fakes.ingest.lambda_context import LambdaContext

_called = threading.local()
_handle: Any = inspect.unwrap(handler.make_handler(lambda: _called.app))  # without decorators


@contextmanager
def patch_telemetry() -> Iterator[None]:
    """Patch the handler to write neither log lines nor metrics."""
    with (
        patch.object(handler, "log_outcome", lambda *_: None),
        patch.object(handler.meter, "add_memory", lambda _: None),
    ):
        yield


def handle(app: wiring.App, event: dict[str, Any]) -> dict[str, Any]:
    """Call the handler in the process of `app`."""
    _called.app = app
    response: dict[str, Any] = _handle(event, LambdaContext())
    return response
