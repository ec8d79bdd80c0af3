"""Metrics and log lines of the prefetch Lambda. Edge.

Failures are reported by `collage_lambda.telemetry`, as the collage Lambda's.
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
    """Report the result of one prefetch request."""
    meter.add(catalogue.COVERS_PREFETCHED, result.prefetched)
    meter.add(catalogue.BYTES_DOWNLOADED, result.bytes_downloaded)
    meter.flush()
    meter.write_by_reason(catalogue.COVERS_LOST, result.lost)
    logger.info(
        "covers prefetched",
        creators=len(event.creators),
        requested=event.covers,
        at_risk=result.at_risk,
        prefetched=result.prefetched,
        lost=result.lost,
    )
