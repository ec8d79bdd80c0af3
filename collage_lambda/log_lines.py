"""The collage Lambda's log lines. Edge.

Each line of a message has its window, batch and replay, the SQS message's id and receive count;
Powertools adds the request id. `ops-dashboard trace` reads a window's lines. No line contains a URL
or its signature.

These keys are of the context that they are added in. A window's downloads start in a copy of it
(`asyncio`), so their lines name their own window while the invocation is at another one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from collage_lambda.messages import Message
from stream_ingest.contracts.errors import CoverstreamError
from stream_ingest.contracts.metrics import Service

if TYPE_CHECKING:
    from collage_lambda.outcomes import WindowOutcome

_MAX_REASON_CHARS = 1_000


def make_logger(service: Service = Service.COLLAGE) -> Logger:
    """Return the structured logger of this process."""
    return Logger(service=service)


def log_process(logger: Logger, scaler: str, memory_mb: int) -> None:
    """Log that a process of the function is ready, and what it scales images by."""
    logger.info("process started", scaler=scaler, memory_mb=memory_mb)


def log_received(logger: Logger, record: SQSRecord) -> None:
    """Add the message to all following lines."""
    logger.thread_safe_append_keys(
        message_id=record.message_id,
        receives=record.attributes.approximate_receive_count,
        window_id=None,
        batch_id=None,
        replay=None,
    )


def log_started(logger: Logger, message: Message) -> None:
    """Log that a window is started, and add it to all following lines."""
    add_window(logger, message)
    logger.info("window taken up", images=message.event.image_count)


def add_window(logger: Logger, message: Message) -> None:
    """Add a window to all following lines."""
    event = message.event
    logger.thread_safe_append_keys(
        window_id=event.window_id, batch_id=event.batch_id, replay=message.replay
    )


def log_ended(logger: Logger, message: Message, outcome: WindowOutcome) -> None:
    """Log how a window of which creator ended, how long it took, and the key of its collage."""
    end, build = outcome.end, outcome.build
    logger.info(
        "window ended",
        ending=str(outcome.ending),
        creator=message.event.creator,
        images_ok=end.images_ok if end else None,
        failures=end.failures if end else None,
        duration_ms=end.duration_ms if end else None,
        collage_key=end.collage_key if end else None,
        error=end.error if end else None,
        timings_ms=build.timings_ms if build else None,
    )
    for sha256 in build.placeholder_suspects if build else ():
        logger.warning(
            "an image that several creators have; if it is a placeholder, refuse it by the setting"
            " refusedImages",
            sha256=sha256,
        )


def log_failed(logger: Logger, error: CoverstreamError) -> None:
    """Log why a message failed and will be delivered again, or become a dead letter."""
    logger.warning(
        "message failed", error=type(error).__name__, reason=str(error)[:_MAX_REASON_CHARS]
    )


def log_unhandled(logger: Logger, error: Exception) -> None:
    """Log an unexpected exception with its traceback."""
    logger.error("a bug, or a right that is missing", exc_info=error)
