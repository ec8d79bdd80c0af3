"""What the windowing and sweeper Lambdas write into their logs: windows' stories. Edge.

A line about a window carries its id, its batch, and the record in which its creator's rows began;
Powertools adds the request. `ops-dashboard trace` reads a window's lines back.
"""

from __future__ import annotations

from collections.abc import Mapping

from aws_lambda_powertools import Logger

from stream_ingest.contracts.events import WindowReady
from stream_ingest.contracts.naming import creator_key
from stream_ingest.windowing.delivery import Delivery
from stream_ingest.windowing.stream_processor import DeliveryResult
from stream_ingest.windowing.sweeper.sweep import Sweep, SweptWindow


def log_delivery(
    logger: Logger, delivery: Delivery, result: DeliveryResult, counts: Mapping[str, float]
) -> None:
    """Say what one delivery came to, and in which record each of its windows filled up."""
    logger.append_keys(shard=delivery.shard)
    logger.info(
        "delivery folded",
        counts=counts,
        batches=sorted(delivery.batches),
        first_sequence_number=str(delivery.first_sequence),
        last_sequence_number=str(delivery.last_sequence),
    )
    not_emitted = set(result.not_emitted)
    for window in result.windows:
        arrivals = delivery.creators[creator_key(window.creator)]
        logger.info(
            "window closed",
            extra={
                **_window(window),
                "emitted": window.window_id not in not_emitted,
                "sequence_number": str(arrivals.first_sequence),
                "last_sequence_number": str(arrivals.last_sequence),
            },
        )
    for poison in delivery.poison:
        logger.error(
            "record quarantined",
            sequence_number=str(poison.sequence),
            partition_key=poison.partition_key,
            reason=poison.reason,
        )
    for sequence, reason in result.failures.items():
        logger.warning("record to be redelivered", sequence_number=str(sequence), reason=reason)


def log_swept_window(logger: Logger, swept: SweptWindow) -> None:
    """Say that the sweeper closed a window, or sent its event once more."""
    logger.info(
        "window emitted again" if swept.again else "window closed",
        extra={**_window(swept.event), "emitted": swept.emitted},
    )


def log_sweep(logger: Logger, sweep: Sweep, counts: Mapping[str, float]) -> None:
    """Say what one sweep did."""
    logger.info("swept", counts=counts, flushed=sweep.batches_flushed, ended=sweep.batches_ended)
    for window_id in sweep.abandoned:
        logger.warning("window abandoned", window_id=window_id)


def log_unreadable_statistics(logger: Logger, key: str) -> None:
    """Log that statistics could not be read and were started anew."""
    logger.error("statistics unreadable", key=key, stored_as=f"{key}.unreadable")


def _window(window: WindowReady) -> dict[str, object]:
    return {
        "window_id": window.window_id,
        "batch_id": window.batch_id,
        "images": window.image_count,
        "because": window.closed_because,
    }
