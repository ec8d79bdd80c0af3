"""The estimated cost of a day, as metric math over counted units. Pure.

Counted: milliseconds of each function, bytes into the stream, DynamoDB's write and read units
including its indexes, and collages. A collage includes the objects put, queue requests, events and
invocation that it causes. Constant: stream hours, dashboard, alarms, metrics, the sweeper's
requests. Left out: stored bytes (S3, table, archive, logs), taxes, free tiers, data transfer out of
AWS. Prices are those of `prices`; on an idle stack the estimate is too high by the free tiers.

An alarm may read at most ten metrics (PutMetricAlarm), and these are ten. So intake and prefetch
are in the chart of parts only: a million rows of files cost less than a cent there
(`ops-dashboard plan --files`).
"""

from __future__ import annotations

from collage_lambda.messages import MESSAGES_PER_DELIVERY
from ops_dashboard.monitoring.metric_lines import (
    HIDDEN,
    Line,
    aws_metric,
    custom_metric,
    expression,
)
from ops_dashboard.monitoring.prices import LIST
from ops_dashboard.monitoring.resources import Resources
from stream_ingest.contracts import metrics as catalogue
from stream_ingest.contracts import table
from stream_ingest.contracts.metrics import CATALOGUE, Service

_DAYS_PER_MONTH = 30.4
_GB = 1e9

KINESIS_PUT_UNIT_BYTES = 25_000

COLLAGE_PUTS = 4
"""Collage, its copy by creator, thumbnail, metadata."""
ORIGINALS_PUTS = 1 / MESSAGES_PER_DELIVERY
"""Windows that are built together store their originals in one object, as long as that is small."""
COLLAGE_QUEUE_REQUESTS = 1 + 2 / MESSAGES_PER_DELIVERY
"""EventBridge sends one message for each window; Lambda receives and deletes several at once, as
many as fit into a delivery while windows wait in the queue."""
COLLAGE_INVOCATIONS = 1 / MESSAGES_PER_DELIVERY
COLLAGE_EVENTS = 2
FILE_PUTS = 3
"""The chunks of a small file, and its copy in the archive."""
FILE_GETS = 4
"""HEAD requests before it is read and copied, a range, and the chunk that is sent."""
MESSAGE_REQUESTS = 3
"""A message is sent, received and deleted."""
SWEEPS_PER_DAY = 1_440

_REASONS_IN_USE = 10
"""Approximate number of metrics by reason; CloudWatch bills each reason as a metric."""
_COST_METRICS = 10
"""Number of metrics that the alarm on the cost reads."""

_OTHERS = (Service.INTAKE, Service.PREFETCH)
"""Functions that are in the chart of parts only."""
_FUNCTIONS = (Service.WINDOWING, Service.SWEEPER, Service.COLLAGE)
_INDEXES = (table.BATCH_INDEX, table.STATUS_INDEX, table.DUE_INDEX)


def collage_usd() -> float:
    """Return the cost of a collage without its milliseconds and table writes."""
    return (
        (COLLAGE_PUTS + ORIGINALS_PUTS) * LIST.s3_put.one
        + COLLAGE_QUEUE_REQUESTS * LIST.sqs_request.one
        + COLLAGE_EVENTS * LIST.event.one
        + COLLAGE_INVOCATIONS * LIST.lambda_request.one
    )


def intake_run_usd() -> float:
    """Return the cost of an invocation of the intake without its milliseconds and table writes."""
    return (
        FILE_PUTS * LIST.s3_put.one
        + FILE_GETS * LIST.s3_get.one
        + MESSAGE_REQUESTS * LIST.sqs_request.one
        + LIST.lambda_request.one
    )


def idle_day_usd(resources: Resources, metrics_read: int) -> float:
    """Return the cost of an idle day; `metrics_read` is the number that the other alarms read."""
    own_metrics = sum(len(metric.services) * metric.in_total for metric in CATALOGUE)
    return constant_usd_per_day(
        resources,
        alarm_metrics=metrics_read + _COST_METRICS,
        own_metrics=own_metrics + _REASONS_IN_USE,
    )


