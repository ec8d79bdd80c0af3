"""Lambda: the sweeper, each minute by schedule and at once when a batch is drained. Edge."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from stream_ingest.aws.meter import Meter
from stream_ingest.contracts.events import BatchDrained, convert_detail
from stream_ingest.contracts.metrics import Service
from stream_ingest.windowing import wiring
from stream_ingest.windowing.sweeper.sweeper import Sweep
from stream_ingest.windowing.telemetry import emit_open_work, emit_sweep, make_logger

logger = make_logger(Service.SWEEPER)
meter = Meter(Service.SWEEPER)


@logger.inject_lambda_context(clear_state=True)
@meter.powertools.log_metrics
def handle(event: dict[str, Any], context: LambdaContext) -> None:
    """Sweep one drained batch, or everything."""
    sweeper = wiring.sweeper()
    if event.get("detail-type") == BatchDrained.detail_type():
        sweep = Sweep()
        drained = convert_detail(event["detail"], BatchDrained)
        sweeper.sweep_batch(drained.batch_id, sweep)
    else:
        sweep = sweeper.sweep()
    emit_sweep(logger, meter, sweep)
    emit_open_work(meter, wiring.open_work().read())
    meter.add_memory(float(context.memory_limit_in_mb))
