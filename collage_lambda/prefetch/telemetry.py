"""What the holding Lambda says of itself when all went well. Edge.

Failures are told as the collage Lambda tells them (`collage_lambda.telemetry`).
"""

from __future__ import annotations

from aws_lambda_powertools import Logger

from collage_lambda.prefetch.prefetcher import Holding
from stream_ingest.aws.meter import Meter
from stream_ingest.contracts import metrics as catalogue
from stream_ingest.contracts.events import CoversExpiring


def log_prefetched(logger: Logger, meter: Meter, event: CoversExpiring, holding: Holding) -> None:
    """Say what came of covers that were to be held."""
    meter.add(catalogue.COVERS_HELD, holding.held)
    meter.add(catalogue.BYTES_DOWNLOADED, holding.bytes_downloaded)
    meter.flush()
    meter.write_by_reason(catalogue.COVERS_LOST, holding.lost)
    logger.info(
        "covers held",
        creators=len(event.creators),
        asked=event.covers,
        at_risk=holding.at_risk,
        held=holding.held,
        lost=holding.lost,
    )