def constant_usd_per_day(resources: Resources, *, alarm_metrics: int, own_metrics: int) -> float:
    """Return the cost of a day on which nothing happens."""
    hour = resources.stream_shards * LIST.kinesis_shard_hour.one or LIST.kinesis_on_demand_hour.one
    month = LIST.dashboard_month.one
    month += alarm_metrics * LIST.alarm_metric_month.one + own_metrics * LIST.metric_month.one
    return 24 * hour + month / _DAYS_PER_MONTH + SWEEPS_PER_DAY * LIST.lambda_request.one


def cost_lines(resources: Resources, constant_usd: float) -> list[Line]:
    """Return the hidden counts and, last, the estimate in USD; the period must be a day.

    SUM over an array skips metrics without data, whereas ``+`` has no value if one of them has
    none. The sweeper's milliseconds have data on every day.
    """
    counted = _counted(resources)
    terms = ", ".join(f"{line.id} * {price:.15f}" for line, price in counted)
    total = f"SUM([{terms}]) + {constant_usd:.4f}"
    return [*(line for line, _ in counted), expression("cost", "USD", total)]


def part_lines(resources: Resources) -> list[Line]:
    """Return the hidden counts, and the cost of each in USD."""
    counted = [*_counted(resources), *_others(resources)]
    parts = [
        expression(f"usd_{line.id}", line.label, f"{line.id} * {price:.15f}")
        for line, price in counted
    ]
    return [*(line for line, _ in counted), *parts]


def _counted(resources: Resources) -> list[tuple[Line, float]]:
    return [
        *(_milliseconds(resources, service) for service in _FUNCTIONS),
        _bytes_in(resources),
        *_table_units(resources),
        (
            custom_metric(
                resources,
                catalogue.COLLAGES_CREATED,
                Service.COLLAGE,
                "collages",
                "collages",
                style=HIDDEN,
            ),
            collage_usd(),
        ),
    ]


def _others(resources: Resources) -> list[tuple[Line, float]]:
    """Return what the chart of parts shows beside the counts of the alarm."""
    dimensions = {"FunctionName": resources.functions[Service.INTAKE]}
    runs = aws_metric(
        "AWS/Lambda", "Invocations", dimensions, "intake_runs", "files' requests", style=HIDDEN
    )
    milliseconds = [_milliseconds(resources, service) for service in _OTHERS]
    return [*milliseconds, (runs, intake_run_usd())]


def _milliseconds(resources: Resources, service: Service) -> tuple[Line, float]:
    dimensions = {"FunctionName": resources.functions[service]}
    label = f"{service} ms"
    line = aws_metric("AWS/Lambda", "Duration", dimensions, f"ms_{service}", label, style=HIDDEN)
    return line, resources.memory_mb[service] / 1024 / 1000 * LIST.lambda_gb_s.one


def _bytes_in(resources: Resources) -> tuple[Line, float]:
    dimensions = {"StreamName": resources.stream}
    line = aws_metric(
        "AWS/Kinesis", "IncomingBytes", dimensions, "bytes_in", "bytes in", style=HIDDEN
    )
    if resources.stream_shards:
        return line, LIST.kinesis_put_unit.one / KINESIS_PUT_UNIT_BYTES
    once_in_and_out = LIST.kinesis_on_demand_gb_in.one + LIST.kinesis_on_demand_gb_out.one
    return line, once_in_and_out / _GB


def _table_units(resources: Resources) -> list[tuple[Line, float]]:
    name, namespace = {"TableName": resources.table}, "AWS/DynamoDB"
    write_usd, read_usd = LIST.dynamodb_write.one, LIST.dynamodb_read.one
    writes, reads = "ConsumedWriteCapacityUnits", "ConsumedReadCapacityUnits"
    units = [
        (aws_metric(namespace, writes, name, "writes", "table writes", style=HIDDEN), write_usd),
        (aws_metric(namespace, reads, name, "reads", "table reads", style=HIDDEN), read_usd),
    ]
    for number, index in enumerate(_INDEXES):
        dimensions = {**name, "GlobalSecondaryIndexName": index}
        id_, label = f"writes_{number}", f"{index} writes"
        units.append(
            (aws_metric(namespace, writes, dimensions, id_, label, style=HIDDEN), write_usd)
        )
    return units
