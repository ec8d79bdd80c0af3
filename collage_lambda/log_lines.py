"""What the collage Lambda writes into its log: a window's story, line by line. Edge.

Every line of a message carries its window, batch and replay, the SQS message and how often that was
received; Powertools adds the request. `ops-dashboard trace` reads a window's lines back. URLs and
their signatures are in none of them.
"""

from __future__ import annotations

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from collage_lambda.messages import Message
from collage_lambda.worker import Outcome
from stream_ingest.contracts.errors import CoverstreamError
from stream_ingest.contracts.metrics import Service

_MOST_REASON = 1_000


def make_logger(service: Service = Service.COLLAGE) -> Logger:
    """Return the structured logger of this process."""
    return Logger(service=service)


def log_received(logger: Logger, record: SQSRecord) -> None:
    """Let all further lines say which message they are about."""
    logger.append_keys(
        message_id=record.message_id,
        receives=record.attributes.approximate_receive_count,
        window_id=None,
        batch_id=None,
        replay=None,
    )


def log_started(logger: Logger, message: Message) -> None:
    """Say which window is taken up, and let all further lines say it too."""
    event = message.event
    logger.append_keys(window_id=event.window_id, batch_id=event.batch_id, replay=message.replay)
    logger.info("window taken up", images=event.image_count)


def log_ended(logger: Logger, outcome: Outcome) -> None:
    """Say how a window ended, and where its collage is."""
    end, build = outcome.end, outcome.build
    logger.info(
        "window ended",
        ending=str(outcome.ending),
        images_ok=end.images_ok if end else None,
        failures=end.failures if end else None,
        duration_ms=end.duration_ms if end else None,
        collage_key=end.collage_key if end else None,
        error=end.error if end else None,
        timings_ms=build.timings_ms if build else None,
    )
    for sha256 in build.repeated if build else ():
        logger.warning(
            "an image that several creators have; if it is a placeholder, refuse it by the setting"
            " refusedImages",
            sha256=sha256,
        )


def log_failed(logger: Logger, error: CoverstreamError) -> None:
    """Say why a message has to come again, or belongs into the dead-letter queue."""
    logger.warning("message failed", error=type(error).__name__, reason=str(error)[:_MOST_REASON])


def log_unhandled(logger: Logger, error: Exception) -> None:
    """Say, with its traceback, what nobody foresaw."""
    logger.error("a bug, or a right that is missing", exc_info=error)
