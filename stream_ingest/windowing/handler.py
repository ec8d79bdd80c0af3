"""Lambda: records of the Kinesis stream become windows. Edge.

Answers with a partial batch response: the sequence numbers of what must be delivered again. Where
the mapping ignores such answers (ministack), the settings say so and the invocation fails instead;
both are safe, because what was folded is recognised when it comes again.
"""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from stream_ingest.aws.meter import Meter
from stream_ingest.contracts.errors import TransientError
from stream_ingest.contracts.metrics import Service
from stream_ingest.windowing import wiring
from stream_ingest.windowing.delivery import read_delivery
from stream_ingest.windowing.telemetry import log_outcome, make_logger

logger = make_logger(Service.WINDOWING)
meter = Meter(Service.WINDOWING)


@logger.inject_lambda_context(clear_state=True)
@meter.powertools.log_metrics
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Fold one delivery and report the lowest record that has to come again, if any."""
    delivery = read_delivery(event)
    outcome = wiring.windowing().process(delivery)
    log_outcome(logger, meter, delivery, outcome)
    meter.add_memory(float(context.memory_limit_in_mb))
    if outcome.failures and not wiring.settings().trusts_partial_responses:
        msg = "; ".join(f"{sequence}: {why}" for sequence, why in outcome.failures.items())
        raise TransientError(msg)
    lowest = [min(outcome.failures)] if outcome.failures else []
    return {"batchItemFailures": [{"itemIdentifier": str(sequence)} for sequence in lowest]}
