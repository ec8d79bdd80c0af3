"""The dashboard's rows, one for each stage of the pipeline. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ops_dashboard.monitoring import (
    stages_collage,
    stages_cost,
    stages_intake,
    stages_photos,
    watched,
)
from ops_dashboard.monitoring.alarms import alarms
from ops_dashboard.monitoring.log_queries import errors_query, window_lines_query
from ops_dashboard.monitoring.metric_lines import MAX, Line, LineStyle, aws_metric, custom_metric
from ops_dashboard.monitoring.resources import Resources, Thresholds
from ops_dashboard.monitoring.widgets import Widget, chart, log_lines, text, threshold
from stream_ingest.contracts import metrics as catalogue
from stream_ingest.contracts.metrics import Service
from stream_ingest.records.rows import RefusalReason

_RIGHT = LineStyle(on_right=True)
_WINDOW_LINES = 100


def stage_rows(resources: Resources, thresholds: Thresholds) -> list[Sequence[Widget]]:
    """Return the rows below the overview, each with its heading."""
    groups, about_windows = resources.log_groups, window_lines_query(_WINDOW_LINES)
    return [
        [text("## Dropped files and requests")],
        stages_intake.files(resources),
        stages_intake.work(resources, thresholds),
        [text("## Stream")],
        _stream(resources, thresholds),
        [text("## Followed tables")],
        _followed(resources),
        [text("## Windowing")],
        _windowing(resources),
        _table(resources),
        [text("## Bus and queue")],
        _bus_and_queue(resources),
        [text("## Collage")],
        stages_collage.building(resources, thresholds),
        stages_collage.results(resources, thresholds),
        [text("## Concurrency")],
        [stages_collage.concurrency(resources)],
        [text("## Prefetched covers")],
        stages_collage.prefetch(resources),
        *stages_photos.rows(resources),
        [text("## Dead letters")],
        stages_collage.dead_letters(resources, thresholds),
        [text("## Cost")],
        stages_cost.row(resources, thresholds),
        [text("## Logs")],
        [log_lines("Latest errors and warnings", errors_query(), groups, resources.region)],
        [text(_how_to_trace(resources), height=2)],
        [log_lines("Latest lines about windows", about_windows, groups, resources.region)],
    ]


def _how_to_trace(resources: Resources) -> str:
    return (
        "## Windows\n"
        f"`ops-dashboard trace WINDOW --stack {resources.stack}` prints the timeline of a window"
        " and the query for its log lines; below are the latest lines about any window."
    )


def _stream(resources: Resources, thresholds: Thresholds) -> list[Widget]:
    name, region = {"StreamName": resources.stream}, resources.region
    kinesis = "AWS/Kinesis"
    written, read = "WriteProvisionedThroughputExceeded", "ReadProvisionedThroughputExceeded"
    behind = [
        watched.iterator_age_line(resources),
        aws_metric(
            "AWS/Lambda",
            "IteratorAge",
            {"FunctionName": resources.functions[Service.WINDOWING]},
            "folded",
            "last record folded",
            style=MAX,
        ),
    ]
    mark = threshold(alarms(resources, thresholds)["iterator-age"])
    return [
        chart("Iterator age", behind, region, unit="milliseconds", annotations=[mark]),
        _throughput(resources),
        chart(
            "Stream throttles",
            [
                aws_metric(kinesis, written, name, "writes", "writes refused"),
                aws_metric(kinesis, read, name, "reads", "reads refused"),
            ],
            region,
            unit="a minute",
        ),
    ]


def _throughput(resources: Resources) -> Widget:
    name, kinesis = {"StreamName": resources.stream}, "AWS/Kinesis"
    return chart(
        "Into the stream",
        [
            aws_metric(kinesis, "IncomingBytes", name, "bytes_in", "bytes"),
            aws_metric(kinesis, "IncomingRecords", name, "records_in", "records", style=_RIGHT),
            custom_metric(
                resources,
                catalogue.RECORDS_RECEIVED,
                Service.WINDOWING,
                "records_folded",
                "records delivered",
                style=_RIGHT,
            ),
        ],
        resources.region,
        unit="bytes a minute",
        right_unit="records a minute",
    )


def _followed(resources: Resources) -> list[Widget]:
    counts = {"reads": catalogue.FOLLOW_READS, "failures": catalogue.FOLLOW_FAILURES}
    rows = custom_metric(
        resources, catalogue.FOLLOW_ROWS, Service.FOLLOW, "new_rows", "new rows", style=_RIGHT
    )
    return [
        chart(
            "Reads of followed tables",
            [*watched.custom_metrics(resources, Service.FOLLOW, counts), rows],
            resources.region,
            unit="a minute",
            right_unit="rows a minute",
            width=24,
        )
    ]


def _windowing(resources: Resources) -> list[Widget]:
    region = resources.region
    return [
        chart(
            "Windowing duration",
            watched.duration_lines(resources, Service.WINDOWING),
            region,
            unit="milliseconds",
        ),
        chart(
            "Rows refused, by reason, when their batch ends",
            _refused_rows(resources),
            region,
            unit="a minute",
            stacked=True,
        ),
        chart(
            "Transactions retried, records redelivered",
            watched.custom_metrics(
                resources,
                Service.WINDOWING,
                {
                    "transactions retried": catalogue.COMMIT_CONFLICTS,
                    "records to be redelivered": catalogue.RECORDS_FAILED,
                    "rows received again": catalogue.ROWS_RESENT,
                    "windows left for the sweeper": catalogue.WINDOWS_NOT_EMITTED,
                },
            ),
            region,
            unit="a minute",
        ),
    ]


def _refused_rows(resources: Resources) -> list[Line]:
    return [
        custom_metric(
            resources,
            catalogue.ROWS_REFUSED,
            Service.SWEEPER,
            f"refused_{reason}",
            reason.replace("_", " "),
            reason=reason,
        )
        for reason in RefusalReason
    ]


def _table(resources: Resources) -> list[Widget]:
    name, region = {"TableName": resources.table}, resources.region
    namespace = "AWS/DynamoDB"
    return [
        _sweeper_work(resources),
        _function_errors(resources),
        chart(
            "Table units",
            [
                aws_metric(namespace, "ConsumedWriteCapacityUnits", name, "writes", "write units"),
                aws_metric(namespace, "ConsumedReadCapacityUnits", name, "reads", "read units"),
            ],
            region,
            unit="a minute",
            width=6,
        ),
        chart(
            "Table throttles",
            [
                aws_metric(
                    namespace, "WriteThrottleEvents", name, "writes_refused", "writes refused"
                ),
                aws_metric(namespace, "ReadThrottleEvents", name, "reads_refused", "reads refused"),
            ],
            region,
            unit="a minute",
            width=6,
        ),
    ]


def _sweeper_work(resources: Resources) -> Widget:
    return chart(
        "What the sweeper did",
        watched.custom_metrics(
            resources,
            Service.SWEEPER,
            {
                "windows closed": catalogue.WINDOWS_CLOSED,
                "windows sent": catalogue.WINDOWS_EMITTED,
                "batches flushed": catalogue.BATCHES_FLUSHED,
                "batches ended": catalogue.BATCHES_ENDED,
                "batches abandoned": catalogue.BATCHES_ABANDONED,
                "batches rejected": catalogue.BATCHES_REJECTED,
                "batches incomplete": catalogue.BATCHES_INCOMPLETE,
            },
        ),
        resources.region,
        unit="a minute",
        width=6,
    )


def _function_errors(resources: Resources) -> Widget:
    return chart(
        "Function errors and throttles",
        [
            *(
                line
                for service in resources.deployed
                for line in watched.function_error_lines(resources, service)
            ),
            *watched.dropped_lines(resources, resources.deployed),
        ],
        resources.region,
        unit="a minute",
        width=6,
    )


def _bus_and_queue(resources: Resources) -> list[Widget]:
    rule = {"EventBusName": resources.bus, "RuleName": resources.window_rule}
    return [
        chart(
            "Events delivered and failed",
            [
                aws_metric("AWS/Events", "Invocations", rule, "delivered", "delivered"),
                aws_metric("AWS/Events", "FailedInvocations", rule, "failed", "failed permanently"),
                aws_metric(
                    "AWS/Events", "InvocationsSentToDlq", rule, "dead", "sent to dead letters"
                ),
            ],
            resources.region,
            unit="a minute",
        ),
        chart(
            "Queue depth",
            watched.depth_lines(resources.queue, "", "being built"),
            resources.region,
            unit="messages",
        ),
        chart(
            "Queue age",
            [watched.oldest_message_line(resources.queue, "age")],
            resources.region,
            unit="seconds",
        ),
    ]
