"""The windowing Lambda's real handler, called for a simulated process.

The handler gets its components from `wiring`, once per process. Here many processes share one
interpreter, so `patch_wiring` makes the wiring return those of the process that is called.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from stream_ingest.windowing import handler, wiring
from stream_ingest.windowing.settings import WindowingSettings
from stream_ingest.windowing.stream_processor import Windowing
from tests.fakes.ingest.aws import BUS, OUTPUT, TABLE, TEMP
from tests.fakes.ingest.lambda_context import LambdaContext
from tests.fakes.lambda_variables import lambda_variables

SETTINGS = WindowingSettings.from_env(
    lambda_variables(table=TABLE, bus=BUS, output=OUTPUT, temp=TEMP)
)
_called = threading.local()
_handle = inspect.unwrap(handler.handle)  # without Powertools' decorators


@contextmanager
def patch_wiring() -> Iterator[None]:
    """Patch the wiring for `windowing`."""
    with (
        patch.object(wiring, "windowing", lambda: _called.windowing),
        patch.object(wiring, "settings", lambda: SETTINGS),
        patch.object(handler, "log_outcome", lambda *_: None),
        patch.object(handler.meter, "add_memory", lambda _: None),
    ):
        yield


def windowing(part: Windowing, event: dict[str, Any]) -> dict[str, Any]:
    """Call the handler in the process of `part`."""
    _called.windowing = part
    response: dict[str, Any] = _handle(event, LambdaContext())
    return response
