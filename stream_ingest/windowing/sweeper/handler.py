"""Lambda: the sweeper, each minute by schedule and at once when a batch is drained. Edge."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from stream_ingest.aws.failed_objects import MAX_COUNTED, STREAM
from stream_ingest.aws.meter import Meter
from stream_ingest.contracts.events import BatchDrained, convert_detail
from stream_ingest.contracts.metrics import Service
from stream_ingest.windowing.sweeper import wiring
from stream_ingest.windowing.sweeper.isolation import raise_errors
from stream_ingest.windowing.sweeper.telemetry import emit_open_work, emit_sweep
from stream_ingest.windowing.telemetry import make_logger

logger = make_logger(Service.SWEEPER)
meter = Meter(Service.SWEEPER)
Handler = Callable[[dict[str, Any], LambdaContext], None]


def make_handler(app: Callable[[], wiring.App]) -> Handler:
    """Return the Lambda handler; it calls `app` at each event."""

    @logger.inject_lambda_context(clear_state=True)
    @meter.powertools.log_metrics
    def handle(event: dict[str, Any], context: LambdaContext) -> None:
        """Sweep one drained batch, or everything."""
        sweeper = app().sweeper
        if event.get("detail-type") == BatchDrained.detail_type():
            drained = convert_detail(event["detail"], BatchDrained)
            sweep = sweeper.sweep_batch(drained.batch_id)
        else:
            sweep = sweeper.sweep()
        emit_sweep(logger, meter, sweep)
        discarded = app().failed.count(STREAM, MAX_COUNTED)
        emit_open_work(meter, app().open_work.read(), discarded)
        meter.add_memory(float(context.memory_limit_in_mb))
        raise_errors(sweep)

    return handle


handle = make_handler(cache(wiring.from_environment))
