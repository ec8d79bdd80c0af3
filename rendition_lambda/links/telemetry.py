"""Metrics (EMF) and log lines of the function of upload links. Edge.

No line has a link, nor a body or an address that could contain one: whoever reads logs cannot
upload.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools import Logger

from stream_ingest.aws.meter import Meter
from stream_ingest.contracts import photo_metrics

_BEGIN = "/begin"
_REFUSED = 400


def log_answer(logger: Logger, meter: Meter, path: str, answer: Mapping[str, Any]) -> None:
    """Report how a request was answered."""
    status = answer["statusCode"]
    if status >= _REFUSED:
        meter.add(photo_metrics.UPLOADS_REFUSED, 1)
    elif path.endswith(_BEGIN):
        meter.add(photo_metrics.UPLOADS_SIGNED, 1)
    logger.info("request answered", action=path.rpartition("/")[2][:20], status=status)
