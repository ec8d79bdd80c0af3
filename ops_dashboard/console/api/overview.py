"""Endpoint of the overview: the stack's CloudWatch dashboard with its data. Edge (CloudWatch).

GetMetricData costs 0.01 USD per 1,000 metrics and the dashboard has about 150, so on AWS the data
are read at most once a minute for all clients, which is also how often there are new data.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial

import msgspec
from aiohttp import web

from ops_dashboard.console.account import Account
from ops_dashboard.console.api.chart_range import (
    RANGES,
    ChartRange,
    custom_range,
    named_range,
)
from ops_dashboard.console.api.charts import (
    Measured,
    MetricRequest,
    WidgetView,
    build_view,
    metric_requests,
)
from ops_dashboard.console.api.dashboard_body import Widgets
from ops_dashboard.console.api.json_api import CachedValue, in_thread, json_response
from ops_dashboard.monitoring.metric_data import read_metrics
from ops_dashboard.monitoring.metric_lines import Query
from ops_dashboard.monitoring.metric_math import Series
from ops_dashboard.monitoring.widgets import Widget
from stream_ingest.aws.errors import map_errors

_AWS_DATA_LIFETIME_S = 60.0
_LOCAL_DATA_LIFETIME_S = 3.0
_AT_ONCE = 6
"""Number of requests for metrics at the same time."""
_MAX_CUSTOM = 16
"""The maximum number of custom ranges whose data are cached."""


class DashboardView(msgspec.Struct, frozen=True, kw_only=True):
    """A dashboard with its data."""

    name: str
    notice: str | None
    """What to do if the stack was deployed by another release than the console's; else None."""
    start: int
    end: int
    """The charts' range, in epoch seconds."""
    is_running: bool
    """Whether new data can arrive in the range."""
    widgets: list[WidgetView]


class Overview:
    """Serves the dashboard of one stack."""

    def __init__(self, account: Account, widgets: Widgets) -> None:
        """Read the metrics of `account` that the `widgets` of its dashboard show."""
        self._account, self._widgets = account, widgets
        self._lifetime_s = _AWS_DATA_LIFETIME_S if account.is_aws else _LOCAL_DATA_LIFETIME_S
        self._named = {
            name: CachedValue(partial(self._load_named, name), self._lifetime_s) for name in RANGES
        }
        self._threads = ThreadPoolExecutor(_AT_ONCE, "metrics")
        self.custom: dict[tuple[int, int], CachedValue[DashboardView]] = {}
        """Cached dashboards of custom ranges, by their start and end."""

    def routes(self) -> list[web.RouteDef]:
        """Return the route of the dashboard."""
        return [web.get("/api/dashboard", self._get)]

    async def _get(self, request: web.Request) -> web.Response:
        if "from" in request.query or "to" in request.query:
            return json_response(await self.cached(custom_range(request.query, _now())).get())
        name = request.query.get("range", "1h")
        named_range(name, _now())  # raises for an unknown one
        return json_response(await self._named[name].get())

    def cached(self, chosen: ChartRange) -> CachedValue[DashboardView]:
        """Return the cached dashboard of a custom range; the oldest of too many is forgotten."""
        key = (int(chosen.start.timestamp()), int(chosen.end.timestamp()))
        if key not in self.custom:
            if len(self.custom) >= _MAX_CUSTOM:
                del self.custom[next(iter(self.custom))]
            self.custom[key] = CachedValue(partial(self._load, chosen), self._lifetime_s)
        return self.custom[key]

    async def _load_named(self, name: str) -> DashboardView:
        return await self._load(named_range(name, _now()))

    async def _load(self, chosen: ChartRange) -> DashboardView:
        return await in_thread(self._read, await self._widgets.get(), chosen)

    def _read(self, widgets: Sequence[Widget], chosen: ChartRange) -> DashboardView:
        requests = [metric_requests(widget, chosen) for widget in widgets]
        notice = self._threads.submit(self._account.release_notice)
        data = self._read_data([request for each in requests for request in each])
        account = self._account
        measured = Measured(is_aws=account.is_aws, prefetch=account.outputs.prefetch_covers)
        views = [
            build_view(widget, own, [data[id(request)] for request in own], measured)
            for widget, own in zip(widgets, requests, strict=True)
        ]
        return DashboardView(
            name=account.outputs.dashboard_name,
            notice=notice.result(),
            start=int(chosen.start.timestamp()),
            end=int(chosen.end.timestamp()),
            is_running=chosen.is_running,
            widgets=views,
        )

    def _read_data(self, requests: Sequence[MetricRequest]) -> dict[int, dict[str, Series]]:
        """Return the series of each request, by its `id`: a call for each range, all at once.

        A metric that several widgets show is read once, because AWS bills each metric read.
        """
        by_range: dict[tuple[datetime, datetime], list[MetricRequest]] = defaultdict(list)
        for request in requests:
            by_range[request.start, request.end].append(request)
        parts = self._threads.map(self._read_range, by_range.items())
        return {number: series for part in parts for number, series in part.items()}

    def _read_range(
        self, requests: tuple[tuple[datetime, datetime], list[MetricRequest]]
    ) -> dict[int, dict[str, Series]]:
        """Return the series of requests for one range, by their `id`."""
        (start, end), same = requests
        metrics = {_metric(each): each for request in same for each in _read_by(request)}
        ids = {metric: f"m{number}" for number, metric in enumerate(metrics)}
        queries = [{**query, "Id": ids[metric]} for metric, query in metrics.items()]
        with map_errors("read metrics"):
            series = read_metrics(self._account.cloudwatch, queries, start, end)
        return {
            id(request): {each["Id"]: series[ids[_metric(each)]] for each in _read_by(request)}
            for request in same
        }


def _now() -> datetime:
    return datetime.now(UTC)


def _read_by(request: MetricRequest) -> list[Query]:
    """Return the queries for metrics; expressions are computed here."""
    return [query for query in request.queries if "MetricStat" in query]


def _metric(query: Query) -> bytes:
    """Return what a query reads, as a key."""
    return msgspec.json.encode(query["MetricStat"])
