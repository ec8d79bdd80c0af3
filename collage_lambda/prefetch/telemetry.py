"""What the prefetch Lambda says of itself when all went well. Edge.

Failures are told as the collage Lambda tells them (`collage_lambda.telemetry`).
"""

from __future__ import annotations

from aws_lambda_powertools import Logger

from collage_lambda.prefetch.prefetcher import PrefetchResult
from stream_ingest.aws.meter import Meter
from stream_ingest.contracts import metrics as catalogue
from stream_ingest.contracts.events import CoversExpiring


def log_prefetched(
    logger: Logger, meter: Meter, event: CoversExpiring, result: PrefetchResult
) -> None:
    """Say what came of covers that were to be prefetched."""
    meter.add(catalogue.COVERS_PREFETCHED, result.prefetched)
    meter.add(catalogue.BYTES_DOWNLOADED, result.bytes_downloaded)
    meter.flush()
    meter.write_by_reason(catalogue.COVERS_LOST, result.lost)
    logger.info(
        "covers prefetched",
        creators=len(event.creators),
        asked=event.covers,
        at_risk=result.at_risk,
        prefetched=result.prefetched,
        lost=result.lost,
    )
