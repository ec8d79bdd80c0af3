"""Lambda: records of the Kinesis stream become windows. Edge.

Answers with a partial batch response: the sequence numbers of what must be delivered again. If the
mapping ignores such answers (ministack), the settings say so and the invocation fails instead; both
are safe, because rows that were folded are recognised when they come again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
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
Handler = Callable[[dict[str, Any], LambdaContext], dict[str, Any]]


def make_handler(app: Callable[[], wiring.App]) -> Handler:
    """Return the Lambda handler of an app, which is requested at each event."""

    @logger.inject_lambda_context(clear_state=True)
    @meter.powertools.log_metrics
    def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Fold one delivery and report the lowest record that has to come again, if any."""
        delivery = read_delivery(event, app().clock())
        result = app().processor.process(delivery)
        log_outcome(logger, meter, delivery, result)
        meter.add_memory(float(context.memory_limit_in_mb))
        return respond(result.failures, trusted=app().trusts_partial_responses)

    return handle


def respond(failures: dict[int, str], *, trusted: bool) -> dict[str, Any]:
    """Return Lambda's partial batch response, or raise if such a response is not trusted."""
    if failures and not trusted:
        msg = "; ".join(f"{sequence}: {why}" for sequence, why in failures.items())
        raise TransientError(msg)
    lowest = [min(failures)] if failures else []
    return {"batchItemFailures": [{"itemIdentifier": str(sequence)} for sequence in lowest]}


handle = make_handler(cache(wiring.from_environment))
