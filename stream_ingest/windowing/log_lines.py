"""Log lines of the stream processor. Edge.

A line about a window carries its id, its batch, and the first record with rows of its creator;
Powertools adds the request id. `ops-dashboard trace` reads a window's lines back.
"""

from __future__ import annotations

from collections.abc import Mapping

from aws_lambda_powertools import Logger

from stream_ingest.contracts.events import WindowReady
from stream_ingest.contracts.naming import creator_key
from stream_ingest.windowing.delivery import Delivery
from stream_ingest.windowing.delivery_result import DeliveryResult


def log_delivery(
    logger: Logger, delivery: Delivery, result: DeliveryResult, counts: Mapping[str, float]
) -> None:
    """Log the result of one delivery, and each window it closed with the records of its creator."""
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
                **window_fields(window),
                "emitted": window.window_id not in not_emitted,
                "sequence_number": str(arrivals.first_sequence),
                "last_sequence_number": str(arrivals.last_sequence),
            },
        )
    failed = [delivery.poison_of(at, why) for at, why in result.poison.items()]
    for poison in [*delivery.poison, *failed]:
        logger.error(
            "record quarantined",
            sequence_number=str(poison.sequence),
            partition_key=poison.partition_key,
            reason=poison.reason,
        )
    for key, reason in result.unreadable.items():
        logger.error("item unreadable", key=key, reason=reason)
    for sequence, reason in result.failures.items():
        logger.warning("record to be redelivered", sequence_number=str(sequence), reason=reason)


def window_fields(window: WindowReady) -> dict[str, object]:
    """Return the fields by which a log line identifies a window."""
    return {
        "window_id": window.window_id,
        "batch_id": window.batch_id,
        "images": window.image_count,
        "because": window.closed_because,
    }
