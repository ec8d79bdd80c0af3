"""The handlers on moto's AWS: the real composition on fake clients, a fake bus and a fake clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from stream_ingest.windowing import handler
from stream_ingest.windowing.sweeper import handler as sweeper_handler
from tests.fakes.ingest.aws import IngestAws
from tests.fakes.ingest.lambda_context import LambdaContext


@pytest.fixture
def fold_event(aws: IngestAws) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """The stream processor's handler, to be called with an event."""
    app = aws.app()
    handle = handler.make_handler(lambda: app)
    return lambda event: handle(event, LambdaContext())  # type: ignore[arg-type]  # a fake context


@pytest.fixture
def sweep(aws: IngestAws) -> Callable[[dict[str, Any]], None]:
    """The sweeper's handler, to be called with an event."""
    app = aws.sweeper_app()
    handle = sweeper_handler.make_handler(lambda: app)
    return lambda event: handle(event, LambdaContext())  # type: ignore[arg-type]  # a fake context
