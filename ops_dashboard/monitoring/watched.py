"""Lines shared by charts and alarms: an alarm watches what its chart shows. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from ops_dashboard.monitoring.metric_lines import (
    HIDDEN,
    MAX,
    Line,
    LineStyle,
    aws_metric,
    custom_metric,
    expression,
)
from ops_dashboard.monitoring.resources import Resources
from stream_ingest.contracts import metrics as catalogue
from stream_ingest.contracts import photo_metrics
from stream_ingest.contracts.metrics import Metric, Service

PERCENTILES = ("p50", "p95", "p99")


def dead_letter_line(kind: str, queue: str) -> Line:
    """Return the number of dead letters in a queue."""
    name, id_ = "ApproximateNumberOfMessagesVisible", f"dead_{kind.replace('-', '_')}"
    return aws_metric("AWS/SQS", name, {"QueueName": queue}, id_, f"{kind} dead letters", style=MAX)


def oldest_message_line(queue: str, id_: str) -> Line:
    """Return the age in seconds of a queue's oldest message."""
    name, age = {"QueueName": queue}, "ApproximateAgeOfOldestMessage"
    return aws_metric("AWS/SQS", age, name, id_, "oldest message", style=MAX)


def depth_lines(queue: str, prefix: str, in_work: str) -> list[Line]:
    """Return how many messages of a queue wait, and how many a function works on."""
    name = {"QueueName": queue}
    waiting, taken = "ApproximateNumberOfMessagesVisible", "ApproximateNumberOfMessagesNotVisible"
    return [
        aws_metric("AWS/SQS", waiting, name, f"{prefix}waiting", "waiting", style=MAX),
        aws_metric("AWS/SQS", taken, name, f"{prefix}taken", in_work, style=MAX),
    ]


def error_lines(resources: Resources) -> list[Line]:
    """Return the hidden counts and the collage error rate, in percent of all that ended.

    An invocation that runs out of time or memory emits no metric; Lambda counts it as an error.
    """
    bad = (catalogue.COLLAGES_FAILED, catalogue.MESSAGES_FAILED)
    good = (catalogue.COLLAGES_CREATED, catalogue.COLLAGES_KEPT, catalogue.COLLAGES_ALREADY_DONE)
    counts = [
        custom_metric(resources, metric, Service.COLLAGE, f"n{number}", metric.name, style=HIDDEN)
        for number, metric in enumerate((*bad, *good))
    ]
    name = {"FunctionName": resources.functions[Service.COLLAGE]}
    crashed = aws_metric("AWS/Lambda", "Errors", name, "crashed", "crashed", style=HIDDEN)
    failed = ", ".join(["crashed", *(line.id for line in counts[: len(bad)])])
    every = ", ".join(["crashed", *(line.id for line in counts)])
    rate = f"100 * SUM([{failed}]) / SUM([{every}])"
    return [*counts, crashed, expression("error_rate", "collage errors %", rate)]


def crash_lines(resources: Resources, service: Service) -> list[Line]:
    """Return a function's hidden errors and invocations, and the errors in percent of them."""
    name = {"FunctionName": resources.functions[service]}
    errors, invocations = (
        aws_metric("AWS/Lambda", metric, name, metric.lower(), metric.lower(), style=HIDDEN)
        for metric in ("Errors", "Invocations")
    )
    rate = expression("crashes", f"{service} errors %", "100 * errors / invocations")
    return [errors, invocations, rate]


def memory_line(resources: Resources, service: Service) -> Line:
    """Return the peak memory of a function's process, in percent of what it may use."""
    return custom_metric(
        resources, catalogue.MEMORY_PERCENT, service, f"memory_{service}", service, style=MAX
    )


def iterator_age_line(resources: Resources) -> Line:
    """Return the stream's iterator age, in milliseconds."""
    dimensions, name = {"StreamName": resources.stream}, "GetRecords.IteratorAgeMilliseconds"
    return aws_metric("AWS/Kinesis", name, dimensions, "behind", "oldest record read", style=MAX)


def oldest_window_line(resources: Resources) -> Line:
    """Return the age in seconds of the oldest window without a collage."""
    metric = catalogue.OLDEST_WINDOW_AGE
    return custom_metric(resources, metric, Service.SWEEPER, "stuck", "oldest window", style=MAX)


def oldest_photo_line(resources: Resources) -> Line:
    """Return the age in seconds of the oldest photo whose end or event is overdue."""
    metric = photo_metrics.OLDEST_PHOTO_AGE
    return custom_metric(
        resources, metric, Service.PHOTOS, "photo_stuck", "oldest photo", style=MAX
    )


def failed_images_lines(resources: Resources) -> list[Line]:
    """Return the hidden counts and the share of cells that stayed empty, in percent."""
    metrics = (catalogue.IMAGES_FAILED, catalogue.IMAGES_OK)
    failed, fine = (
        custom_metric(resources, metric, Service.COLLAGE, id_, metric.name, style=HIDDEN)
        for metric, id_ in zip(metrics, ("empty", "full"), strict=True)
    )
    share = expression("failed_share", "images failed %", "100 * empty / SUM([empty, full])")
    return [failed, fine, share]


def dropped_lines(resources: Resources, services: Iterable[Service]) -> list[Line]:
    """Return the hidden counts of EMF lines that CloudWatch dropped silently, and their sum.

    The metrics of a dropped line reach no chart and no alarm (docs/facts.md#cloudwatch).
    """
    groups = [f"/aws/lambda/{resources.functions[service]}" for service in services]
    counts = [
        aws_metric("AWS/Logs", metric, {"LogGroupName": group}, f"d{number}", metric, style=HIDDEN)
        for number, (metric, group) in enumerate(
            (metric, group)
            for metric in ("EMFParsingErrors", "EMFValidationErrors")
            for group in groups
        )
    ]
    total = f"SUM([{', '.join(line.id for line in counts)}])"
    return [*counts, expression("dropped", "metric lines dropped", total)]


def duration_lines(resources: Resources, service: Service) -> list[Line]:
    """Return percentiles of a function's duration, as Lambda measures it."""
    name = {"FunctionName": resources.functions[service]}
    return [
        aws_metric(
            "AWS/Lambda", "Duration", name, f"{service}_{stat}", stat, style=LineStyle(stat=stat)
        )
        for stat in PERCENTILES
    ]


def concurrency_lines(resources: Resources) -> list[Line]:
    """Return how many invocations run at once, of each function and of the whole account."""
    namespace, metric = "AWS/Lambda", "ConcurrentExecutions"
    return [
        *(
            aws_metric(
                namespace, metric, {"FunctionName": name}, f"at_once_{service}", service, style=MAX
            )
            for service, name in resources.functions.items()
        ),
        aws_metric(namespace, metric, {}, "at_once_account", "account, everything", style=MAX),
    ]


def function_error_lines(resources: Resources, service: Service) -> list[Line]:
    """Return a function's failed and throttled invocations."""
    name = {"FunctionName": resources.functions[service]}
    return [
        aws_metric("AWS/Lambda", metric, name, f"{service}_{metric.lower()}", f"{service} {word}")
        for metric, word in (("Errors", "errors"), ("Throttles", "throttled"))
    ]


def custom_metrics(
    resources: Resources, service: Service, metrics: dict[str, Metric]
) -> list[Line]:
    """Return a line for each of a service's metrics, given by label."""
    return [
        custom_metric(resources, metric, service, f"{service}_{metric.name}", label)
        for label, metric in metrics.items()
    ]
