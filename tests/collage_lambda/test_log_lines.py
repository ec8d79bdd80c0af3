from __future__ import annotations

import contextvars
import io
import json
import threading
from collections.abc import Iterator

import pytest
from aws_lambda_powertools import Logger

from collage_lambda import log_lines
from collage_lambda.download.background_loop import BackgroundLoop
from collage_lambda.messages import Message
from tests.fakes.collage.events import window_image, window_ready


def message(number: int) -> Message:
    return Message(event=window_ready([window_image("https://a/1")], number=number))


@pytest.fixture
def loop() -> Iterator[BackgroundLoop]:
    async def close() -> None:
        """Nothing is open."""

    loop = BackgroundLoop(close)
    yield loop
    loop.close()


def test_a_line_of_downloads_names_their_window_not_the_one_that_is_worked_on(
    loop: BackgroundLoop,
) -> None:
    """Downloads of the next window run while the one before is composed."""
    printed = io.StringIO()
    logger = Logger(service="downloads-of-two-windows", stream=printed)
    is_next_started = threading.Event()

    async def download() -> None:
        assert is_next_started.wait(10)
        logger.info("downloaded")

    def deliver() -> None:
        log_lines.log_started(logger, message(1))
        downloads = loop.start(download())
        log_lines.log_started(logger, message(2))
        is_next_started.set()
        downloads.result()
        logger.info("composed")

    contextvars.copy_context().run(deliver)
    lines = [json.loads(line) for line in printed.getvalue().splitlines()]
    ids = {line["message"]: line["window_id"] for line in lines}
    assert ids["downloaded"] == message(1).event.window_id
    assert ids["composed"] == message(2).event.window_id
