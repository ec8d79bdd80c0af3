"""The sweeper's log lines. Edge.

`stream_ingest.windowing.log_lines` describes what a line about a window carries.
"""

from __future__ import annotations

from collections.abc import Mapping

from aws_lambda_powertools import Logger

from stream_ingest.contracts.errors import TransientError, UnreadableItemError
from stream_ingest.windowing.log_lines import window_fields
from stream_ingest.windowing.sweeper.sweep import Sweep, SweptWindow


def log_swept_window(logger: Logger, swept: SweptWindow) -> None:
    """Log that the sweeper closed a window, or emitted its event again."""
    logger.info(
        "window emitted again" if swept.again else "window closed",
        extra={**window_fields(swept.event), "emitted": swept.emitted},
    )


def log_sweep(logger: Logger, sweep: Sweep, counts: Mapping[str, float]) -> None:
    """Log the result of one sweep."""
    logger.info("swept", counts=counts, flushed=sweep.batches_flushed, ended=sweep.batches_ended)
    for batch_id in sweep.files_started:
        logger.warning("file started that no job knew", batch_id=batch_id)
    for batch_id in sweep.batches_abandoned:
        logger.warning("abandoned batch ended", batch_id=batch_id)
    for batch_id in sweep.batches_rejected:
        logger.warning("batch rejected", batch_id=batch_id)
    for batch_id in sweep.batches_incomplete:
        logger.warning("incomplete batch ended", batch_id=batch_id)
    for window_id in sweep.abandoned:
        logger.warning("window abandoned", window_id=window_id)


def log_item_error(logger: Logger, key: str, error: Exception) -> None:
    """Log that an item cannot be read, or what else failed on it; the sweep goes on."""
    if isinstance(error, UnreadableItemError):
        logger.error("item unreadable", key=key, reason=error.reason)
    elif isinstance(error, TransientError):
        logger.warning("item left to the next sweep", key=key, reason=str(error))
    else:
        logger.error("item failed", key=key, exc_info=error)


def log_unreadable_statistics(logger: Logger, key: str) -> None:
    """Log that statistics could not be read and were started anew."""
    logger.error("statistics unreadable", key=key, stored_as=f"{key}.unreadable")
