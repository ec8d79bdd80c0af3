"""Alarms on what never happens in a healthy stack. Pure."""

from __future__ import annotations

from ops_dashboard.monitoring.alarm import Alarm
from ops_dashboard.monitoring.metric_lines import custom_metric
from ops_dashboard.monitoring.resources import Resources
from stream_ingest.contracts import metrics as catalogue
from stream_ingest.contracts.metrics import Service

_RETRYING_PERIODS = 3


def unwanted(resources: Resources) -> list[Alarm]:
    """Watch what never happens in a healthy stack."""
    return [*_of_records(resources), *_of_the_sweeper(resources)]


def _of_records(resources: Resources) -> list[Alarm]:
    return [
        _any_of(
            resources,
            "poison",
            "Records of the stream could not be decoded or folded; see `failed/records/` and"
            " `ops-dashboard dlq list`.",
            (catalogue.RECORDS_QUARANTINED, Service.WINDOWING),
            ("poison", "records quarantined"),
        ),
        _any_of(
            resources,
            "deliveries-discarded",
            "Lambda gave up on records of the stream and stored them under `aws/lambda/`; see"
            " `ops-dashboard dlq list`, then `ops-dashboard dlq redrive --all`.",
            (catalogue.DELIVERIES_DISCARDED, Service.SWEEPER),
            ("discarded", "deliveries discarded"),
        ),
        _retries(resources),
    ]


def _of_the_sweeper(resources: Resources) -> list[Alarm]:
    return [
        _any_of(
            resources,
            "windows-abandoned",
            "Windows were abandoned after the last attempt; see `ops-dashboard dlq list`, then"
            " `ops-dashboard retry --failed`.",
            (catalogue.WINDOWS_ABANDONED, Service.SWEEPER),
            ("abandoned", "windows abandoned"),
        ),
        _any_of(
            resources,
            "batches-incomplete",
            "Batches ended without all of their rows or end marks; see `ops-dashboard dlq list`,"
            " then `ops-dashboard dlq redrive --all`.",
            (catalogue.BATCHES_INCOMPLETE, Service.SWEEPER),
            ("incomplete", "batches incomplete"),
        ),
        _any_of(
            resources,
            "batches-rejected",
            "Files were rejected: no row of them could be used, or they could not be read; see"
            " `ops-dashboard status` for which and why.",
            (catalogue.BATCHES_REJECTED, Service.SWEEPER),
            ("rejected", "batches rejected"),
        ),
        _any_of(
            resources,
            "unreadable-items",
            "Items of the table cannot be read, for example after a rollback: what belongs to them"
            " waits, everything else goes on; see `ops-dashboard repair`.",
            (catalogue.ITEMS_UNREADABLE, Service.SWEEPER),
            ("unreadable", "unreadable items"),
        ),
    ]


def _any_of(
    resources: Resources,
    name: str,
    meaning: str,
    metric: tuple[catalogue.Metric, Service],
    line: tuple[str, str],
) -> Alarm:
    """Return the alarm above a count of zero; `line` is its id and label."""
    lines = [custom_metric(resources, *metric, *line)]
    return Alarm(name=name, meaning=meaning, lines=lines, above=0)


def _retries(resources: Resources) -> Alarm:
    """Watch records that are reported to Lambda, which counts no error for them."""
    metric = catalogue.RECORDS_FAILED, Service.WINDOWING
    return Alarm(
        name="windowing-retries",
        meaning="Records of the stream have been retried for 15 minutes because AWS refuses or"
        " throttles what they need; their shards wait, see the latest errors on the dashboard.",
        lines=[custom_metric(resources, *metric, "retried", "records retried")],
        above=0,
        periods=_RETRYING_PERIODS,
        breaching=_RETRYING_PERIODS,
    )
