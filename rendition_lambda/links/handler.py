"""Lambda: the page of upload links, and the signatures that it asks for. Edge.

Takes requests to its function URL, which the distribution alone may invoke.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from rendition_lambda.links import wiring
from rendition_lambda.links.requests import path_of
from rendition_lambda.links.telemetry import log_answer
from stream_ingest.aws.meter import Meter
from stream_ingest.contracts.metrics import Service

logger = Logger(service=Service.LINKS)
meter = Meter(Service.LINKS)


app = cache(wiring.from_environment)


@logger.inject_lambda_context(clear_state=True)
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request. What is raised becomes an error of the function, and 502 for the page."""
    answer = app().answer(event)
    log_answer(logger, meter, path_of(event)[1], answer)
    meter.add_memory(float(context.memory_limit_in_mb))
    meter.flush()
    return answer
