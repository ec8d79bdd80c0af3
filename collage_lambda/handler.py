"""Lambda: windows that are ready become collages. Edge.

Takes SQS messages that contain EventBridge envelopes, and answers with a partial batch response.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSEvent
from aws_lambda_powertools.utilities.typing import LambdaContext

from collage_lambda import wiring
from collage_lambda.delivery import WindowDelivery
from collage_lambda.log_lines import make_logger
from collage_lambda.telemetry import Telemetry
from stream_ingest.aws.meter import Meter
from stream_ingest.aws.sqs_batch import failed_items
from stream_ingest.contracts.metrics import Service
from stream_ingest.contracts.network_probe import probe_of

logger = make_logger()
meter = Meter(Service.COLLAGE)


app = cache(wiring.from_environment)


@logger.inject_lambda_context(clear_state=True)
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Build the collages of one delivery and report the messages that SQS has to deliver again.

    A probe of the network is answered instead.
    """
    probe = probe_of(event)
    if probe is not None:
        return app().answer_probe(probe)
    delivery = WindowDelivery(
        app().worker,
        app().redelivery,
        Telemetry(logger, meter),
        request_id=context.aws_request_id,
        remaining_s=lambda: context.get_remaining_time_in_millis() / 1000,
        threads=app().threads,
    )
    failed = delivery.work(list(SQSEvent(event).records))
    meter.add_memory(float(context.memory_limit_in_mb))
    meter.flush()
    return failed_items(failed)
